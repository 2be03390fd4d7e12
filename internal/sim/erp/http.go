package erp

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// routes is the whole API.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/ping", s.ping)
	mux.HandleFunc("GET /api/v1/{resource}", s.list)
	mux.HandleFunc("POST /api/v1/{resource}", s.create)
	mux.HandleFunc("POST /api/v1/{resource}/bulk", s.many)
	mux.HandleFunc("GET /api/v1/jobs/{id}", s.job)
	mux.HandleFunc("GET /api/v1/{resource}/{id}", s.read)
	mux.HandleFunc("PATCH /api/v1/{resource}/{id}", s.update)
	mux.HandleFunc("DELETE /api/v1/{resource}/{id}", s.remove)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.ledger.add("other")
		refuse(w, refusal{http.StatusNotFound, "no_such_path", "SimERP's API begins at /api/v1/, for example /api/v1/vendors."})
	})
	return s.faulty(s.withLogins(s.authenticated(mux)))
}

// refusal is an error as the API shows it.
type refusal struct {
	status        int
	code, message string
}

func (r refusal) Error() string { return r.code + ": " + r.message }

func refuse(w http.ResponseWriter, r refusal) {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": r.code, "message": r.message}})
	send(w, r.status, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// authenticated lets requests with the API key pass, in either of its two headers.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("X-Api-Key")
		if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			key = bearer
		}
		if s.opts.OAuth != nil {
			if !s.logins.knows(key, s.opts.Now()) {
				s.ledger.add("refused")
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
				refuse(w, refusal{http.StatusUnauthorized, "invalid_token", "The access token is missing, expired or revoked."})
				return
			}
		} else if !s.takes(key) {
			s.ledger.add("refused")
			refuse(w, refusal{http.StatusUnauthorized, "unauthorized", "The API key is missing or wrong; send it as Authorization: Bearer <key>."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// takes says that the API key is one of those that are good now.
func (s *Server) takes(key string) bool {
	good := []string{s.opts.Key}
	if others := s.others.Load(); others != nil {
		good = *others
	}
	return slices.ContainsFunc(good, func(g string) bool { return subtle.ConstantTimeCompare([]byte(key), []byte(g)) == 1 })
}

// SetKeys replaces the API keys that are good: any others are refused from now on.
func (s *Server) SetKeys(keys ...string) { s.others.Store(&keys) }

// ping says who answers.
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	s.ledger.add("ping")
	body, _ := json.Marshal(map[string]string{"product": "SimERP", "version": Version, "company": "Nordwerk Industrie GmbH", "account": "demo", "time": iso(s.opts.Now().UnixMicro())})
	send(w, http.StatusOK, body)
}

// find gives the table that a request names, or refuses.
func (s *Server) find(w http.ResponseWriter, r *http.Request, kind string) *table {
	t := s.byName[r.PathValue("resource")]
	if t == nil {
		s.ledger.add("other")
		refuse(w, refusal{http.StatusNotFound, "no_such_resource", "There is no resource " + strconv.Quote(r.PathValue("resource")) + "."})
		return nil
	}
	s.ledger.add(kind + " " + t.name)
	return t
}

// read answers one record.
func (s *Server) read(w http.ResponseWriter, r *http.Request) {
	t := s.find(w, r, "read")
	if t == nil {
		return
	}
	s.mu.RLock()
	t.load()
	found := t.byID[r.PathValue("id")]
	var body []byte
	if found != nil {
		body = s.show(t.json(found))
	}
	s.mu.RUnlock()
	if found == nil {
		refuse(w, missing(t, r.PathValue("id")))
		return
	}
	w.Header().Set("ETag", etag(body))
	send(w, http.StatusOK, body)
}

func missing(t *table, id string) refusal {
	return refusal{http.StatusNotFound, "not_found", "There is no record " + strconv.Quote(id) + " in " + t.name + "."}
}

// pause waits as long as Options.Latency wants, or until the client goes away.
func (s *Server) pause(r *http.Request) {
	fault.Wait(r, s.opts.Latency)
}
