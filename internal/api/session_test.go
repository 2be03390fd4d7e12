package api_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
)

const memberPassword = "correct battery horse"

// member lets somebody of a role in.
func (w *world) member(email, role string) member.Session {
	w.t.Helper()
	return w.memberOf(w.project, email, role)
}

func (w *world) memberOf(project, email, role string) member.Session {
	w.t.Helper()
	ctx, from := acting(w.t.Context()), member.Browser{Address: netip.MustParseAddr("192.0.2.1")}
	l := must(w.members.Invite(ctx, member.By{Scopes: member.ScopesOf(member.Owner)}, project, email, role))
	return must(w.members.Join(ctx, l.Plain, member.Profile{Name: "Ada <script>", Password: memberPassword}, from))
}

// as calls with a session's cookie, as a page of this server does.
func (w *world) as(s member.Session, method, path, body string, headers ...string) answer {
	w.t.Helper()
	return w.call(method, path, "", body, append([]string{"Cookie", "__Host-busbar=" + s.Plain, "Busbar-Request", "1", "Sec-Fetch-Site", "same-origin"}, headers...)...)
}

func TestSessionsAreForPagesOfThisServer(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	s := w.member("ada@example.com", member.Operator)
	cookie := "__Host-busbar=" + s.Plain
	for name, tt := range map[string]struct {
		headers []string
		status  int
		code    string
	}{
		"our page":                {[]string{"Cookie", cookie, "Busbar-Request", "1", "Sec-Fetch-Site", "same-origin"}, 202, ""},
		"our page, by its origin": {[]string{"Cookie", cookie, "Busbar-Request", "1", "Origin", w.url}, 202, ""},
		"a form of another site":  {[]string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403, "cross-site-request"},
		"another host of ours":    {[]string{"Cookie", cookie, "Busbar-Request", "1", "Sec-Fetch-Site", "same-site"}, 403, "cross-site-request"},
		"another origin":          {[]string{"Cookie", cookie, "Busbar-Request", "1", "Origin", "https://evil.example"}, 403, "cross-site-request"},
		"a form that says little": {[]string{"Cookie", cookie}, 403, "cross-site-request"},
		"another cookie":          {[]string{"Cookie", "busbar=" + s.Plain, "Busbar-Request", "1"}, 401, "invalid-token"},
		"two cookies":             {[]string{"Cookie", cookie + "; " + cookie, "Busbar-Request", "1"}, 401, "invalid-token"},
		"no session":              {[]string{"Cookie", "__Host-busbar=bb_ses_x", "Busbar-Request", "1"}, 401, "invalid-token"},
		"a token beside it":       {[]string{"Cookie", "__Host-busbar=bb_ses_x", "Authorization", "Bearer " + token}, 202, ""},
		"a bad token beside it":   {[]string{"Cookie", cookie, "Busbar-Request", "1", "Authorization", "Bearer x"}, 401, "invalid-token"},
		"the secret as a token":   {[]string{"Authorization", "Bearer " + s.Plain}, 401, "invalid-token"},
	} {
		a := w.call("POST", "/v1/syncs", "", `{}`, append(tt.headers, "Busbar-Connection", c.ID)...)
		if a.status != tt.status || a.code() != tt.code {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	w.want(w.call("GET", "/v1/connections", "", "", "Cookie", cookie), 200, "")
	w.want(w.call("GET", "/v1/purchase-orders", "", "", "Cookie", cookie), 422, "invalid-parameter")
	me := w.want(w.call("GET", "/v1/me", "", "", "Cookie", cookie), 200, "")
	if me.body["kind"] != "member" || strings.Contains(me.text, "argon2") {
		t.Errorf("got %s", me.text)
	}
	w.want(w.call("GET", "/v1/me", token, ""), 200, "")
	w.want(w.call("GET", "/v1/me", w.key, ""), 200, "")
}

func TestSensitiveActsNeedARecentProof(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	s := w.member("ada@example.com", member.Owner)
	invite := func() answer {
		return w.as(s, "POST", "/v1/invitations", `{"email":"bob@example.com","role":"viewer"}`)
	}
	w.want(invite(), 201, "")
	w.tick(member.Fresh)
	w.want(invite(), 403, "reauthentication-required")
	w.want(w.as(s, "POST", "/v1/connections/"+c.ID+"/tokens", `{"label":"x"}`), 403, "reauthentication-required")
	w.want(w.as(s, "GET", "/v1/members", ""), 200, "")
	w.want(w.as(s, "POST", "/v1/session/reauthenticate", `{"password":"wrong"}`), 422, "validation-failed")
	a := w.want(w.as(s, "POST", "/v1/session/reauthenticate", `{"password":"`+memberPassword+`"}`), 200, "")
	cookie, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil || cookie.Name != "__Host-busbar" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
		t.Fatalf("got %v %v", cookie, err)
	}
	w.want(w.as(s, "GET", "/v1/me", ""), 401, "invalid-token")
	s.Plain = cookie.Value
	w.want(invite(), 201, "")
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	w := newWorld(t)
	first := w.member("ada@example.com", member.Viewer)
	second := must(w.members.Login(t.Context(), "ada@example.com", memberPassword, member.Browser{Address: netip.MustParseAddr("192.0.2.1")}))
	third := must(w.members.Login(t.Context(), "ada@example.com", memberPassword, member.Browser{Address: netip.MustParseAddr("192.0.2.1")}))
	if n := len(w.want(w.as(first, "GET", "/v1/sessions", ""), 200, "").data()); n != 3 {
		t.Errorf("%d sessions", n)
	}
	w.want(w.as(first, "DELETE", "/v1/sessions/"+second.ID, ""), 204, "")
	w.want(w.as(second, "GET", "/v1/me", ""), 401, "invalid-token")
	other := w.member("bob@example.com", member.Viewer)
	w.want(w.as(other, "DELETE", "/v1/sessions/"+third.ID, ""), 404, "not-found")
	w.want(w.as(other, "GET", "/v1/sessions?member="+first.MemberID, ""), 403, "missing-scope")
	w.want(w.as(first, "POST", "/v1/sessions/end-others", ""), 200, "")
	w.want(w.as(third, "GET", "/v1/me", ""), 401, "invalid-token")
	w.want(w.as(first, "GET", "/v1/me", ""), 200, "")
	w.want(w.call("GET", "/v1/sessions?member="+first.MemberID, w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/sessions", w.key, ""), 422, "invalid-parameter")
	w.tick(time.Hour)
	w.want(w.as(first, "GET", "/v1/me", ""), 401, "invalid-token")
}
