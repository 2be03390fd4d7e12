package faulttest

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	vendorPage = "https://vendor.example.com/done"
	ourSecret  = "a-verifier-of-forty-three-characters-at-least-1"
)

// linked is a Busbar over TLS whose customers log in, in their browser, at a server of OAuth 2.0 that is not ours. SimERP takes its tokens.
type linked struct {
	*provided
	site *httptest.Server
}

// newLinked starts one: no system is connected, and the vendor has registered its own client.
func newLinked(t *testing.T) *linked {
	t.Helper()
	l := &linked{}
	var w *world
	l.site = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.handle.Load()).ServeHTTP(rw, r) }))
	t.Cleanup(l.site.Close)
	p := &provided{client: oidc.Web("busbar", "CANARY-client-secret", l.site.URL+"/link/oauth/callback")}
	p.server = oidc.Start(t, oidc.Settings{Clients: []oidc.Client{p.client}, People: []oidc.Person{person("ann"), person("bob")}, TTL: map[string]int{"AccessToken": 3600}})
	s := setup{vendors: 30, public: l.site.URL}.withDefaults()
	s.oauth = &erp.OAuth{ClientID: p.client.ID, ClientSecret: p.client.Secret, By: p.tokens(t), Takes: func(token string) bool { return p.server.Active(p.client, token) }}
	s.connector = inBrowser(t, s.manifest())
	w = unconnected(t, s, t.TempDir())
	p.works, l.provided = &works{world: w}, p
	project, _, err := w.app.Store.EnsureProject(t.Context(), "", "", w.clock.Now())
	w.check(err)
	w.check(w.app.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetProjectSettings(t.Context(), project.ID, []byte(`{"link":{"redirect_uris":["`+vendorPage+`"]}}`))
	}))
	w.call(w.key, "PUT", "/v1/project/apps/sim-test", map[string]any{"fields": map[string]string{"url": w.sim.URL(), "login": p.server.Issuer, "client_id": p.client.ID, "client_secret": p.client.Secret}}, http.StatusOK)
	return l
}

// inBrowser is a manifest whose system is logged in to by people in a browser.
func inBrowser(t *testing.T, text string) string {
	t.Helper()
	for from, to := range map[string]string{
		"  - method: api_key\n": "  - method: oauth2\n",
		"      - {name: api_key, label: API key, type: password, secret: true}": `      - {name: login, label: Login server, type: url}
      - {name: client_id, label: Client, type: text}
      - {name: client_secret, label: Secret, type: password, secret: true}`,
		`auth: {style: bearer, token: "{api_key}"}`: `auth: {style: oauth2, grant: authorization_code, authorize_url: "{login}/auth", token_url: "{url}/oauth/token", client_id: "{client_id}",
    client_secret: "{client_secret}", scope: "openid offline_access", authorize_params: {prompt: consent}, issuer: "{login}"}`,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("the manifest has no %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return text
}

// customer is a person with a browser of its own, and a link.
type customer struct {
	*linked
	client *http.Client
	at     *oidc.Browser // with which it logs in at the server
	path   string        // of the link
	link   string        // its id
}

// customer lets a new browser go on with a new link.
func (l *linked) customer() *customer {
	l.Helper()
	return l.browser().opens()
}

// browser is one that has been nowhere yet.
func (l *linked) browser() *customer {
	l.Helper()
	jar, err := cookiejar.New(nil)
	l.check(err)
	client := *l.site.Client()
	client.Jar, client.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &customer{linked: l, client: &client, at: l.server.NewBrowser()}
}

// opens is the same browser with another link.
func (c *customer) opens() *customer {
	c.Helper()
	sum := sha256.Sum256([]byte(ourSecret))
	made := c.call(c.key, "POST", "/v1/link-sessions", map[string]any{
		"system": "sim-test", "redirect_uri": vendorPage, "state": "st-1", "code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "schedule": "manual", "history": "all",
	}, http.StatusCreated)
	one := *c
	one.path, one.link = strings.TrimPrefix(made.get("url"), c.site.URL), made.get("id")
	if r := one.post("/continue", nil); r.status != http.StatusSeeOther || r.to != one.path+"/login" {
		c.Fatalf("the link leads to %d %s", r.status, r.to)
	}
	return &one
}

// reply is a page.
type reply struct {
	status int
	to     string // where it leads
	text   string
}

func (c *customer) get(path string) reply {
	c.Helper()
	return c.ask(http.MethodGet, path)
}

func (c *customer) ask(method, path string) reply {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, c.site.URL+path, nil)
	c.check(err)
	return c.send(req)
}

func (c *customer) post(page string, form url.Values) reply {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.site.URL+c.path+page, strings.NewReader(form.Encode()))
	c.check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.site.URL)
	return c.send(req)
}

func (c *customer) send(req *http.Request) reply {
	c.Helper()
	resp, err := c.client.Do(req)
	c.check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	c.check(err)
	to := resp.Header.Get("Location")
	if to == "" {
		_, to, _ = strings.Cut(resp.Header.Get("Refresh"), "url=")
	}
	if strings.Contains(string(text), "CANARY") || strings.Contains(to, "CANARY") {
		c.Errorf("%s shows a secret: %s", req.URL.Path, text)
	}
	return reply{resp.StatusCode, to, html.UnescapeString(string(text))}
}

// leaves fills in the form, and gives the address of the login server at which the browser goes on.
func (c *customer) leaves() string {
	c.Helper()
	r := c.post("/check", url.Values{"method": {"oauth2"}, "f_url": {c.sim.URL()}, "f_login": {c.server.Issuer}})
	if r.status != http.StatusOK || !strings.HasPrefix(r.to, c.server.Issuer+"/auth?") {
		c.Fatalf("the form leads to %d %q: %s", r.status, r.to, words(r.text))
	}
	return r.to
}

// logsIn goes to the login server and comes back: it gives where to, which is not called.
func (c *customer) logsIn(name string) string {
	c.Helper()
	return c.back(c.at.LogIn(c.server, c.leaves(), person(name)))
}

// back is the path of an address of ours.
func (c *customer) back(u *url.URL) string {
	c.Helper()
	if !strings.HasPrefix(u.String(), c.site.URL+"/link/oauth/callback?") {
		c.Fatalf("the login server leads to %s", u)
	}
	return u.RequestURI()
}

// refused fails the test unless an address answers with a plain page that says so, and nothing was made of the link.
func (c *customer) refused(path, says string) reply {
	c.Helper()
	r := c.get(path)
	if r.status != http.StatusBadRequest || !strings.Contains(words(r.text), says) {
		c.Errorf("the answer is %d, want a page that says %q: %s", r.status, says, words(r.text))
	}
	c.nothing()
	return r
}

// nothing fails the test unless the link is open and its connection is as it was made.
func (c *customer) nothing() {
	c.Helper()
	got := c.call(c.key, "GET", "/v1/link-sessions/"+c.link, nil, http.StatusOK)
	id := got.get("connection_id")
	conn := c.call(c.key, "GET", "/v1/connections/"+id, nil, http.StatusOK)
	if got.get("status") != "open" || conn.get("status") != "pending" {
		c.Errorf("the link is %s, its connection %s", got.get("status"), conn.get("status"))
	}
	row, err := c.app.Store.ConnectionForWork(c.Context(), id)
	c.check(err)
	tokens, err := c.app.Store.LoginTokens(c.Context(), row.Scope())
	c.check(err)
	if row.Credentials != nil || len(tokens.Sealed) > 0 {
		c.Error("a login is stored")
	}
}

var readable = regexp.MustCompile(`name="entity" value="([a-z-]+)" checked`)

// connects comes back with a login that is good, chooses whatever may be read, and gives the code for the vendor.
func (c *customer) connects(path string) string {
	c.Helper()
	r := c.get(path)
	if r.status != http.StatusSeeOther || r.to != c.path+"/choose" {
		c.Fatalf("a login leads to %d %q: %s", r.status, r.to, words(r.text))
	}
	return c.chooses()
}

// chooses goes on where the login came back, and gives the code.
func (c *customer) chooses() string {
	c.Helper()
	page, form := c.get(c.path+"/choose"), url.Values{"method": {"oauth2"}}
	for _, m := range readable.FindAllStringSubmatch(page.text, -1) {
		form.Add("entity", m[1])
	}
	if page.status != http.StatusOK || len(form["entity"]) == 0 {
		c.Fatalf("the choice is %d: %s", page.status, words(page.text))
	}
	r := c.post("/connect", form)
	if r.status != http.StatusSeeOther || r.to != c.path+"/done" {
		c.Fatalf("the choice leads to %d %q: %s", r.status, r.to, words(r.text))
	}
	u, err := url.Parse(c.get(r.to).to)
	c.check(err)
	if !strings.HasPrefix(u.String(), vendorPage+"?") || u.Query().Get("state") != "st-1" {
		c.Fatalf("the link ends at %s", u)
	}
	return u.Query().Get("code")
}

// exchanges gives the vendor the connection's token, and lets the first sync run.
func (c *customer) exchanges(code string) {
	c.Helper()
	got := c.call(c.key, "POST", "/v1/link-sessions/exchange", map[string]any{"code": code, "code_verifier": ourSecret}, http.StatusOK)
	c.world.id, c.token = got.get("connection", "id"), got.get("token", "token")
	c.step()
	c.ends(c.lastRun(), "complete", "")
}

var tags = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>|\s+`)

// words are what a page says.
func words(page string) string { return strings.TrimSpace(tags.ReplaceAllString(page, " ")) }
