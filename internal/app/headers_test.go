package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	shop       = "https://shop.example.com" // may frame links
	dataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

// fixedFiles hold nothing of anybody's, so that they may be kept.
var fixedFiles = regexp.MustCompile(`^/(openapi\.|docs$|docs/[a-z]+\.|site/|link/embed\.js$|app/)`)

// front is a whole Busbar behind HTTP, to which this machine is a proxy of its own.
type front struct {
	*App
	t       *testing.T
	url     string
	key     string
	project string
	routes  []string // with every parameter filled in
}

func newFront(t *testing.T) *front {
	t.Helper()
	o := options(t, t.TempDir())
	o.Log, o.PublicURL = slog.New(slog.DiscardHandler), "https://busbar.example.com"
	o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	o.OIDC = config.OIDC{OIDCIssuer: "https://127.0.0.1:1", OIDCClientID: "busbar", OIDCClientSecret: "CANARY-client-secret"}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{App: a, t: t}
	server := httptest.NewServer(a.Handler)
	f.url = server.URL
	t.Cleanup(func() { server.Close(); _ = a.Close(context.WithoutCancel(t.Context())) })
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", At: time.Now()})
	project, err := a.Connections.EnsureFirstKey(ctx, false, func(plain string) error { f.key = plain; return nil })
	if err != nil {
		t.Fatal(err)
	}
	f.project = project.ID
	err = a.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetProjectSettings(t.Context(), project.ID, []byte(`{"link":{"origins":["`+shop+`"]}}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	f.walk(o)
	return f
}

// walk finds every route: those of the document, those of the pages, and the few others.
func (f *front) walk(o Options) {
	f.t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(f.ask("GET /openapi.json").body), &document); err != nil {
		f.t.Fatal(err)
	}
	f.routes = []string{"GET /", "GET /docs", "GET /docs/", "GET /docs/page.js", "GET /docs/scalar.js", "GET /docs/problems.css", "GET /docs/problems/", "GET /docs/problems/not-found", "GET /openapi.json",
		"GET /openapi.yaml", "GET /healthz", "GET /readyz", "GET /nothing", "GET /v1/nothing"}
	for path, methods := range document.Paths {
		for method := range methods {
			f.routes = append(f.routes, strings.ToUpper(method)+" "+path)
		}
	}
	keeper, err := openKeeper(f.t.Context(), f.Store, o)
	if err != nil {
		f.t.Fatal(err)
	}
	pages, err := f.pages(keeper)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, p := range pages {
		f.routes = append(f.routes, p.Pattern)
	}
	for i, r := range f.routes {
		f.routes[i] = regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(r, "0192f0c1-2d5e-7b3a-9c4d-5e6f7a8b9c0d")
	}
	if len(f.routes) < 90 {
		f.t.Fatalf("there are %d routes only: %v", len(f.routes), f.routes)
	}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask makes one request, with headers given in pairs.
func (f *front) ask(route string, headers ...string) reply {
	f.t.Helper()
	method, path, _ := strings.Cut(route, " ")
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatalf("%s: %v", route, err)
	}
	defer resp.Body.Close()
	whole := io.Reader(resp.Body)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") { // it does not end
		whole = io.LimitReader(whole, 1)
	}
	body, err := io.ReadAll(whole)
	if err != nil {
		f.t.Fatalf("%s: %v", route, err)
	}
	return reply{resp.StatusCode, resp.Header, string(body)}
}

// wantSafe checks what every answer carries.
func (f *front) wantSafe(route string, a reply, policy string) {
	f.t.Helper()
	_, path, _ := strings.Cut(route, " ")
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		got := a.header.Values(name)
		if name == "Cache-Control" && fixedFiles.MatchString(path) && a.status < 300 {
			continue
		}
		if len(got) != 1 || got[0] != want {
			f.t.Errorf("%s (%d): %s is %q, want %q", route, a.status, name, got, want)
		}
	}
	for name := range a.header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Server" || name == "X-Powered-By" {
			f.t.Errorf("%s: %s: %s", route, name, a.header.Get(name))
		}
	}
	if strings.Contains(a.body, "CANARY") || a.status >= 500 && path != "/login/oidc" { // whose server may not be called
		f.t.Errorf("%s: %d %.300s", route, a.status, a.body)
	}
}

// policyOf is the policy that an answer needs by what it is: only pages load something, the reference also its own style.
func policyOf(route string, a reply) string {
	switch _, path, _ := strings.Cut(route, " "); {
	case !strings.HasPrefix(a.header.Get("Content-Type"), "text/html"), a.status == http.StatusFound && (strings.HasPrefix(path, "/d") || path == "/app"), path == "/", a.status == http.StatusSeeOther:
		return dataPolicy
	case path == "/docs":
		return strings.Replace(strings.Replace(strings.Replace(pagePolicy, "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1), "data:;", "data:; font-src 'self' data:;", 1), "form-action 'self'", "form-action 'none'", 1)
	case strings.HasPrefix(path, "/docs/problems"):
		return "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	}
	return pagePolicy
}

// Every route and page answers with the headers that keep it safe, whoever asks and however it goes.
func TestEveryAnswerIsSafe(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	for _, route := range f.routes {
		for who, headers := range map[string][]string{
			"a stranger":   nil,
			"a key":        {"Authorization", "Bearer " + f.key},
			"another site": {"Origin", "https://evil.example.com", "Sec-Fetch-Site", "cross-site", "Access-Control-Request-Method", "POST", "Cookie", "busbar=nothing"},
		} {
			if strings.HasPrefix(route, "POST /v1/master-key") && who == "a key" {
				continue // it begins work
			}
			a := f.ask(route, headers...)
			f.wantSafe(route, a, policyOf(route, a))
			if a.header.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s: a caller in the clear is told to come by TLS", route)
			}
		}
		if a := f.ask(route, "X-Forwarded-Proto", "https"); a.header.Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%s: a caller by TLS is not told to stay with it: %q", route, a.header.Get("Strict-Transport-Security"))
		}
	}
}

// A page of a link may be framed by the project's own origins, and by nobody else; other pages by nobody.
func TestOnlyRegisteredOriginsFrameLinks(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/v1/link-sessions", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+f.key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var made struct{ URL string }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.URL == "" {
		t.Fatalf("making a link: %d, %v", resp.StatusCode, err)
	}
	path := strings.TrimPrefix(made.URL, "https://busbar.example.com")
	a := f.ask("GET " + path)
	if a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors "+shop+";") || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", a.status, a.header)
	}
	for _, other := range []string{path + "0", "/login", "/link/unknown"} {
		if a := f.ask("GET " + other); !strings.Contains(a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: %v", other, a.header)
		}
	}
}

// Methods that nobody needs, paths in other notations and paths of other programs lead nowhere, and say so as a problem.
func TestNothingElseAnswers(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	for _, route := range f.routes {
		_, path, _ := strings.Cut(route, " ")
		for _, method := range []string{"TRACE", "TRACK", "DEBUG", "PROPFIND", "OPTIONS"} {
			if a := f.ask(method+" "+path, "Authorization", "Bearer "+f.key); a.status != http.StatusMethodNotAllowed && a.status != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, a.status)
			} else {
				f.wantProblem(method+" "+path, a)
			}
		}
	}
	for _, path := range []string{
		"/.git/HEAD", "/.git/", "/.env", "/.well-known/security", "/debug", "/debug/pprof/", "/debug/vars", "/metrics", "/actuator", "/actuator/env", "/admin", "/server-status", "/backup.zip", "/busbar.db", "/busbar.env",
		"/master.key", "/index.php", "/v1", "/v1/", "/v1/../master.key", "/docs/../master.key", "/docs/%2e%2e/%2e%2e/etc/passwd", "/docs/..%2f..%2fetc%2fpasswd", "/site/..%2fsite.go", "/site/%2e%2e/site.go",
		"//v1/me", "/v1//me", "/v1/./me", "/v1/%2e/me", "/v1/..;/v1/me", "/v1/me;x=1", "/v1/me/", "/V1/me", "/v1/me%00", "/v1/me%20", "/v1/me%0d%0aX-Injected:%201", "/v1%2fme", "/v1\\me", "/%2e%2e/v1/me", "//evil.example.com/%2e%2e",
		"/docs/problems/..%2f..%2fpage.html", "/docs/reference/page.html", "/site/colour/..%2f..%2fsite.css", "/login/",
	} {
		a := f.ask("GET "+path, "Authorization", "Bearer "+f.key)
		if a.status != http.StatusNotFound || a.header.Get("Location") != "" || a.header.Get("X-Injected") != "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		f.wantProblem(path, a)
	}
}

func (f *front) wantProblem(what string, a reply) {
	f.t.Helper()
	var p struct{ Type, Title, Code string }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Code == "" || a.header.Get("Content-Type") != "application/problem+json" {
		f.t.Errorf("%s is not answered with a problem: %d %s %.200s", what, a.status, a.header.Get("Content-Type"), a.body)
	}
}
