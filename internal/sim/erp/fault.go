package erp

import (
	"bytes"
	"context"
	"io"
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

	// What a write is spoilt by. One that is carried out is carried out whole, also when the client has gone.
	Unread  bool          // close the connection before the body is read; nothing is carried out
	Drop    bool          // close the connection instead of answering
	Hang    bool          // answer nothing until the client goes away
	Torn    int           // close the connection after so many bytes of the proper answer, its head included; 0: do not
	Execute bool          // with Status, LoginPage, Body, Make, Drop, Hang: carry the request out all the same, and lose its proper answer
	Commit  time.Duration // carry the request out only so long after it came, by the simulator's clock, or when Release is called; with none of the others it hangs
	Partly  int           // carry out so many items of a bulk call and answer 500, unless another answer is named; 0: all
}

const loginPage = "<!DOCTYPE html>\n<html><head><title>SimERP – sign in</title></head><body><form method=\"post\"><input name=\"user\"></form></body></html>\n"

// ErrorBody is an error as some systems answer it with status 200.
const ErrorBody = `{"error":{"code":"posting_period_closed","message":"The posting period is closed."}}`

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
		s.spoil(f, w, r, next)
	})
}

// spoil does and answers what the fault says.
func (s *Server) spoil(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Unread {
		panic(http.ErrAbortHandler)
	}
	if r.Method != http.MethodGet {
		r = whollyRead(r)
	}
	wait(r, f.Delay)
	if f.Before != nil {
		f.Before()
	}
	s.reveal()
	if f.Partly > 0 {
		r = partly(r, f.Partly)
	}
	if f.Commit > 0 {
		r := r.WithContext(context.WithoutCancel(r.Context()))
		s.late.hold(s.opts.Now().Add(f.Commit).UnixMicro(), func() { next.ServeHTTP(nowhere(), r) })
	} else if f.Execute || f.Partly > 0 {
		next.ServeHTTP(nowhere(), r)
	}
	s.answerBadly(f, w, r, next)
}

// whollyRead reads the body, so that the server notices when the client goes away.
func whollyRead(r *http.Request) *http.Request {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// nowhere takes an answer that is lost.
func nowhere() http.ResponseWriter { return &whole{header: http.Header{}} }

func (s *Server) answerBadly(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	w = f.bend(w, r)
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
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
	case f.Partly > 0:
		refuse(w, refusal{http.StatusInternalServerError, "internal", "Something went wrong."})
	case f.Commit > 0 || f.Execute:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
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
