package api

import (
	"context"
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
)

// readyWithin is how long the database may take until we say that it does not answer.
const readyWithin = 3 * time.Second

// mountProbes adds what a supervisor asks: is the process alive, can it serve. They say nothing else.
func (s *server) mountProbes() {
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { probed(w) })
	s.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.Leaving != nil && s.Leaving.Err() != nil {
			s.fail(w, r, &problem.Error{Code: problem.Overloaded, Detail: "This Busbar is stopping.", RetryAfter: 5})
			return
		}
		within, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if _, err := s.Store.Meta(within, "ready"); err != nil {
			s.fail(w, r, &problem.Error{Code: problem.Overloaded, Detail: "The database does not answer.", RetryAfter: 5, Err: err})
			return
		}
		probed(w)
	})
}

func probed(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
}
