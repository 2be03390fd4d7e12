package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/model"
)

// canary stands in every record of the connection that nobody else may see.
const canary = "PO-CANARY-7f3a"

// TestEveryRouteAsEveryStranger goes through the OpenAPI document: a route without an answer here does not exist.
func TestEveryRouteAsEveryStranger(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.FailureBurst = 10_000 })
	victim, _ := w.connect("Victim canary-name")
	w.put(victim, canary)
	_, other := w.connect("Other")
	mine, own := w.connect("Strangers")
	issued := func(expires *time.Time) (id, plain string) {
		tok, err := w.conns.IssueToken(acting(t.Context()), mine, "x", nil, expires)
		w.ok(err)
		return tok.ID, tok.Plain
	}
	revokedID, revoked := issued(nil)
	w.ok(w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.RevokeToken(t.Context(), mine.Scope(), revokedID, w.clock()) }))
	soon := w.clock().Add(time.Minute)
	_, expired := issued(&soon)
	w.tick(time.Minute)
	ended, dead := w.connect("Ended")
	w.ok(w.conns.Disconnect(acting(t.Context()), ended))

	strangers := map[string]string{
		"nobody": "", "garbage": "garbage", "a typo": own[:len(own)-1] + "0", "made up": "bb_con_" + strings.Repeat("A", 38),
		"revoked": revoked, "expired": expired, "disconnected": dead,
	}
	run := w.activeRun(victim)
	foreign := must(w.conns.IssueKey(acting(t.Context()), "another-project", connection.NewKey{Label: "x", Scopes: connection.Scopes()}))
	each(t, func(op *huma.Operation) {
		path := strings.NewReplacer("{entity}", orders, "{system}", "plant", "{token_id}", run, "{n}", "0").Replace(op.Path)
		ofVictim := strings.ReplaceAll(path, "{id}", victim.ID)
		for _, secret := range strangers {
			w.want(w.call(op.Method, ofVictim, secret, bodyFor(op)), 401, "invalid-token")
		}
		strange := w.call(op.Method, ofVictim+queryFor(op), foreign.Plain, bodyFor(op), "Busbar-Connection", victim.ID)
		if strings.Contains(strange.text, canary) || strings.Contains(strange.text, "canary-name") {
			t.Errorf("%s %s gives away another project: %s", op.Method, op.Path, strange.text)
		}
		if strings.Contains(op.Path, "/v1/connections/{id}") || isDataPlane(op) {
			w.want(strange, 404, "not-found")
		}
		for _, id := range []string{victim.ID, run, recordID(victim, canary).String()} {
			a := w.call(op.Method, strings.ReplaceAll(path, "{id}", id)+queryFor(op), other, bodyFor(op))
			if strings.Contains(a.text, canary) || strings.Contains(a.text, "canary-name") || strings.Contains(a.text, victim.ID) && a.status < 400 {
				t.Errorf("%s %s gives away another connection: %s", op.Method, op.Path, a.text)
			}
			if strings.HasPrefix(op.Path, "/v1/connections") || strings.HasPrefix(op.Path, "/v1/link-sessions") || strings.HasPrefix(op.Path, "/v1/project") || op.Tags[0] == "Members" && op.Path != "/v1/me" {
				w.want(a, 403, "missing-scope")
			} else if strings.Contains(op.Path, "{id}") && !strings.HasPrefix(op.Path, "/v1/purchase-orders") && !strings.HasPrefix(op.Path, "/v1/vendors") && !strings.Contains(op.Path, "sync-runs") && !strings.Contains(op.Path, "operations") {
				w.want(a, 409, "entity-not-enabled")
			} else if strings.HasSuffix(op.Path, "s/{id}") && (op.Method == "PATCH" || op.Method == "DELETE") {
				w.want(a, 501, "not-supported-by-system") // the driver here writes nothing, whatever the record; TestRecordsOfOthersAreNotWritten is about one that does
			} else if strings.Contains(op.Path, "{id}") {
				w.want(a, 404, "not-found")
			}
		}
	})
	if c, err := w.store.Connection(t.Context(), w.project, victim.ID); err != nil || c.State != store.ConnectionSyncing || w.activeRun(victim) != run {
		t.Errorf("a stranger changed the connection: %v %v", c, err)
	}
}

// isDataPlane tells whether a route works on one connection: the document names the header with which a key chooses it.
func isDataPlane(op *huma.Operation) bool {
	for _, p := range op.Parameters {
		if strings.HasSuffix(p.Ref+p.Name, "Busbar-Connection") {
			return true
		}
	}
	return false
}

// activeRun is the id of a queued run of the connection.
func (w *world) activeRun(c *store.Connection) string {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), c.Scope(), store.RunFilter{State: store.RunQueued, Limit: 1})
	w.ok(err)
	if len(runs) == 0 {
		w.t.Fatal("no queued run")
	}
	return runs[0].ID
}

// each calls fn for every operation of the document.
func each(t *testing.T, fn func(op *huma.Operation)) {
	t.Helper()
	doc := must(api.OpenAPI(must(model.Load())))
	n := 0
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op != nil {
				n++
				fn(op)
			}
		}
	}
	if n < 70 {
		t.Fatalf("the document has %d operations only", n)
	}
}

func bodyFor(op *huma.Operation) string {
	switch op.OperationID {
	case "create-connection":
		return `{"system":"plant","credentials":{}}`
	case "reauthorize-connection":
		return `{"credentials":{}}`
	case "create-member", "create-invitation":
		return `{"email":"ada@example.com","role":"viewer"}`
	case "reauthenticate":
		return `{"password":"x"}`
	case "create-token":
		return `{"label":"x"}`
	case "reconnect-connection":
		return `{"credentials":{}}`
	case "check-connection":
		return `{"system":"plant","credentials":{}}`
	case "exchange-link-code":
		return `{"code":"bb_cod_x","code_verifier":"` + strings.Repeat("v", 43) + `"}`
	case "put-app":
		return `{"fields":{}}`
	case "resolve-operation-item":
		return `{"outcome":"not_happened"}`
	}
	if op.RequestBody != nil {
		return `{}`
	}
	return ""
}

func queryFor(op *huma.Operation) string {
	if op.Path == "/v1/changes" {
		return "?entity=purchase-orders&include=record"
	}
	return ""
}

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
