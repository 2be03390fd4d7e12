package oidc_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member/oidc"
	real "github.com/busbar-dev/busbar/internal/realsys/oidc"
)

// TestLogin: a person who logs in at the server is who it says, whether the id token tells the address or the server has to be asked for it.
func TestLogin(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]real.Settings{"all in the token": {}, "the address on demand": {UserinfoOnly: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			for _, p := range []real.Person{ann(), bob()} {
				address := w.begin("browser")
				who, err := w.Finish(t.Context(), "browser", w.visit(address, p))
				if err != nil || who.Subject != p.Subject || who.Issuer != w.server.Issuer || who.Email != p.Email || who.EmailVerified != p.Verified || who.Name != p.Name {
					t.Errorf("%s is %+v, %v", p.Login, who, err)
				}
				if who != nil && time.Since(who.ProvedAt) > time.Minute {
					t.Errorf("proved at %s", who.ProvedAt)
				}
			}
		})
	}
}

// TestWhatGoesOut: the browser carries a challenge and never the verifier, and the way back is the one that is registered.
func TestWhatGoesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	address := w.begin("browser")
	if _, err := w.Finish(t.Context(), "browser", w.visit(address, ann())); err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	q, form := u.Query(), w.forms[0]
	verifier := form.Get("code_verifier")
	if len(verifier) < 43 || strings.Contains(address, verifier) || q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 43 || len(q.Get("nonce")) < 43 {
		t.Errorf("%v, then %v", q, form)
	}
	if q.Get("redirect_uri") != back || form.Get("redirect_uri") != back || form.Has("client_secret") || strings.Contains(address, "CANARY") {
		t.Errorf("%v, then %v", q, form)
	}
	if next, _ := url.Parse(w.begin("browser")); next.Query().Get("state") == q.Get("state") || next.Query().Get("nonce") == q.Get("nonce") {
		t.Error("a second login has the state or nonce of the first")
	}
}

// TestStates: a way back counts once, in the browser that began, within ten minutes.
func TestStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	t.Run("replayed", func(t *testing.T) {
		a := w.visit(w.begin("browser"), ann())
		if _, err := w.Finish(t.Context(), "browser", a); err != nil {
			t.Fatal(err)
		}
		w.refuses("browser", a, oidc.NotBegun)
	})
	t.Run("missing", func(t *testing.T) {
		a := w.visit(w.begin("browser"), ann())
		a.State = ""
		w.refuses("browser", a, oidc.NotBegun)
	})
	t.Run("invented", func(t *testing.T) {
		a := w.visit(w.begin("browser"), ann())
		a.State += "x"
		w.refuses("browser", a, oidc.NotBegun)
	})
	t.Run("of another browser: whoever is lured onto the way back of a stranger's login is not logged in as the stranger", func(t *testing.T) {
		a := w.visit(w.begin("attacker"), bob())
		w.refuses("victim", a, oidc.NotBegun)
		w.refuses("", a, oidc.NotBegun)
	})
	t.Run("swapped: the code of one login with the state of another", func(t *testing.T) {
		victim, attacker := w.visit(w.begin("victim"), ann()), w.visit(w.begin("attacker"), bob())
		w.refuses("victim", oidc.Answer{State: victim.State, Code: attacker.Code, Issuer: victim.Issuer}, oidc.Denied)
	})
	t.Run("too late", func(t *testing.T) {
		a := w.visit(w.begin("browser"), ann())
		w.ahead.Add(int64(10 * time.Minute))
		w.refuses("browser", a, oidc.NotBegun)
		w.ahead.Store(0)
	})
	t.Run("a code that was used", func(t *testing.T) {
		a := w.visit(w.begin("browser"), ann())
		if _, err := w.Finish(t.Context(), "browser", a); err != nil {
			t.Fatal(err)
		}
		later := w.visit(w.begin("browser"), ann())
		later.Code = a.Code
		w.refuses("browser", later, oidc.Denied)
	})
}

// TestNonces: an id token of another login does not log anybody in.
func TestNonces(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	w.refuses("browser", w.visit(changed(t, w.begin("browser"), "nonce", "another"), ann()), oidc.Unproved)
	w.refuses("browser", w.visit(changed(t, w.begin("browser"), "nonce", ""), ann()), oidc.Unproved)
}

// TestOtherServers: an answer counts only when it names the server that was asked.
func TestOtherServers(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t, real.Settings{}), newWorld(t, real.Settings{})
	honest := w.visit(w.begin("browser"), ann())
	foreign := other.visit(other.begin("browser"), ann())
	w.refuses("browser", oidc.Answer{State: honest.State, Code: foreign.Code, Issuer: foreign.Issuer}, oidc.OtherServer)
	again := w.visit(w.begin("browser"), ann())
	w.refuses("browser", oidc.Answer{State: again.State, Code: foreign.Code, Issuer: again.Issuer}, oidc.Denied)
	unnamed := w.visit(w.begin("browser"), ann())
	unnamed.Issuer = ""
	w.refuses("browser", unnamed, oidc.OtherServer)
	for _, form := range w.forms {
		if form.Get("code") == honest.Code || form.Get("code") == unnamed.Code {
			t.Error("a code was sent to a server that did not name itself")
		}
	}
}

// TestRefusals: what the server or the person there says no to, ends the login.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	said := answer(w.server.NewBrowser().Deny(w.server, w.begin("browser"), ann()))
	if said.Error != "access_denied" {
		t.Errorf("%+v", said)
	}
	w.refuses("browser", said, oidc.Denied)
	w.refuses("browser", said, oidc.NotBegun)
	a := w.visit(w.begin("browser"), ann())
	w.server.SetClient(real.Web("busbar", "another-secret", back))
	w.refuses("browser", a, oidc.Denied)
}

// TestIDTokens: an id token that is not signed by the server for this client proves nothing.
func TestIDTokens(t *testing.T) {
	t.Parallel()
	other := real.Web("other", "other-secret", back)
	w := newWorld(t, real.Settings{Clients: []real.Client{other}})
	foreign := w.server.Grant(other, ann(), "openid offline_access").ID
	part := func(token string, n int) string { return strings.Split(token, ".")[n] }
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for name, spoil := range map[string]func(string) any{
		"of another client":      func(string) any { return foreign },
		"the payload of another": func(own string) any { return part(own, 0) + "." + part(foreign, 1) + "." + part(own, 2) },
		"not signed":             func(own string) any { return unsigned + "." + part(own, 1) + "." },
		"none":                   func(string) any { return nil },
		"none that is one":       func(string) any { return "CANARY" },
	} {
		t.Run(name, func(t *testing.T) {
			w.spoil = func(said map[string]any) { said["id_token"] = spoil(said["id_token"].(string)) }
			w.refuses("browser", w.visit(w.begin("browser"), ann()), oidc.Unproved)
		})
	}
	w.spoil = nil
	a := w.visit(w.begin("browser"), ann())
	w.server.Pass(-time.Hour) // so that its token has ended by our clock
	w.refuses("browser", a, oidc.Unproved)
}

// TestFreshProof: who asks for a fresh proof gets one, though the person is logged in at the server; a browser that leaves the question out proves nothing.
func TestFreshProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	b := w.server.NewBrowser()
	b.LogIn(w.server, w.begin("browser"), ann())
	later := 30 * time.Minute
	w.server.Pass(later)
	w.ahead.Store(int64(later))
	begin := func() string {
		address, err := w.Begin(t.Context(), "browser", true, "")
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	cut := changed(t, changed(t, begin(), "prompt", ""), "max_age", "36000")
	w.refuses("browser", answer(b.LogIn(w.server, cut, ann())), oidc.Stale)
	who, err := w.Finish(t.Context(), "browser", answer(b.LogIn(w.server, begin(), ann())))
	if err != nil || time.Now().Add(later).Sub(who.ProvedAt) > time.Minute {
		t.Errorf("%+v, %v", who, err)
	}
}

// TestUnavailable: a server that is none is said to be so, and is looked for again.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, real.Settings{})
	for _, issuer := range []string{w.server.Issuer + "/nowhere", w.server.Issuer + "/", "http://127.0.0.1:1"} {
		_, err := w.provider(issuer).Begin(t.Context(), "browser", false, "")
		if e, is := err.(*oidc.Error); !is || e.Reason != oidc.Unavailable { //nolint:errorlint // Begin gives it as it is
			t.Errorf("%s: %v", issuer, err)
		}
	}
}
