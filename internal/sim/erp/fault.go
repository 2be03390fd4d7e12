package erp

import (
	"net/http"
	"path"
	"strconv"
	"time"
)

// Fault is how one request goes wrong, as data. Members combine: a delay may end in a proper answer, a cut may fall into a rewritten one.
type Fault struct {
	Before     func()            // runs before the answer is made: what others do to the data between two pages
	Delay      time.Duration     // before the answer
	Status     int               // answer this instead; 0: the proper answer, or 200 with Body or Make
	RetryAfter time.Duration     // with Status: the Retry-After header, in seconds
	Header     map[string]string // set on the answer, whatever it is; "" takes a header away
	LoginPage  bool              // a login page in HTML, with status 200
	Body       string            // this instead of the proper body
	Make       Body              // this instead of the proper body, made while it is sent
	Again      bool              // what the last proper list of the resource was, whatever is asked for now
	Rewrite    func([]byte) []byte
	Gzip       bool          // compress the body
	Cut        int           // close the connection after so many bytes of the body; 0: do not
	Longer     int           // announce so many bytes more than are sent
	Slow       time.Duration // between two bytes of the body
	Stall      int           // fall silent after so many bytes of the body, until the client goes away; 0: do not
}

const loginPage = "<!DOCTYPE html>\n<html><head><title>SimERP – sign in</title></head><body><form method=\"post\"><input name=\"user\"></form></body></html>\n"

// faulty asks the fault plan before anything else.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.rates.add(time.Now())
		var f *Fault
		if s.opts.Fault != nil {
			f = s.opts.Fault(r)
		}
		if f == nil {
			s.reveal()
			next.ServeHTTP(w, r)
			return
		}
		s.ledger.add("faulted")
		wait(r, f.Delay)
		if f.Before != nil {
			f.Before()
		}
		s.reveal()
		s.spoil(f, w, r, next)
	})
}

// spoil answers as the fault says.
func (s *Server) spoil(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	w = f.bend(w, r)
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	switch {
	case f.LoginPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(loginPage))
	case f.Body != "":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(orOK(f.Status))
		_, _ = w.Write([]byte(f.Body))
	case f.Make != nil:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(orOK(f.Status))
		_ = f.Make(w)
	case f.Status != 0:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		}
		refuse(w, refusal{f.Status, "fault", http.StatusText(f.Status)})
	case f.Again:
		s.again.send(w, path.Base(r.URL.Path))
	default:
		next.ServeHTTP(w, r)
	}
	if c, ok := w.(closer); ok {
		c.close()
	}
}

func orOK(status int) int {
	if status == 0 {
		return http.StatusOK
	}
	return status
}
