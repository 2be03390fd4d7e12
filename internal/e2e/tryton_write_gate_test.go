package e2e

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// traffic is what passed a gate, and which answers do not.
type traffic struct {
	mu     sync.Mutex
	passed []call
	losses []loss
	seen   map[string]int // calls with an effect by the connection on which they came
}

// call is one call of Tryton.
type call struct {
	method string
	reused bool // its connection had carried a call with an effect before
}

// loss is an answer that is lost, behind Tryton's having done what was asked.
type loss struct {
	text  string // in the call
	spoil spoil
	done  chan call
}

// spoil gives Busbar something else than the answer.
type spoil func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)

// lose spoils the answer to the next call with an effect that holds a text, once Tryton has executed it; done tells of it before anything goes back.
func (g *gate) lose(text string, by spoil) (done <-chan call) {
	l := loss{text, by, make(chan call, 1)}
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	g.losses = append(g.losses, l)
	return l.done
}

// carry passes a call on, and its answer back.
func (g *gate) carry(w http.ResponseWriter, r *http.Request, body []byte, to http.Handler) {
	c, l := g.note(r.RemoteAddr, body)
	if l == nil {
		to.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	to.ServeHTTP(answer, r)
	l.done <- c
	l.spoil(w, r, answer)
}

func (g *gate) note(from string, body []byte) (call, *loss) {
	var c struct{ Method string }
	_ = json.Unmarshal(body, &c)
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	if g.seen == nil {
		g.seen = map[string]int{}
	}
	one := call{c.Method, g.seen[from] > 0}
	g.passed = append(g.passed, one)
	if !effective(c.Method) {
		return one, nil
	}
	g.seen[from]++
	for i, l := range g.losses {
		if bytes.Contains(body, []byte(l.text)) {
			g.losses = append(g.losses[:i:i], g.losses[i+1:]...)
			return one, &l
		}
	}
	return one, nil
}

// effective tells whether a method changes something.
func effective(method string) bool {
	switch method[strings.LastIndexByte(method, '.')+1:] {
	case "create", "write", "delete", "quote", "confirm", "process", "draft", "cancel":
		return true
	}
	return false
}

// counted tells how often a method was called.
func (g *gate) counted(method string) int {
	g.traffic.mu.Lock()
	defer g.traffic.mu.Unlock()
	n := 0
	for _, c := range g.passed {
		if c.method == method {
			n++
		}
	}
	return n
}

// The ways in which an answer is lost.

func resetUnanswered(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
	c := hijacked(w)
	_ = c.(*net.TCPConn).SetLinger(0) //nolint:errcheck,forcetypeassert // TCP on loopback
	_ = c.Close()
}

// closedUnanswered is what a server does with a kept connection that it believes to be idle: a client that repeats such a call by itself doubles it.
func closedUnanswered(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
	_ = hijacked(w).Close()
}

func tornInTheBody(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
	body := answer.Body.Bytes()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush() // else nothing of it goes out
	panic(http.ErrAbortHandler)
}

func badGateway(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = w.Write([]byte("<html>502 Bad Gateway</html>"))
}

// blackHole says nothing until Busbar gives up, or is gone.
func blackHole(_ http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
	<-r.Context().Done()
}

func hijacked(w http.ResponseWriter) net.Conn {
	c, _, err := w.(http.Hijacker).Hijack() //nolint:errcheck,forcetypeassert // HTTP/1.1
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return c
}
