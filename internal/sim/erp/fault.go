package erp

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Fault is how one request goes wrong. Members combine: a delay may end in a proper answer.
type Fault struct {
	Delay      time.Duration
	Status     int           // answer this instead; 0: the proper answer
	RetryAfter time.Duration // with Status: the Retry-After header, in seconds
	Cut        int           // close the connection after so many bytes of the body; 0: do not
	LoginPage  bool          // a login page in HTML, with status 200
}

const loginPage = "<!DOCTYPE html>\n<html><head><title>SimERP – sign in</title></head><body><form method=\"post\"><input name=\"user\"></form></body></html>\n"

// faulty asks the fault plan before anything else.
func (s *Server) faulty(next http.Handler) http.Handler {
	if s.opts.Fault == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.opts.Fault(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		s.ledger.add("faulted")
		wait(r, f.Delay)
		f.answer(w, r, next)
	})
}

func (f *Fault) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Cut > 0 {
		w = &cutter{ResponseWriter: w, left: f.Cut}
	}
	switch {
	case f.LoginPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(loginPage))
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		}
		refuse(w, refusal{f.Status, "fault", http.StatusText(f.Status)})
	default:
		next.ServeHTTP(w, r)
	}
}

// cutter lets some bytes of the body through and then breaks the connection.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) < c.left {
		c.left -= len(b)
		return c.ResponseWriter.Write(b)
	}
	_, _ = c.ResponseWriter.Write(b[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// ledger counts requests by kind.
type ledger struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *ledger) add(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[kind]++
}

// Ledger tells how many requests came in, by kind: "ping", "list vendors", "read vendors", "create vendors", "update vendors",
// "delete vendors", "refused" (wrong key), "faulted", "other".
func (s *Server) Ledger() map[string]int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	out := make(map[string]int, len(s.ledger.counts))
	for k, n := range s.ledger.counts {
		out[k] = n
	}
	return out
}
