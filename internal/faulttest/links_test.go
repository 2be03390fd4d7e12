package faulttest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestLinkByLogin is a link whose customer logs in at a server that is not ours, with the vendor's own client: from the link to records, through the end of two tokens, and to a login anew
// by another link.
func TestLinkByLogin(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	c := l.customer()
	if form := c.get(c.path + "/login").text; strings.Contains(form, "f_login") || strings.Contains(form, "f_client") {
		t.Errorf("the form asks for the vendor's client: %s", words(form))
	}
	asked, err := url.Parse(c.leaves())
	c.check(err)
	if q := asked.Query(); q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != l.site.URL+"/link/oauth/callback" || len(q.Get("state")) < 40 || q.Has("client_secret") {
		t.Errorf("the browser is sent to %v", q)
	}
	c.exchanges(c.connects(c.logsIn("ann")))
	if n := len(l.pages("/v1/vendors", url.Values{})); n != 30 {
		t.Errorf("%d vendors were read, want 30", n)
	}
	for name, pass := range map[string]time.Duration{"near its end": 59 * time.Minute, "behind its end": 2 * time.Hour} {
		if n := l.renewals(func() { l.passes(pass); l.syncs() }); n != 1 {
			t.Errorf("%s: %d calls for tokens, want 1", name, n)
		}
	}
	l.restart()
	l.syncs()
	l.lives()
	if c := l.server.Counts(); c.Granted["authorization_code"] != 1 || c.Granted["refresh_token"] != 2 {
		t.Errorf("the server has %+v", c)
	}
}

// syncs fails the test unless a sync ends well.
func (l *linked) syncs() {
	l.Helper()
	l.call(l.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}}, http.StatusAccepted)
	l.step()
	l.ends(l.lastRun(), "complete", "")
}

// TestLinkByLoginAnswers: what comes back to the callback is used once, by the browser that asked, for the link that it asked for; whatever else comes makes nothing, and the customer begins
// anew and connects.
func TestLinkByLoginAnswers(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	const unknown = "not begun in this browser"
	query := func(path string, change func(q url.Values)) string {
		u, err := url.Parse(path)
		l.check(err)
		q := u.Query()
		change(q)
		return u.Path + "?" + q.Encode()
	}
	cases := map[string]func(c *customer){
		"no state": func(c *customer) { c.refused(query(c.logsIn("ann"), func(q url.Values) { q.Del("state") }), unknown) },
		"another state": func(c *customer) {
			c.refused(query(c.logsIn("ann"), func(q url.Values) { q.Set("state", "x"+q.Get("state")[1:]+"y") }), unknown)
		},
		"nothing": func(c *customer) { c.refused("/link/oauth/callback", unknown) },
		"no code": func(c *customer) {
			c.refused(query(c.logsIn("ann"), func(q url.Values) { q.Del("code") }), "nothing to go on with")
		},
		"another browser, and then the rightful one": func(c *customer) {
			path := c.logsIn("ann")
			l.customer().refused(path, unknown)
			c.nothing()
			c.comes(path)
		},
		"no browser, and then the rightful one": func(c *customer) { path := c.logsIn("ann"); l.browser().get(path); c.nothing(); c.comes(path) },
		"somebody only looks": func(c *customer) {
			path := c.logsIn("ann")
			if r := c.ask(http.MethodHead, path); r.status != http.StatusMethodNotAllowed {
				t.Errorf("HEAD answers %d %q", r.status, r.to)
			}
			c.nothing()
			c.comes(path)
		},
		"too long a state": func(c *customer) {
			path := c.logsIn("ann")
			c.refused(query(path, func(q url.Values) { q.Set("state", strings.Repeat("x", 5000)) }), unknown)
			c.comes(path)
		},
		"a good one that is not chosen from": func(c *customer) { c.comes(c.logsIn("ann")) },
		"another issuer": func(c *customer) {
			c.refused(query(c.logsIn("ann"), func(q url.Values) { q.Set("iss", "https://evil.example.com") }), "another server")
		},
		"no issuer": func(c *customer) {
			c.refused(query(c.logsIn("ann"), func(q url.Values) { q.Del("iss") }), "another server")
		},
		"late": func(c *customer) {
			path := c.logsIn("ann")
			l.clock.add(10*time.Minute + time.Second)
			c.refused(path, "longer than ten minutes")
		},
		"the person says no": func(c *customer) {
			r := c.refused(c.back(c.at.Deny(c.server, c.leaves(), person("ann"))), "cancelled")
			if !strings.Contains(r.text, `href="`+c.path+`"`) {
				t.Errorf("no way to try again: %s", r.text)
			}
		},
		"scripts in the error": func(c *customer) {
			r := c.refused(query(c.back(c.at.Deny(c.server, c.leaves(), person("ann"))), func(q url.Values) { q.Set("error", "<script>x"); q.Set("error_description", "<script>y") }), "nothing to go on with")
			if strings.Contains(r.text, "<script>x") || strings.Contains(r.text, "<script>y") {
				t.Errorf("the page shows what anybody can write: %s", r.text)
			}
		},
		"replayed": func(c *customer) {
			path := query(c.logsIn("ann"), func(q url.Values) { q.Set("code", "wrong") })
			c.refused(path, "")
			c.refused(path, unknown)
		},
		"a code of another attempt": func(c *customer) {
			first, second := c.logsIn("ann"), c.logsIn("ann")
			code, err := url.Parse(first)
			c.check(err)
			c.refused(query(second, func(q url.Values) { q.Set("code", code.Query().Get("code")) }), "")
		},
		"swapped between two links of a browser": func(c *customer) {
			other := c.opens()
			mine, theirs := c.logsIn("ann"), other.logsIn("ann")
			a, err := url.Parse(mine)
			c.check(err)
			b, err := url.Parse(theirs)
			c.check(err)
			c.refused(query(mine, func(q url.Values) { q.Set("code", b.Query().Get("code")) }), "")
			other.refused(query(theirs, func(q url.Values) { q.Set("code", a.Query().Get("code")) }), "")
		},
	}
	for name, answer := range cases {
		t.Run(name, func(t *testing.T) {
			l.as(t)
			c := l.customer()
			answer(c)
			c.nothing()
			c.connects(c.logsIn("ann"))
		})
	}
}

// TestLinkByLoginTwice: an answer of the login server that comes again after it was used leads to the end of the link, for its browser alone, and makes nothing twice.
func TestLinkByLoginTwice(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	c := l.customer()
	path, second, third := c.logsIn("ann"), c.logsIn("ann"), c.logsIn("ann")
	c.connects(path)
	if r := c.get(path); r.status != http.StatusBadRequest || !strings.Contains(r.text, `href="`+c.path+`"`) {
		t.Errorf("the same answer once more: %d %q", r.status, r.to)
	}
	if r := c.get(second); r.status != http.StatusSeeOther || r.to != c.path+"/done" {
		t.Errorf("another answer in the same browser: %d %q", r.status, r.to)
	}
	fresh, err := url.Parse(c.get(c.path + "/done").to)
	c.check(err)
	code := fresh.Query().Get("code")
	for _, page := range []string{"/done", "/choose"} {
		if r := c.ask(http.MethodHead, c.path+page); r.status != http.StatusMethodNotAllowed || r.to != "" {
			t.Errorf("HEAD on %s answers %d %q", page, r.status, r.to)
		}
	}
	if r := l.browser().get(third); r.status != http.StatusBadRequest {
		t.Errorf("another answer in another browser: %d %q", r.status, r.to)
	}
	c.exchanges(code)
	if n := l.server.Counts().Granted["authorization_code"]; n != 1 {
		t.Errorf("%d codes were used", n)
	}
	l.lives()
}

// TestLinkByLoginWithoutTheServer: while a code is exchanged the login server is down, or the answer is lost: nothing is half made, the customer reads why, and connects with the next try.
func TestLinkByLoginWithoutTheServer(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	for name, fault := range map[string]erp.Fault{
		"down":                  {Status: http.StatusServiceUnavailable},
		"nobody there":          {Unread: true},
		"a page":                {LoginPage: true},
		"the answer is lost":    {Drop: true, Execute: true},
		"the answer is cut":     {Cut: 20},
		"the client is unknown": {Status: http.StatusUnauthorized, Body: `{"error":"invalid_client"}`},
	} {
		t.Run(name, func(t *testing.T) {
			l.as(t)
			c := l.customer()
			path := c.logsIn("ann")
			l.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: fault})
			if r := c.refused(path, "login"); !strings.Contains(r.text, `href="`+c.path+`"`) {
				t.Errorf("no way to try again: %s", r.text)
			}
			l.plan.Set()
			c.connects(c.logsIn("ann"))
		})
	}
}

// TestLinkByLoginWithoutTheSystem: the login is good, and the system does not answer, or does not take the token.
func TestLinkByLoginWithoutTheSystem(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	for name, fault := range map[string]erp.Fault{"down": {Status: http.StatusServiceUnavailable}, "refused": {Status: http.StatusUnauthorized}, "forbidden": {Status: http.StatusForbidden}} {
		t.Run(name, func(t *testing.T) {
			l.as(t)
			c := l.customer()
			path := c.logsIn("ann")
			l.plan.Set(erp.Rule{Path: "ping", Times: 9, Fault: fault})
			c.comes(path)
			if r := c.get(c.path + "/choose"); r.status != http.StatusUnprocessableEntity || !strings.Contains(words(r.text), "did not work yet") {
				t.Errorf("the page answers %d: %s", r.status, words(r.text))
			}
			c.nothing()
			l.plan.Set()
			c.chooses()
		})
	}
}

// TestLinkByLoginIsRenewedWhileSomebodyChooses: the tokens end before the customer has chosen. What they are renewed to is what the connection gets: the server ends a login whose old one comes again.
func TestLinkByLoginIsRenewedWhileSomebodyChooses(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	c := l.customer()
	c.comes(c.logsIn("ann"))
	l.revoke()
	if n := l.renewals(func() { c.get(c.path + "/choose") }); n != 1 {
		t.Errorf("the choice made %d calls for tokens, want 1", n)
	}
	l.revoke()
	code := c.chooses()
	c.exchanges(code)
	if n := l.renewals(func() { l.passes(2 * time.Hour); l.syncs() }); n != 1 {
		t.Errorf("%d calls for tokens after the end of the last, want 1", n)
	}
	l.lives()
}

// TestLinkByLoginIsOneBrowsers: nobody else chooses from what somebody logged in to.
func TestLinkByLoginIsOneBrowsers(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	c := l.customer()
	c.comes(c.logsIn("ann"))
	if r := l.customer().get(c.path + "/choose"); r.status != http.StatusForbidden {
		t.Errorf("another browser gets %d: %s", r.status, words(r.text))
	}
}

// comes comes back with a login that is good.
func (c *customer) comes(path string) {
	c.Helper()
	if r := c.get(path); r.status != http.StatusSeeOther || r.to != c.path+"/choose" {
		c.Fatalf("a login leads to %d %q: %s", r.status, r.to, words(r.text))
	}
	c.nothing()
}

// as lets the world fail another test.
func (l *linked) as(t *testing.T) { l.tester = t }
