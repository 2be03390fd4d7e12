package oidcpages_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/oidc"
	"github.com/busbar-dev/busbar/internal/member/oidcpages"
	server "github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/site"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// world is a server of these pages, and a login server that is not ours.
type world struct {
	t       *testing.T
	web     *httptest.Server
	server  *server.Server
	members *member.Service
	project string
}

func ann() server.Person {
	return server.Person{Subject: "subject-ann", Login: "ann", Password: "CANARY-ann", Email: "ann@example.com", Verified: true, Name: "Ann"}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	mux := http.NewServeMux()
	w.web = httptest.NewTLSServer(mux)
	t.Cleanup(w.web.Close)
	w.server = server.Start(t, server.Settings{Clients: []server.Client{server.Web("busbar", "CANARY-secret", w.web.URL+oidcpages.Callback)}, People: []server.Person{ann()}})
	st := must(sqlite.Open(t.Context(), t.TempDir()))
	t.Cleanup(func() { _ = st.Close() })
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	log := slog.New(slog.DiscardHandler)
	w.members = must(member.NewService(member.Config{Store: st, Keeper: keeper, Now: time.Now, Rand: rand.Reader, Log: log}))
	p, _, err := st.EnsureProject(t.Context(), "project", "Plant", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.project = p.ID
	way := w.members.NewOIDC(oidc.Config{Issuer: w.server.Issuer, ClientID: "busbar", Secret: "CANARY-secret", RedirectURI: w.web.URL + oidcpages.Callback, HTTP: &http.Client{}}, keeper,
		func(context.Context) (string, error) { return w.project, nil })
	s := must(site.New(site.Config{Public: w.web.URL, Now: time.Now, Log: log}))
	for _, r := range must(oidcpages.New(oidcpages.Config{Site: s, OIDC: way, Cookie: member.Cookie, Now: time.Now, Log: log})) {
		mux.Handle(r.Pattern, r.Handler)
	}
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// browser is a person's, with cookies of its own, which follows no redirects.
func (w *world) browser() *http.Client {
	c := *w.web.Client()
	c.Jar = must(cookiejar.New(nil))
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func (w *world) get(b *http.Client, address string) (status int, to, body string) {
	w.t.Helper()
	resp, err := b.Get(address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

// back goes the way to the server in a browser, logs ann in there, and gives the address that leads back.
func (w *world) back(b *http.Client, path string) string {
	w.t.Helper()
	status, to, body := w.get(b, w.web.URL+path)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, w.server.Issuer) {
		w.t.Fatalf("%s leads to %q with %d: %s", path, to, status, body)
	}
	return w.server.NewBrowser().LogIn(w.server, to, ann()).String()
}

// acting is the context of who invites.
func (w *world) acting() context.Context {
	return audit.By(w.t.Context(), audit.Actor{Kind: audit.Command, Name: "test", ProjectID: w.project, At: time.Now()})
}

// session is the value of a browser's session; empty: it has none.
func (w *world) session(b *http.Client) string {
	u, _ := url.Parse(w.web.URL)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "__Host-"+member.Cookie {
			return c.Value
		}
	}
	return ""
}

// TestPages: a person goes to the login server and comes back logged in, to the page that was asked for; nothing leads elsewhere, and nobody is logged in who did not begin.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.browser()
	if status, _, body := w.get(stranger, w.back(stranger, "/login/oidc")); status != http.StatusForbidden || w.session(stranger) != "" || !strings.Contains(body, "nobody has invited you") {
		t.Errorf("a stranger gets %d: %s", status, body)
	}
	if _, err := w.members.Invite(w.acting(), member.By{Scopes: member.ScopesOf(member.Owner)}, w.project, "ann@example.com", member.Viewer); err != nil {
		t.Fatal(err)
	}
	for next, want := range map[string]string{"": site.Home, "?next=/account": "/account", "?next=//evil.example": site.Home, "?next=https://evil.example": site.Home, `?next=/\evil.example`: site.Home} {
		b := w.browser()
		address := w.back(b, "/login/oidc"+next)
		victim := w.browser()
		if status, _, body := w.get(victim, address+"&code=another"); status != http.StatusBadRequest || w.session(victim) != "" {
			t.Errorf("two codes get %d: %s", status, body)
		}
		status, to, body := w.get(b, address)
		if status != http.StatusSeeOther || to != want {
			t.Errorf("%q: %d to %q: %s", next, status, to, body)
		}
		if m, _, err := w.members.Authenticate(t.Context(), w.session(b)); err != nil || m.EmailKey != "ann@example.com" {
			t.Errorf("%q: %v", next, err)
		}
		if status, _, _ := w.get(b, address); status != http.StatusForbidden {
			t.Errorf("the way back can be gone again: %d", status)
		}
	}
	b, victim := w.browser(), w.browser()
	w.back(victim, "/login/oidc")
	if status, _, body := w.get(victim, w.back(b, "/login/oidc")); status != http.StatusForbidden || w.session(victim) != "" || !strings.Contains(body, "began in another browser") {
		t.Errorf("who is lured onto another one's way back gets %d: %s", status, body)
	}
}

// TestFromAccount: only a form of our own lets a member prove who it is at the server, or log in there from now on.
func TestFromAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.members.Invite(w.acting(), member.By{Scopes: member.ScopesOf(member.Owner)}, w.project, "ann@example.com", member.Viewer); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	w.get(b, w.back(b, "/login/oidc"))
	before := w.session(b)
	send := func(b *http.Client, from string) (*http.Response, string) {
		t.Helper()
		req := must(http.NewRequest(http.MethodPost, w.web.URL+oidcpages.Login, strings.NewReader("for=prove&next=/account")))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", from)
		resp := must(b.Do(req))
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp, string(text)
	}
	if resp, _ := send(b, "cross-site"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form gets %d", resp.StatusCode)
	}
	if resp, _ := send(w.browser(), "same-origin"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("who is not logged in gets %d", resp.StatusCode)
	}
	resp, text := send(b, "same-origin")
	_, to, _ := strings.Cut(resp.Header.Get("Refresh"), "url=")
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(to, w.server.Issuer) || !strings.Contains(to, "prompt=login") {
		t.Fatalf("%d to %q: %s", resp.StatusCode, to, text)
	}
	back := w.server.NewBrowser().LogIn(w.server, to, ann()).String()
	if status, to, body := w.get(b, back); status != http.StatusSeeOther || to != "/account" || w.session(b) == before || w.session(b) == "" {
		t.Errorf("%d to %q: %s", status, to, body)
	}
	if _, session, err := w.members.Authenticate(t.Context(), w.session(b)); err != nil || !w.members.Recent(session) {
		t.Errorf("the proof does not count: %v", err)
	}
}
