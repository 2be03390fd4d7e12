// Package fault owns how simulated systems go wrong: faults as data, plans of them that change while a simulator runs, and the handler that spoils its answers
// by them. It knows no system.
package fault

import (
	"bytes"
	"context"
	"io"
	"net/http"
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
	Commit  time.Duration // carry the request out only so long after it came, by the simulator's clock, or when Late.Release is called; with none of the others it hangs
	Partly  int           // carry out so many items of a bulk call and answer 500, unless another answer is named; 0: all
}

// Spoiler stands before a simulator's handler and spoils what its plan says. Members that are nil are left out.
type Spoiler struct {
	Plan   func(*http.Request) *Fault
	Now    func() time.Time // the simulator's clock; nil: time.Now
	Late   *Late            // keeps the writes of Fault.Commit; needed where a plan has some
	Name   string           // of the system, on its login page
	Met    func(*http.Request, *Fault)
	Settle func()                                                        // runs before an answer is made
	Partly func(r *http.Request, n int) *http.Request                    // makes a bulk call break off after n items
	Again  func(http.ResponseWriter, *http.Request)                      // answers what was answered last
	Refuse func(w http.ResponseWriter, status int, code, message string) // answers an error in the system's own form
}

// Handler asks the plan before anything else.
func (s Spoiler) Handler(next http.Handler) http.Handler {
	if s.Now == nil {
		s.Now = time.Now
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f *Fault
		if s.Plan != nil {
			f = s.Plan(r)
		}
		if s.Met != nil {
			s.Met(r, f)
		}
		if f == nil {
			s.settle()
			next.ServeHTTP(w, r)
			return
		}
		s.spoil(f, w, r, next)
	})
}

func (s Spoiler) settle() {
	if s.Late != nil {
		s.Late.Due(s.Now())
	}
	if s.Settle != nil {
		s.Settle()
	}
}

// spoil does and answers what the fault says.
func (s Spoiler) spoil(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Unread {
		panic(http.ErrAbortHandler)
	}
	if r.Method != http.MethodGet {
		r = whollyRead(r)
	}
	Wait(r, f.Delay)
	if f.Before != nil {
		f.Before()
	}
	s.settle()
	if f.Partly > 0 && s.Partly != nil {
		r = s.Partly(r, f.Partly)
	}
	if f.Commit > 0 {
		r := r.WithContext(context.WithoutCancel(r.Context()))
		s.Late.Hold(s.Now().Add(f.Commit), func() { next.ServeHTTP(nowhere(), r) })
	} else if f.Execute || f.Partly > 0 {
		next.ServeHTTP(nowhere(), r)
	}
	s.answerBadly(f, w, r, next)
}

// maxBody bounds the body of one request.
const maxBody = 16 << 20

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

func (s Spoiler) answerBadly(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
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
		_, _ = w.Write([]byte("<!DOCTYPE html>\n<html><head><title>" + s.Name + " – sign in</title></head><body><form method=\"post\"><input name=\"user\"></form></body></html>\n"))
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
		s.refuse(w, f.Status, "fault", http.StatusText(f.Status))
	case f.Again:
		s.Again(w, r)
	case f.Partly > 0:
		s.refuse(w, http.StatusInternalServerError, "internal", "Something went wrong.")
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

func (s Spoiler) refuse(w http.ResponseWriter, status int, code, message string) {
	if s.Refuse != nil {
		s.Refuse(w, status, code, message)
		return
	}
	w.WriteHeader(status)
}

// Wait returns after d, or when the client goes away.
func Wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
