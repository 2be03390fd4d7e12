package faulttest

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// provided is a SimERP whose tokens come from a server of OAuth 2.0 that is not ours. It replaces refresh tokens, and ends a login whose old one comes again.
type provided struct {
	*works
	server *oidc.Server
	client oidc.Client
}

// The client and the people of the server.
func machine() oidc.Client { return oidc.Machine("busbar", "CANARY-client-secret") }
func onBehalf() oidc.Client {
	return oidc.Web("busbar", "CANARY-client-secret", "http://127.0.0.1:1/back")
}

func person(name string) oidc.Person {
	return oidc.Person{Subject: name, Login: name, Password: "CANARY-" + name}
}

// newProvided connects a Busbar to it: with a refresh token of ann, where people log in to the client.
func newProvided(t *testing.T, c oidc.Client, s setup) *provided {
	t.Helper()
	p := &provided{client: c, server: oidc.Start(t, oidc.Settings{
		Clients: []oidc.Client{c}, People: []oidc.Person{person("ann"), person("bob")}, TTL: map[string]int{"AccessToken": 3600, "ClientCredentials": 3600},
	})}
	o := &erp.OAuth{ClientID: c.ID, ClientSecret: c.Secret, By: p.tokens(t), Takes: func(token string) bool { return p.server.Active(p.client, token) }}
	if len(c.Redirects) > 0 {
		o.RefreshToken = p.logIn("ann")
	}
	p.works = newLogin(t, o, s)
	return p
}

// tokens passes calls for tokens on to the server.
func (p *provided) tokens(t *testing.T) http.Handler {
	t.Helper()
	target, err := url.Parse(p.server.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.URL.Path, r.Out.Host = target.Scheme, target.Host, "/token", target.Host
	}}
}

// logIn is a person who logs in at the server: it gives the first refresh token.
func (p *provided) logIn(name string) string {
	return p.server.Grant(p.client, person(name), "openid offline_access").Refresh
}

// passes lets time go by for Busbar, SimERP and the server.
func (p *provided) passes(d time.Duration) {
	p.Helper()
	p.server.Pass(d)
	p.clock.add(d)
}

// revoke ends the access tokens that there are; refresh tokens stay.
func (p *provided) revoke() {
	p.Helper()
	p.server.Forget("AccessToken")
	p.server.Forget("ClientCredentials")
}

// renewals counts the calls for tokens that the server itself saw while fn ran.
func (p *provided) renewals(fn func()) int {
	p.Helper()
	calls := func() (n int) {
		c := p.server.Counts()
		for _, of := range []map[string]int{c.Granted, c.Refused} {
			for _, times := range of {
				n += times
			}
		}
		return n
	}
	before := calls()
	fn()
	return calls() - before
}

// lives fails the test unless the connection works, and the server ended nothing.
func (p *provided) lives() {
	p.Helper()
	if c := p.server.Counts(); p.connection() != "active" || c.Revoked > 0 || len(c.Refused) > 0 {
		p.Errorf("the connection is %s, the server has %+v", p.connection(), c)
	}
}

// anew gives the connection a login of that person.
func (p *provided) anew(name string) {
	p.Helper()
	given := p.credentials()
	given["client_secret"] = p.client.Secret
	if p.oauth.RefreshToken != "" {
		given["refresh_token"] = p.logIn(name)
	}
	p.call(p.key, "POST", "/v1/connections/"+p.world.id+"/reauthorize", map[string]any{"credentials": given}, http.StatusOK)
}

// connectAs makes another connection, of another person, and gives its token.
func (p *provided) connectAs(name string) string {
	p.Helper()
	given := p.credentials()
	given["refresh_token"] = p.logIn(name)
	made := p.call(p.key, "POST", "/v1/connections", map[string]any{"system": "sim-test", "schedule": "manual", "entities": []string{"vendors"}, "credentials": given}, http.StatusCreated)
	p.check(p.app.Step(p.Context(), made.get("connection", "id")))
	return made.get("token", "token")
}

// worksAs syncs by another connection's token and fails the test unless that is well.
func (p *provided) worksAs(token string) {
	p.Helper()
	p.call(token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}}, http.StatusAccepted)
	conn := p.call(token, "GET", "/v1/connection", nil, http.StatusOK)
	p.check(p.app.Step(p.Context(), conn.get("id")))
	if got := p.call(token, "GET", "/v1/connection", nil, http.StatusOK).get("status"); got != "active" {
		p.Errorf("another connection is %s", got)
	}
}

// diesWithTheAnswer lets another process get the next tokens and end before it has stored them.
func (p *provided) diesWithTheAnswer() {
	p.Helper()
	_, remote := p.fresh("vendors", 1)
	dying := p.replicas(1)[0]
	ctx, leave := context.WithCancel(p.Context())
	defer leave()
	p.passes(2 * time.Hour)
	p.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: erp.Fault{Before: func() { _ = dying.Store.Close(); leave() }}})
	_ = read(ctx, dying, p.world.id, remote)
	p.plan.Set()
	p.passes(61 * time.Second)
}

// lost fails the test unless the server has ended the login for an old refresh token, and the connection says so and sends nothing more.
func (p *provided) lost() {
	p.Helper()
	says := func() object {
		c := p.call(p.token, "GET", "/v1/connection", nil, http.StatusOK)
		if c.get("status") != "needs_reauthorization" || c.get("status_code") != "login-lost" || !strings.Contains(c.get("status_detail"), "log in anew") {
			p.Fatalf("the connection is %s, %s: %s", c.get("status"), c.get("status_code"), c.get("status_detail"))
		}
		return c
	}
	since := says().get("status_since")
	if n := p.renewals(func() {
		p.passes(time.Hour)
		p.step()
		p.write(creating("vendors", map[string]any{"name": title(1)}, 1))
	}); n != 0 || since == "" || says().get("status_since") != since {
		p.Errorf("%d calls for tokens while the login is dead, or it died again", n)
	}
	p.asked = nil
	c := p.server.Counts()
	if old := c.Refused["refresh_token refresh token already used"]; old != 1 || c.Revoked != 1 {
		p.Errorf("the old refresh token came %d times, %d logins were ended; want one of each: %+v", old, c.Revoked, c)
	}
	if after := c.Refused["refresh_token refresh token not found"]; after > 1 {
		p.Errorf("it came %d times more", after)
	}
}

// reconnected gives the connection a new login in place, and fails the test unless it goes on with what it had.
func (p *provided) reconnected() {
	p.Helper()
	had, stream := len(p.stored()), p.stream()
	p.anew("ann")
	if p.oauth.RefreshToken == "" && p.connection() == "needs_reauthorization" {
		p.Error("the new login is not taken")
	}
	if now := len(p.stored()); had == 0 || now != had {
		p.Errorf("with a new login there are %d records, before it %d", now, had)
	}
	if now := p.stream(); now.get("cursor") != stream.get("cursor") || now.get("epoch") != stream.get("epoch") {
		p.Errorf("with a new login the stream is %s, before it %s", now, stream)
	}
	p.step()
	if run := p.lastRun(); p.connection() != "active" || run.get("mode") != "incremental" {
		p.Errorf("with a new login the connection is %s, and ran %s", p.connection(), run)
	}
	p.ends(p.lastRun(), "complete", "")
	p.even()
}
