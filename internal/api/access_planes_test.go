package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestScopes(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	tok, err := w.conns.IssueToken(acting(t.Context()), c, "reader", []string{"read"}, nil)
	w.ok(err)
	w.want(w.call("GET", "/v1/purchase-orders", tok.Plain, ""), 200, "")
	w.want(w.call("GET", "/v1/syncs", tok.Plain, ""), 200, "")
	a := w.want(w.call("POST", "/v1/syncs", tok.Plain, `{}`), 403, "missing-scope")
	if !strings.Contains(a.header.Get("WWW-Authenticate"), "insufficient_scope") || !strings.Contains(a.text, "needs sync") {
		t.Errorf("got %s %v", a.text, a.header)
	}
	syncer, err := w.conns.IssueToken(acting(t.Context()), c, "syncer", []string{"sync"}, nil)
	w.ok(err)
	w.want(w.call("GET", "/v1/purchase-orders", syncer.Plain, ""), 403, "missing-scope")
	w.want(w.call("POST", "/v1/syncs", syncer.Plain, `{}`), 202, "")
}

// A key needs on both planes the scope that a token needs, and gives no more than it has.
func TestScopesOfKeys(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	key := func(scopes ...string) string {
		return must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: scopes})).Plain
	}
	reader, syncer, connector := key("read"), key("sync"), key("connect")
	base := "/v1/connections/" + c.ID
	named := []string{"Busbar-Connection", c.ID}
	w.want(w.call("GET", "/v1/purchase-orders", reader, "", named...), 200, "")
	w.want(w.call("GET", base, reader, ""), 200, "")
	a := w.want(w.call("POST", "/v1/syncs", reader, `{}`, named...), 403, "missing-scope")
	if !strings.Contains(a.text, "the scopes read; the request needs sync") {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("POST", base+"/pause", reader, ""), 403, "missing-scope")
	w.want(w.call("GET", "/v1/purchase-orders", syncer, "", named...), 403, "missing-scope")
	w.want(w.call("GET", base, syncer, ""), 403, "missing-scope")
	w.want(w.call("POST", base+"/pause", syncer, ""), 200, "")
	w.want(w.call("POST", base+"/resume", syncer, ""), 200, "")
	w.want(w.call("POST", base+"/disconnect", syncer, ""), 403, "missing-scope")
	w.want(w.call("POST", base+"/tokens", connector, `{"label":"x"}`), 403, "missing-scope")
	w.want(w.call("POST", base+"/tokens", key("connect", "read"), `{"label":"x","scopes":["read","write"]}`), 403, "missing-scope")
	given := w.want(w.call("POST", base+"/tokens", key("connect", "read"), `{"label":"x"}`), 201, "")
	if !strings.Contains(given.text, `"scopes":["read"]`) {
		t.Errorf("got %s", given.text)
	}
}

func TestProjectKeyOnTheDataPlane(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	b, _ := w.connect("B")
	w.put(c, "PO-1")
	w.want(w.call("GET", "/v1/purchase-orders", w.key, ""), 422, "invalid-parameter")
	a := w.want(w.call("GET", "/v1/purchase-orders", w.key, "", "Busbar-Connection", c.ID), 200, "")
	if len(a.data()) != 1 {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("GET", "/v1/purchase-orders", w.key, "", "Busbar-Connection", "019f0000-0000-7000-8000-000000000000"), 404, "not-found")
	w.want(w.call("GET", "/v1/purchase-orders", w.key, "", "Busbar-Connection", "' or 1=1 --"), 404, "not-found")
	w.want(w.call("GET", "/v1/purchase-orders", token, "", "Busbar-Connection", c.ID), 200, "")
	w.want(w.call("GET", "/v1/purchase-orders", token, "", "Busbar-Connection", b.ID), 404, "not-found")
	w.want(w.call("GET", "/v1/systems", token, ""), 200, "")
	w.want(w.call("GET", "/v1/systems", w.key, ""), 200, "")
}

func TestAuthorizationHeader(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for header, status := range map[string]int{
		"Bearer " + token: 200, "bearer " + token: 200, "Basic " + token: 401, token: 401, "Bearer": 401, "Bearer ": 401, "Bearer " + token + " x": 401,
	} {
		a := w.call("GET", "/v1/connection", "", "", "Authorization", header)
		if a.status != status || status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%.12s…: %d %v", header, a.status, a.header)
		}
	}
	w.want(w.call("GET", "/v1/connection?access_token="+token, "", ""), 401, "invalid-token")
	w.want(w.call("GET", "/v1/connection", "", "", "Cookie", "token="+token), 401, "invalid-token")
}

func TestStatesOfAConnection(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1")
	for _, tt := range []struct {
		state store.ConnectionState
		read  int
		sync  int
		code  string
	}{
		{store.ConnectionActive, 200, 202, ""},
		{store.ConnectionDegraded, 200, 202, ""},
		{store.ConnectionUnreachable, 200, 202, ""},
		{store.ConnectionNeedsReauth, 200, 409, "connection-needs-reauthorization"},
		{store.ConnectionPaused, 200, 409, "connection-paused"},
	} {
		w.ok(w.store.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SetConnectionState(t.Context(), c.Scope(), tt.state, "code", "detail", w.clock())
		}))
		read := w.want(w.call("GET", "/v1/purchase-orders", token, ""), tt.read, "")
		if got := read.body["meta"].(map[string]any)["connection_status"]; got != string(tt.state) || len(read.data()) != 1 {
			t.Errorf("%s: %s", tt.state, read.text)
		}
		w.want(w.call("POST", "/v1/syncs", token, `{}`), tt.sync, tt.code)
	}
	base := "/v1/connections/" + c.ID
	w.want(w.call("POST", base+"/delete-data", w.key, ""), 409, "conflict")
	w.want(w.call("POST", base+"/disconnect", w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/purchase-orders", token, ""), 401, "invalid-token")
	w.want(w.call("GET", "/v1/purchase-orders", w.key, "", "Busbar-Connection", c.ID), 200, "")
	w.want(w.call("POST", "/v1/syncs", w.key, `{}`, "Busbar-Connection", c.ID), 409, "connection-disconnected")
	w.want(w.call("POST", base+"/delete-data", w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/purchase-orders", w.key, "", "Busbar-Connection", c.ID), 409, "connection-disconnected")
	for done := false; !done; {
		var err error
		done, err = w.store.DeleteDataStep(t.Context(), c.Scope(), 100)
		w.ok(err)
	}
	w.want(w.call("GET", base, w.key, ""), 404, "not-found")
}

func TestForeignPagesCanDoNothing(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	form := func(path, secret string) answer {
		req := must(http.NewRequest("POST", w.url+path, strings.NewReader(`{"mode":"reset"}`)))
		req.Header.Set("Content-Type", "text/plain")
		req.Header.Set("Origin", "https://evil.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if secret != "" {
			req.Header.Set("Authorization", "Bearer "+secret)
		}
		return w.do(req)
	}
	w.want(form("/v1/connections/"+c.ID+"/pause", ""), 401, "invalid-token")
	w.want(form("/v1/syncs", token), 415, "unsupported-media-type")
	a := w.call("OPTIONS", "/v1/purchase-orders", "", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
	if a.header.Get("Access-Control-Allow-Origin") != "" || a.status != 405 {
		t.Errorf("got %d %v", a.status, a.header)
	}
}
