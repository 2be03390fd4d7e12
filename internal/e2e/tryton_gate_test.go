package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// gate stands between Busbar and the real Tryton, so that a test can act at the moment when a certain call passes.
type gate struct {
	address string

	mu  sync.Mutex
	at  func(method string, params []json.RawMessage) bool
	act func()

	traffic
}

func startGate(t *testing.T, system string) *gate {
	t.Helper()
	to, err := url.Parse(system)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // as if nobody stood between
	g.address = startServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		g.pass(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		g.carry(w, r, body, proxy)
	}))
	return g
}

// once acts before the first call that fits goes on, while that call waits; done tells that it has.
func (g *gate) once(at func(method string, params []json.RawMessage) bool, act func()) (done <-chan struct{}) {
	acted := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at, g.act = at, func() { defer close(acted); act() }
	return acted
}

func (g *gate) pass(body []byte) {
	var call struct {
		Method string
		Params []json.RawMessage
	}
	if json.Unmarshal(body, &call) != nil {
		return
	}
	g.mu.Lock()
	act := g.act
	if act == nil || !g.at(call.Method, call.Params) {
		act = nil
	} else {
		g.act = nil
	}
	g.mu.Unlock()
	if act != nil {
		act()
	}
}

// laterPage fits the call for a page of a model after its first one.
func laterPage(model string) func(string, []json.RawMessage) bool {
	return func(method string, params []json.RawMessage) bool {
		if method != "model."+model+".search_read" || len(params) == 0 {
			return false
		}
		var domain []json.RawMessage
		var after []any
		if json.Unmarshal(params[0], &domain) != nil || len(domain) == 0 || json.Unmarshal(domain[len(domain)-1], &after) != nil || len(after) != 3 {
			return false
		}
		id, _ := after[2].(float64)
		return after[0] == "id" && after[1] == ">" && id > 0
	}
}
