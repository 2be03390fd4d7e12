package pages_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/pages"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/site"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

const password = "correct battery horse"

// now stands still, so that no allowance comes back while a test runs.
func now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

// world is the pages behind HTTP.
type world struct {
	t       *testing.T
	members *member.Service
	store   *store.Store
	url     string
	setup   string // path of the link to set up
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t}
	st := must(sqlite.Open(t.Context(), t.TempDir()))
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	log := slog.New(slog.DiscardHandler)
	w.store = st
	w.members = must(member.NewService(member.Config{Store: st, Keeper: keeper, Now: now, Rand: rand.Reader, Log: log}))
	frame := must(site.New(site.Config{Now: now, Log: log}))
	routes := must(pages.New(pages.Config{Site: frame, Members: w.members, Now: now, Log: log}))
	mux := http.NewServeMux()
	for _, r := range append(routes, frame.Routes()...) {
		mux.Handle(r.Pattern, r.Handler)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(func() { srv.Close(); _ = st.Close() })
	w.url = srv.URL
	p, _, err := st.EnsureProject(t.Context(), "project", "Plant", now())
	if err != nil {
		t.Fatal(err)
	}
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", ProjectID: p.ID, At: now()})
	l, _, err := w.members.SetupLink(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.setup = l.Path()
	return w
}

type answer struct {
	status int
	text   string
	header http.Header
}

// cookie is the session's secret that an answer sets.
func (a answer) cookie() string {
	for _, line := range a.header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == "__Host-busbar" {
			return c.Value
		}
	}
	return ""
}

func (w *world) get(path, cookie string) answer { return w.send("GET", path, cookie, nil) }

func (w *world) send(method, path, cookie string, form url.Values, headers ...string) answer {
	w.t.Helper()
	req := must(http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(form.Encode())))
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if cookie != "" {
		req.Header.Set("Cookie", "__Host-busbar="+cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp := must(client.Do(req))
	defer resp.Body.Close()
	return answer{resp.StatusCode, string(must(io.ReadAll(resp.Body))), resp.Header}
}

// want ends the test when the status is another.
func (w *world) want(a answer, status int, holds string) answer {
	w.t.Helper()
	if a.status != status || !strings.Contains(a.text, holds) {
		w.t.Fatalf("got %d, want %d with %q: %s", a.status, status, holds, a.text)
	}
	return a
}

func owner() url.Values {
	return url.Values{"name": {"<script>alert(1)</script>"}, "email": {"olga@example.com"}, "password": {password}}
}

func login(password string) url.Values {
	return url.Values{"email": {"olga@example.com"}, "password": {password}}
}

func TestTheWayIn(t *testing.T) {
	w := newWorld(t)
	for range 3 { // a scanner of mails looks, and uses nothing up
		w.want(w.get(w.setup, ""), 200, "Set Busbar up")
	}
	w.want(w.send("HEAD", w.setup, "", nil), 200, "")
	w.want(w.send("POST", w.setup, "", url.Values{"email": {"x"}}), 422, "It needs at least 12 characters.")
	set := w.want(w.send("POST", w.setup, "", owner()), 303, "")
	if set.header.Get("Location") != site.Home || set.cookie() == "" {
		t.Fatalf("got %v", set.header)
	}
	w.want(w.get(w.setup, ""), 410, "does not work any more")
	w.want(w.send("POST", w.setup, "", owner()), 410, "does not work any more")
	account := w.want(w.get("/account", set.cookie()), 200, "&lt;script&gt;")
	if strings.Contains(account.text, "<script>alert") || account.header.Get("Cache-Control") != "no-store" || !strings.Contains(account.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("got %v %s", account.header, account.text)
	}
	w.want(w.send("POST", "/login", "", login("wrong")), 422, "do not belong together")
	for _, form := range []url.Values{{}, {"email": {" "}, "password": {password}}, {"email": {"olga@example.com"}}} {
		if a := w.want(w.send("POST", "/login", "", form), 422, "Fill this in."); strings.Contains(a.text, "do not belong together") || strings.Contains(a.text, "no e-mail address") {
			t.Errorf("%v: got %s", form, a.text)
		}
	}
	in := w.want(w.send("POST", "/login", "", login(password)), 303, "")
	w.want(w.get("/account", in.cookie()), 200, "Where you are logged in")
	out := w.want(w.send("POST", "/logout", in.cookie(), nil), 200, "You are logged out")
	if !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the cookie stays: %v", out.header)
	}
	w.want(w.get("/account", in.cookie()), 303, "") // a secret that is used after the logout
	w.want(w.get("/account", set.cookie()), 200, "")
}

// A session that a browser had before a login is not the one that it has after it.
func TestFixation(t *testing.T) {
	w := newWorld(t)
	planted := w.want(w.send("POST", w.setup, "", owner()), 303, "").cookie()
	in := w.want(w.send("POST", "/login", planted, login(password)), 303, "").cookie()
	if in == planted || in == "" {
		t.Error("the login keeps the secret from before")
	}
	w.want(w.get("/account", planted), 303, "")
	w.want(w.get("/account", in), 200, "")
	made := w.want(w.send("POST", "/login", "bb_ses_chosen-by-somebody", login(password)), 303, "").cookie()
	if !strings.HasPrefix(made, "bb_ses_") || strings.Contains(made, "chosen") {
		t.Errorf("the login takes the secret %s", made)
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	w := newWorld(t)
	in := w.want(w.send("POST", w.setup, "", owner()), 303, "").cookie()
	for _, path := range []string{"/login", "/logout", "/account/password", "/account/end-others", "/account/prove", w.setup} {
		w.want(w.send("POST", path, in, login(password), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403, "")
		w.want(w.send("POST", path, in, login(password), "Sec-Fetch-Site", "same-site"), 403, "")
	}
	w.want(w.get("/account", in), 200, "")
	for _, path := range []string{"/logout", "/account/end-others", "/account/password"} {
		w.want(w.get(path, in), 405, "")
	}
	w.want(w.send("GET", "/login", "", nil, "Host", "x"), 200, "")
	for _, next := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"} {
		form := login(password)
		form.Set("next", next)
		if to := w.want(w.send("POST", "/login", "", form), 303, "").header.Get("Location"); to != site.Home {
			t.Errorf("%s leads to %s", next, to)
		}
	}
}

// What a browser says of where it comes from does not change what it is counted by.
func TestForgedAddressesDodgeNoLimit(t *testing.T) {
	w := newWorld(t)
	limited := 0
	for i := range 40 {
		address := "203.0.113." + string(rune('0'+i%10))
		form := url.Values{"email": {string(rune('a'+i%26)) + address + "@example.com"}, "password": {"wrong password"}}
		a := w.send("POST", "/login", "", form, "X-Forwarded-For", address, "Forwarded", "for="+address, "X-Real-Ip", address)
		if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" && strings.Contains(a.text, "Too many tries") {
			limited++
		}
	}
	if limited != 10 {
		t.Errorf("%d of 40 were refused", limited)
	}
}

func TestRaceOfSetUps(t *testing.T) {
	w := newWorld(t)
	statuses := make([]int, 2)
	var both sync.WaitGroup
	for i := range statuses {
		both.Go(func() { statuses[i] = w.send("POST", w.setup, "", owner()).status })
	}
	both.Wait()
	if statuses[0]+statuses[1] != 303+410 {
		t.Errorf("got %v", statuses)
	}
}

func TestAccount(t *testing.T) {
	w := newWorld(t)
	in := w.want(w.send("POST", w.setup, "", owner()), 303, "").cookie()
	other := w.want(w.send("POST", "/login", "", login(password)), 303, "").cookie()
	w.want(w.send("POST", "/account/password", in, url.Values{"present": {"wrong"}, "password": {"another long password"}}), 422, "This is not your present password.")
	w.want(w.send("POST", "/account/prove", in, url.Values{"proof": {"wrong"}}), 422, "This is not your present password.")
	proved := w.want(w.send("POST", "/account/prove", in, url.Values{"proof": {password}}), 303, "").cookie()
	w.want(w.get("/account", in), 303, "")
	w.want(w.send("POST", "/account/end-others", proved, nil), 303, "")
	w.want(w.get("/account", other), 303, "")
	changed := w.want(w.send("POST", "/account/password", proved, url.Values{"present": {password}, "password": {"another long password"}}), 303, "").cookie()
	w.want(w.get("/account", proved), 303, "")
	w.want(w.get("/account?done=password", changed), 200, "Your password is changed")
	w.want(w.send("POST", "/login", "", login("another long password")), 303, "")
}

// TestAccountEndsTheLoginServer: the page says that the account logs in at the login server, also where none is set any more, and ends it.
func TestAccountEndsTheLoginServer(t *testing.T) {
	w := newWorld(t)
	in := w.want(w.send("POST", w.setup, "", owner()), 303, "").cookie()
	if a := w.want(w.get("/account", in), 200, ""); strings.Contains(a.text, "/account/untie") {
		t.Error("offers to end what is not")
	}
	m := must(w.store.MemberByEmail(t.Context(), "olga@example.com"))
	if err := w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetMemberOIDC(t.Context(), m.ID, "https://idp.example.com", "mallory", now())
	}); err != nil {
		t.Fatal(err)
	}
	w.want(w.get("/account", in), 200, `action="/account/untie"`)
	w.want(w.send("POST", "/account/untie", in, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403, "")
	w.want(w.send("POST", "/account/untie", in, nil), 303, "")
	if a := w.want(w.get("/account?done=untied", in), 200, "at the login server no more"); strings.Contains(a.text, "/account/untie") {
		t.Error("the tie outlives its end")
	}
}
