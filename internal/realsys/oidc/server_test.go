package oidc_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/oidc"
)

// TestServer: the server does what tests rely on: it replaces refresh tokens, ends a grant whose old one comes again, lets tokens run out by its clock, and counts.
func TestServer(t *testing.T) {
	t.Parallel()
	app := oidc.Web("app", "app-secret", "http://127.0.0.1:1/back")
	ann := oidc.Person{Subject: "1", Login: "ann", Password: "pw", Email: "ann@example.com", Verified: true, Name: "Ann"}
	s := oidc.Start(t, oidc.Settings{Clients: []oidc.Client{app, oidc.Machine("robot", "robot-secret")}, People: []oidc.Person{ann}, TTL: map[string]int{"AccessToken": 60}})
	first := s.Grant(app, ann, "openid offline_access")
	if !s.Active(app, first.Access) {
		t.Error("a token just granted is not good")
	}
	s.Pass(61 * time.Second)
	if s.Active(app, first.Access) {
		t.Error("a token outlives its end")
	}
	renew := func(token string) oidc.Tokens {
		return s.Ask(app, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	second := renew(first.Refresh)
	if second.Refresh == "" || second.Refresh == first.Refresh || !s.Active(app, second.Access) {
		t.Errorf("the renewal gives %+v", second)
	}
	if again := renew(first.Refresh); again.Error != "invalid_grant" {
		t.Errorf("a used refresh token gives %+v", again)
	}
	if after := renew(second.Refresh); after.Error != "invalid_grant" || s.Active(app, second.Access) {
		t.Errorf("what was granted outlives the reuse: %+v", after)
	}
	if c := s.Counts(); c.Granted["refresh_token"] != 1 || c.Refused["refresh_token refresh token already used"] != 1 || c.Revoked != 1 {
		t.Errorf("%+v", c)
	}
	s.SetClient(oidc.Machine("robot", "another-secret"))
	if got := s.Ask(oidc.Machine("robot", "robot-secret"), url.Values{"grant_type": {"client_credentials"}}); got.Error != "invalid_client" {
		t.Errorf("the old secret gives %+v", got)
	}
}

// TestPeople: a person may say no, and one who is logged in is not asked again.
func TestPeople(t *testing.T) {
	t.Parallel()
	app := oidc.Web("app", "", "http://127.0.0.1:1/back")
	ann := oidc.Person{Subject: "1", Login: "ann", Password: "pw"}
	s := oidc.Start(t, oidc.Settings{Clients: []oidc.Client{app}, People: []oidc.Person{ann}})
	address := s.Issuer + "/auth?client_id=app&response_type=code&scope=openid&redirect_uri=http://127.0.0.1:1/back&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
	if back := s.NewBrowser().Deny(s, address, ann).Query(); back.Get("error") != "access_denied" || back.Get("state") != "s" {
		t.Errorf("a person who says no comes back with %v", back)
	}
	b := s.NewBrowser()
	if back := b.LogIn(s, address, ann).Query(); back.Get("code") == "" || back.Get("iss") != s.Issuer {
		t.Errorf("a person who logs in comes back with %v", back)
	}
	if back := b.LogIn(s, address, oidc.Person{}).Query(); back.Get("code") == "" {
		t.Errorf("a person who is logged in comes back with %v", back)
	}
}
