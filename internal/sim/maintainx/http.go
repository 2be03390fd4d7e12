package maintainx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/records"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for name, r := range resources() {
		r.table = name
		mux.HandleFunc("GET /v1/"+name, func(w http.ResponseWriter, q *http.Request) { s.list(w, q, r) })
		mux.HandleFunc("GET /v1/"+name+"/{id}", func(w http.ResponseWriter, q *http.Request) { s.read(w, q, r) })
		if r.read {
			continue
		}
		mux.HandleFunc("POST /v1/"+name, func(w http.ResponseWriter, q *http.Request) { s.create(w, q, r) })
		mux.HandleFunc("PATCH /v1/"+name+"/{id}", func(w http.ResponseWriter, q *http.Request) { s.update(w, q, r) })
		mux.HandleFunc("DELETE /v1/"+name+"/{id}", func(w http.ResponseWriter, q *http.Request) { s.remove(w, q, r) })
		if r.states != nil {
			mux.HandleFunc("PATCH /v1/"+name+"/{id}/status", func(w http.ResponseWriter, q *http.Request) { s.move(w, q, r) })
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "Not Found") })
	return fault.Spoiler{
		Plan: s.opts.Fault, Now: s.opts.Now, Late: &s.late, Name: "Sign in",
		Refuse: func(w http.ResponseWriter, status int, _, message string) { refuse(w, status, message) },
	}.Handler(s.guarded(mux))
}

// refuse answers {"error": "..."}.
func refuse(w http.ResponseWriter, status int, message string) {
	body, _ := json.Marshal(map[string]string{"error": message})
	send(w, status, body)
}

// fail answers {"errors": [{"error": ..., "fieldPath": ...}]} for what was sent wrongly.
func fail(w http.ResponseWriter, err error) {
	var f *records.Flaw
	switch {
	case !errors.As(err, &f):
		refuse(w, http.StatusInternalServerError, err.Error())
	case f.Code == "NOT_FOUND":
		refuse(w, http.StatusNotFound, f.Detail)
	default:
		e := map[string]string{"error": f.Detail}
		if f.Field != "" {
			e["fieldPath"] = f.Field
		}
		body, _ := json.Marshal(map[string]any{"errors": []any{e}})
		send(w, http.StatusBadRequest, body)
	}
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// guarded asks for the key, the organization and the rate before anything else.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.opts.Key {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		left, reset := s.take()
		w.Header().Set("X-Rate-Limit-Limit", strconv.Itoa(s.opts.PerMinute))
		w.Header().Set("X-Rate-Limit-Remaining", strconv.Itoa(max(left, 0)))
		w.Header().Set("X-Rate-Limit-Reset", strconv.Itoa(reset))
		switch {
		case left < 0:
			refuse(w, http.StatusTooManyRequests, fmt.Sprintf("Too many requests. Please retry in %d seconds", reset))
		case s.opts.Organizations && r.Header.Get("X-Organization-Id") == "":
			fail(w, &records.Flaw{Detail: "Missing x-organization-id header."})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// take counts a request within its minute, and tells how many are left and for how many seconds.
func (s *Server) take() (left, reset int) {
	s.rating.Lock()
	defer s.rating.Unlock()
	now := s.opts.Now()
	if now.Sub(s.window) >= time.Minute || now.Before(s.window) {
		s.window, s.used = now, 0
	}
	s.used++
	return s.opts.PerMinute - s.used, int((time.Minute - now.Sub(s.window)).Seconds()) + 1
}

// single shows one record; what lists leave out is there.
func (s *Server) single(w http.ResponseWriter, status int, r resource, id string) {
	row := s.store.Read(r.table, id)
	if row == nil {
		fail(w, gone(r))
		return
	}
	send(w, status, slices.Concat([]byte(`{"`+r.one+`":`), row.JSON, []byte("}")))
}

func gone(r resource) error { return &records.Flaw{Code: "NOT_FOUND", Detail: r.one + " Not Found"} }

func (s *Server) read(w http.ResponseWriter, q *http.Request, r resource) {
	for name, values := range q.URL.Query() {
		for _, v := range values {
			if name != "expand" || r.expand[v] == "" {
				refuse(w, http.StatusBadRequest, "Unknown query parameter "+name+"="+v)
				return
			}
		}
	}
	s.single(w, http.StatusOK, r, q.PathValue("id"))
}

// sent reads the body of a write; skipWebhook is the only parameter that it may have.
func sent(q *http.Request) (records.Record, error) {
	for name := range q.URL.Query() {
		if name != "skipWebhook" {
			return nil, &records.Flaw{Detail: "Unknown query parameter " + name}
		}
	}
	text, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	return records.Parse(text)
}
