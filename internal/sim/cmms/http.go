package cmms

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/records"
)

// root is where the API begins.
const root = "/cmms/v2/"

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root+"ping", s.ping)
	mux.HandleFunc("GET "+root+"{table}", s.with(s.list))
	mux.HandleFunc("POST "+root+"{table}", s.with(s.create))
	mux.HandleFunc("GET "+root+"{table}/{id}", s.with(s.read))
	mux.HandleFunc("PATCH "+root+"{table}/{id}", s.with(s.update))
	mux.HandleFunc("DELETE "+root+"{table}/{id}", s.with(s.remove))
	mux.HandleFunc("POST "+root+"{table}/{id}/transitions", s.with(s.move))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, &records.Flaw{Code: "NO_SUCH_PATH", Detail: "SimCMMS's API begins at " + root + ", for example " + root + "work-orders."})
	})
	return fault.Spoiler{
		Plan: s.opts.Fault, Now: s.opts.Now, Late: &s.late, Name: "SimCMMS",
		Refuse: func(w http.ResponseWriter, status int, code, message string) {
			refuse(w, status, &records.Flaw{Code: strings.ToUpper(code), Detail: message})
		},
	}.Handler(s.authenticated(mux))
}

// refuse answers {"errors":[{"code":...,"detail":...,"field":...}]}.
func refuse(w http.ResponseWriter, status int, f *records.Flaw) {
	e := map[string]string{"code": f.Code, "detail": f.Detail}
	if f.Field != "" {
		e["field"] = f.Field
	}
	body, _ := json.Marshal(map[string]any{"errors": []any{e}})
	send(w, status, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// authenticated lets requests with the API key pass.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(s.opts.Key)) != 1 {
			refuse(w, http.StatusUnauthorized, &records.Flaw{Code: "UNAUTHORIZED", Detail: "The API key is missing or wrong; send it as X-Api-Key."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ping(w http.ResponseWriter, _ *http.Request) {
	body, _ := json.Marshal(map[string]string{"system": "SimCMMS", "release": Version, "plant": "Werk Lindenau", "timeZone": s.opts.Zone.String()})
	send(w, http.StatusOK, body)
}

// with finds the table of a request first.
func (s *Server) with(do func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		table := r.PathValue("table")
		if s.store.Table(table) == nil {
			refuse(w, http.StatusNotFound, &records.Flaw{Code: "NO_SUCH_PATH", Detail: "There is no resource " + strconv.Quote(table) + "."})
			return
		}
		do(w, r, table)
	}
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, table string) {
	row := s.store.Read(table, r.PathValue("id"))
	if row == nil {
		fail(w, missing(table, r.PathValue("id")))
		return
	}
	item(w, http.StatusOK, row)
}

func missing(table, id string) error {
	return &records.Flaw{Code: "NOT_FOUND", Detail: "There is no record " + id + " in " + table + "."}
}

// item answers {"item":{...}}, with the record's version.
func item(w http.ResponseWriter, status int, row *records.Row) {
	version, _ := row.Record["version"].(json.Number)
	w.Header().Set("ETag", strconv.Quote(version.String()))
	send(w, status, slices.Concat([]byte(`{"item":`), row.JSON, []byte("}")))
}

// fail answers an error: a flaw in what was sent is the sender's.
func fail(w http.ResponseWriter, err error) {
	var f *records.Flaw
	if !errors.As(err, &f) {
		refuse(w, http.StatusInternalServerError, &records.Flaw{Code: "INTERNAL", Detail: err.Error()})
		return
	}
	status := map[string]int{
		records.BadBody: http.StatusBadRequest, "NOT_FOUND": http.StatusNotFound, "STALE_VERSION": http.StatusConflict, records.Taken: http.StatusConflict,
		"NOT_ALLOWED": http.StatusMethodNotAllowed,
	}[f.Code]
	if status == 0 {
		status = http.StatusUnprocessableEntity
	}
	refuse(w, status, f)
}
