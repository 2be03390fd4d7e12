package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestRequestIds(t *testing.T) {
	w := newWorld(t)
	for given, kept := range map[string]bool{
		"order-42": true, "0192f0c1-a7b8-7c3e-9d2f-4b5a6c7d8e9f": true, strings.Repeat("x", 128): true,
		"bb_key_9Zs4": false, "of-bb_con_9Zs4": false, "": false, strings.Repeat("x", 129): false, "a b": false, `"quoted"`: false, "<script>": false,
	} {
		a := w.call("GET", "/v1/nothing-here", "", "", "Request-Id", given)
		if got := a.header.Get("Request-Id"); (got == given) != kept || !kept && !strings.HasPrefix(got, "req_") {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestLogTellsWhoDidWhat(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.call("GET", "/v1/purchase-orders?cursor=canary-query", token, "", "Request-Id", "mine", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	log := w.log.String()
	for _, want := range []string{`"request_id":"mine"`, `"path":"/v1/purchase-orders"`, `"status":400`, `"took":`, `"connection":"` + c.ID + `"`, `"trace_id":"0af7651916cd43dd8448eb211c80319c"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	if strings.Contains(log, token) || strings.Contains(log, "canary-query") {
		t.Errorf("the log holds a secret: %s", log)
	}
	w.call("GET", "/v1/%0Alevel=ERROR", "", "")
	if strings.Contains(w.log.String(), "\nlevel=ERROR") {
		t.Error("a path wrote a line of its own")
	}
}

// A secret of ours that the caller put where none belongs is not told back, kept or logged.
func TestOwnSecretsInTheWrongPlace(t *testing.T) {
	w := newWorld(t)
	key := w.key
	_, token := w.connect("A")
	for _, s := range []string{key, token} {
		for _, a := range []answer{
			w.call("POST", "/v1/connections", key, `{"`+s+`":1}`), w.call("POST", "/v1/connections", key, `{"system":"plant","credentials":{"`+s+`":"x"}}`), w.call("GET", "/v1/connections?"+s+"=1", key, ""),
			w.call("POST", "/v1/vendors/validate", token, `{"`+s+`":"x"}`), w.call("POST", "/v1/syncs", token, `{"entities":["`+s+`"]}`), w.call("PATCH", "/v1/project", key, `{"name":"A"}`, "Idempotency-Key", s),
		} {
			if a.status < 400 || strings.Contains(a.text, s) || !strings.Contains(a.text, s[:7]) && !strings.Contains(a.text, "Idempotency-Key") {
				t.Errorf("%s is answered with %d %s", s[:7], a.status, a.text)
			}
		}
		if strings.Contains(w.log.String(), s) {
			t.Errorf("%s is in the log", s[:7])
		}
	}
}

// panics stands for a fault of ours in the middle of a request.
type panics struct{ with any }

func (p panics) Wait(context.Context, store.Scope, string, int64) { panic(p.with) }

func TestPanicIsAnAnswer(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Changes = panics{"canary /home/x select * from t"} })
	_, token := w.connect("A")
	a := w.want(w.call("GET", "/v1/changes?entity=vendors&wait=1", token, ""), 500, "internal")
	if strings.Contains(a.text, "canary") || strings.Contains(a.text, "goroutine") {
		t.Errorf("the answer tells too much: %s", a.text)
	}
	if log := w.log.String(); !strings.Contains(log, "canary") || !strings.Contains(log, a.header.Get("Request-Id")) {
		t.Errorf("the log tells too little: %s", log)
	}
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
}

func TestDatabaseIsGone(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	w.want(w.call("GET", "/readyz", "", ""), 200, "")
	w.ok(w.store.Close())
	w.want(w.call("GET", "/healthz", "", ""), 200, "")
	w.want(w.call("GET", "/readyz", "", ""), 503, "overloaded")
	a := w.want(w.call("GET", "/v1/purchase-orders", token, ""), 500, "internal")
	if strings.Contains(a.text, "sql") || strings.Contains(a.text, "database is closed") {
		t.Errorf("the answer tells too much: %s", a.text)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits = api.Limits{PerSecond: 2, Burst: 3, AtOnce: 2, Credentials: 10} })
	_, token := w.connect("A")
	_, other := w.connect("B")
	for left := 2; left >= 0; left-- {
		a := w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
		if a.header.Get("RateLimit-Policy") != `"default";q=3;w=2` || !strings.HasPrefix(a.header.Get("RateLimit"), `"default";r=`+string(rune('0'+left))+`;t=`) {
			t.Errorf("%d left: %v", left, a.header)
		}
	}
	a := w.want(w.call("GET", "/v1/connection", token, ""), 429, "rate-limited")
	if a.header.Get("Retry-After") != "1" || a.body["retry_after"] != 1.0 || a.body["retryable"] != true {
		t.Errorf("got %s %v", a.text, a.header)
	}
	w.want(w.call("GET", "/v1/connection", other, ""), 200, "")
	w.tick(500e6)
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
	w.want(w.call("GET", "/v1/connection", token, ""), 429, "rate-limited")
	w.want(w.call("GET", "/healthz", "", ""), 200, "")
}

// held keeps requests waiting until the test lets them go.
type held struct{ in, out chan struct{} }

func (h held) Wait(context.Context, store.Scope, string, int64) { h.in <- struct{}{}; <-h.out }

func TestRequestsAtOnce(t *testing.T) {
	h := held{make(chan struct{}), make(chan struct{})}
	w := newWorld(t, func(d *api.Deps) {
		d.Changes, d.Limits = h, api.Limits{PerSecond: 1000, Burst: 1000, AtOnce: 1, Credentials: 10}
	})
	_, token := w.connect("A")
	letGo := sync.OnceFunc(func() { close(h.out) })
	defer letGo()
	done := make(chan answer, 1)
	go func() { done <- w.call("GET", "/v1/changes?entity=vendors&wait=60", token, "") }()
	<-h.in
	w.want(w.call("GET", "/v1/connection", token, ""), 429, "rate-limited")
	letGo()
	w.want(<-done, 200, "")
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ path, kind, holds, policy string }{
		{"/docs", "text/html", "/docs/scalar.js", "connect-src 'self'"},
		{"/docs/page.js", "text/javascript", "telemetry: false", ""},
		{"/docs/scalar.js", "text/javascript", "createApiReference", ""},
		{"/docs/problems/", "text/html", "cursor-expired", "default-src 'none'; style-src 'self'"},
		{"/docs/problems/", "text/html", "deletions-held", ""},
		{"/docs/problems/cursor-expired", "text/html", "without a cursor", "default-src 'none'; style-src 'self'"},
		{"/docs/problems.css", "text/css", "color-scheme", ""},
		{"/openapi.json", "application/openapi+json", `"/v1/purchase-orders/{id}"`, ""},
		{"/openapi.yaml", "application/openapi+yaml", "/v1/purchase-orders/{id}:", ""},
		{"/healthz", "application/json", `{"status":"ok"}`, ""},
	} {
		a := w.want(w.call("GET", tt.path, "", "", "Accept-Encoding", "identity"), 200, "")
		if !strings.HasPrefix(a.header.Get("Content-Type"), tt.kind) || !strings.Contains(a.text, tt.holds) || !strings.Contains(a.header.Get("Content-Security-Policy"), tt.policy) {
			t.Errorf("%s: %v %.300s", tt.path, a.header, a.text)
		}
		if tag := a.header.Get("ETag"); tag != "" {
			if again := w.call("GET", tt.path, "", "", "If-None-Match", tag); again.status != 304 {
				t.Errorf("%s: %d with its own ETag", tt.path, again.status)
			}
		}
	}
	w.want(w.call("GET", "/docs/problems/nothing", "", ""), 404, "not-found")
	w.want(w.call("GET", "/docs/reference/scalar.js.br", "", ""), 404, "not-found")
}

func TestReferenceIsSentPacked(t *testing.T) {
	w := newWorld(t)
	for accept, packed := range map[string]bool{"br": true, "gzip, deflate, br;q=0.9": true, "gzip": false, "br;q=0": false, "": false} {
		req := must(http.NewRequest("GET", w.url+"/docs/scalar.js", nil))
		req.Header.Set("Accept-Encoding", accept)
		a := w.do(req)
		if (a.header.Get("Content-Encoding") == "br") != packed || packed != (len(a.text) < 1_000_000) {
			t.Errorf("%q: %v, %d bytes", accept, a.header, len(a.text))
		}
	}
}

// An address that does not exist, or takes another method, is told without the secret of a link in it.
func TestAddressesAreToldWithoutSecrets(t *testing.T) {
	canary := strings.Repeat("Z", 38)
	w := newWorld(t, func(d *api.Deps) {
		d.Pages = []api.Page{{Pattern: "GET /link/{secret}", Handler: http.NotFoundHandler()}}
	})
	for _, ask := range []struct{ method, path string }{{"GET", "/link/bb_lnk_" + canary + "/nowhere"}, {"PUT", "/link/bb_lnk_" + canary}, {"GET", "/v1/bb_con_" + canary}} {
		if a := w.call(ask.method, ask.path, "", ""); a.status < 400 || strings.Contains(a.text, canary) {
			t.Errorf("%s %s: %d %s", ask.method, ask.path, a.status, a.text)
		}
	}
}
