package faulttest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// lostRenewal is a renewal of a login that goes wrong, and what must come of it.
type lostRenewal struct {
	name   string
	login  *erp.OAuth
	fault  erp.Fault
	times  int    // renewals that it spoils
	reason string // of needs_reauthorization; empty: the login lives
	asks   int    // calls that come to SimERP in the end, those that are provoked among them
}

func lenient(grace time.Duration) *erp.OAuth {
	o := rotating()
	o.Grace = grace
	return o
}

func unrotated() *erp.OAuth {
	o := rotating()
	o.Rotates = false
	return o
}

func byClient() *erp.OAuth {
	o := rotating()
	o.RefreshToken, o.Rotates = "", false
	return o
}

func lostRenewals() []lostRenewal {
	done := func(f erp.Fault) erp.Fault { f.Execute = true; return f }
	return []lostRenewal{
		{"the answer is lost", rotating(), erp.Fault{Drop: true, Execute: true}, 1, "login-lost", 3},
		{"a byte of its head comes", rotating(), erp.Fault{Torn: 1}, 1, "login-lost", 3},
		{"most of its body comes", rotating(), erp.Fault{Longer: 1}, 1, "login-lost", 3},
		{"a gateway answers instead", rotating(), done(erp.Fault{Status: 502}), 1, "login-lost", 3},
		{"a login page answers instead", rotating(), done(erp.Fault{LoginPage: true}), 1, "login-lost", 3},
		{"an answer without a token", rotating(), done(erp.Fault{Body: `{"token_type":"Bearer"}`}), 1, "login-lost", 3},
		{"the answer is lost, and the old token is taken for a while", lenient(time.Minute), erp.Fault{Drop: true, Execute: true}, 1, "", 2},
		{"the answer is lost twice, and the old token is taken for a while", lenient(time.Hour), erp.Fault{Drop: true, Execute: true}, 2, "", 3},
		{"the answer is lost, and tokens are not replaced", unrotated(), erp.Fault{Drop: true, Execute: true}, 1, "", 2},
		{"the answer is lost, and the client alone logs in", byClient(), erp.Fault{Drop: true, Execute: true}, 1, "", 2},
		{"closed before the request was read", rotating(), erp.Fault{Unread: true}, 1, "", 1},
		{"a login page, twice", rotating(), erp.Fault{LoginPage: true}, 2, "", 1},
		{"500 without a word, twice", rotating(), erp.Fault{Status: 500}, 2, "", 1},
		{"503 that asks to wait", rotating(), erp.Fault{Status: 503, RetryAfter: time.Second}, 1, "", 1},
		{"429", rotating(), erp.Fault{Status: 429, RetryAfter: time.Second}, 1, "", 1},
		{"a redirect", rotating(), erp.Fault{Status: 302, Header: map[string]string{"Location": "/login"}, Body: "{}"}, 2, "", 1},
		{"an error that nobody knows", rotating(), erp.Fault{Status: 400, Body: `{"error":"teapot"}`}, 1, "", 1},
		{"a failure in the protocol's words", rotating(), erp.Fault{Status: 400, Body: `{"error":"temporarily_unavailable"}`}, 2, "", 1},
		{"refused once by mistake", rotating(), erp.Fault{Status: 400, Body: `{"error":"invalid_grant"}`}, 1, "", 1},
		{"refused for good", rotating(), erp.Fault{Status: 400, Body: `{"error":"invalid_grant"}`}, 2, "credentials-refused", 0},
		{"the client is refused for good", rotating(), erp.Fault{Status: 401, Body: `{"error":"invalid_client"}`}, 2, "credentials-refused", 0},
	}
}

// TestRenewalOfALoginIsLost is row 38: the answer in which the system renewed the login is lost or is no answer. Only a login that the system has ended by that needs a new one,
// which is said with the reason; every other goes on.
func TestRenewalOfALoginIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range lostRenewals() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newLogin(t, c.login, setup{})
			w.change()
			w.expire()
			w.plan.Set(erp.Rule{Path: "token", Times: c.times, Fault: c.fault})
			asks := w.asks(func() { w.goesOn() })
			if hits := w.plan.Hits(); hits != c.times || asks != c.asks {
				t.Errorf("%d renewals were spoilt and %d came through, want %d and %d", hits, asks, c.times, c.asks)
			}
			w.plan.Set()
			if c.reason == "" {
				w.alive()
				w.even()
				return
			}
			w.needsLogin(c.reason)
			w.even()
		})
	}
}

// goesOn syncs until a run is complete or the connection waits for a new login.
func (w *works) goesOn() {
	w.Helper()
	run := w.sync("incremental")
	for range 12 {
		switch state := run.get("state"); {
		case w.connection() == "needs_reauthorization", state == "complete":
			return
		case state == "failed":
			run = w.sync("incremental")
			continue
		}
		w.pass(time.Minute)
		run = w.run(run.get("id"))
	}
	w.Fatalf("no run comes to an end: %s", run)
}

// needsLogin fails the test unless the connection asks for a new login for that reason and sends nothing meanwhile; then a person logs in anew.
func (w *works) needsLogin(reason string) {
	w.Helper()
	c := w.call(w.token, "GET", "/v1/connection", nil, http.StatusOK)
	if c.get("status") != "needs_reauthorization" || c.get("status_code") != reason || c.get("status_detail") == "" {
		w.Fatalf("the connection is %s, %s: %s", c.get("status"), c.get("status_code"), c.get("status_detail"))
	}
	if n := w.asks(func() { w.pass(time.Hour); w.write(creating("vendors", map[string]any{"name": title(1)}, 1)) }); n != 0 {
		w.Errorf("%d calls for tokens while the login is dead", n)
	}
	w.asked = nil
	given := w.credentials()
	given["refresh_token"] = w.sim.LogInAnew()
	w.call(w.key, "POST", "/v1/connections/"+w.world.id+"/reauthorize", map[string]any{"credentials": given}, http.StatusOK)
	w.step()
	if w.connection() != "active" {
		w.Errorf("with a new login the connection is %s", w.connection())
	}
}

// TestRenewalIsNotedBeforeItIsSent is row 38: that an answer is open is stored before the first byte of a renewal, and outlasts the process that waited for it.
func TestRenewalIsNotedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w := newLogin(t, rotating(), setup{})
	conn, err := w.app.Store.ConnectionForWork(t.Context(), w.world.id)
	w.check(err)
	noted := false
	w.expire()
	w.plan.Set(erp.Rule{Path: "token", Fault: erp.Fault{Drop: true, Execute: true, Before: func() {
		row, err := w.app.Store.LoginTokens(t.Context(), conn.Scope())
		noted = err == nil && row.Owner != "" && !row.AskedAt.IsZero()
	}}, Times: 1}, erp.Rule{Path: "token", Fault: erp.Fault{Status: 503}})
	w.sync("incremental")
	if !noted {
		t.Error("a renewal went out that was not noted")
	}
	w.plan.Set()
	w.restart()
	w.clock.add(time.Minute)
	w.goesOn()
	w.needsLogin("login-lost")
	w.even()
}

// TestTokensOutliveTheStoreAndTheProcess: tokens are granted while they cannot be stored, for longer than that is tried. The process uses them, and stores them before it ends.
func TestTokensOutliveTheStoreAndTheProcess(t *testing.T) {
	t.Parallel()
	w := newLogin(t, rotating(), setup{})
	w.change()
	w.expire()
	w.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: erp.Fault{Before: func() { w.rename("login_tokens", "hidden") }}})
	if n := w.asks(func() {
		w.goesOn()
		w.rename("hidden", "login_tokens")
		w.restart()
		w.clock.add(2 * time.Minute)
		w.goesOn()
	}); n != 1 {
		t.Errorf("%d calls for tokens, want 1", n)
	}
	w.alive()
	w.even()
}

// rename renames a table: what needs it fails.
func (w *works) rename(from, to string) {
	w.Helper()
	_, err := w.app.Store.DB().ExecContext(w.Context(), "alter table "+from+" rename to "+to)
	w.check(err)
}

// TestGoodTokenDoesNotWaitForTheStore: the store does not answer at all when a token is about to end, or is to be stored. Whoever has the token goes on after a moment.
func TestGoodTokenDoesNotWaitForTheStore(t *testing.T) {
	t.Parallel()
	w := newLogin(t, rotating(), setup{postgres: true})
	_, remote := w.fresh("vendors", 1)
	hang := func() (end func()) {
		tx, err := w.app.Store.DB().BeginTx(w.Context(), nil)
		w.check(err)
		_, err = tx.ExecContext(w.Context(), "lock table login_tokens in access exclusive mode")
		w.check(err)
		return func() { w.check(tx.Rollback()) }
	}
	reads := func(what string, renewals int) {
		t.Helper()
		within, cancel := context.WithTimeout(w.Context(), 10*time.Second)
		defer cancel()
		if n := w.asks(func() { w.check(read(within, w.app, w.world.id, remote)) }); n != renewals {
			t.Errorf("%s: %d renewals, want %d", what, n, renewals)
		}
	}
	w.clock.add(time.Hour - time.Minute)
	end := hang()
	reads("about to end", 0)
	end()
	w.clock.add(10 * time.Second)
	w.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: erp.Fault{Before: func() { w.rename("login_tokens", "hidden") }}})
	reads("renewed", 1)
	w.rename("hidden", "login_tokens")
	end = hang()
	reads("not stored", 0)
	end()
	w.alive()
	w.even()
}

// TestLoginServerIsOff: a renewal of which no byte went out loses nothing, however often it is tried.
func TestLoginServerIsOff(t *testing.T) {
	t.Parallel()
	w := newLogin(t, rotating(), setup{})
	w.change()
	w.expire()
	address := w.sim.Addr()
	w.check(w.sim.Close())
	w.sync("incremental")
	if w.connection() != "unreachable" {
		t.Errorf("the connection is %s", w.connection())
	}
	w.restart()
	w.pass(time.Hour)
	w.check(w.sim.Start(address))
	if n := w.asks(func() { w.pass(time.Hour) }); n != 1 {
		t.Errorf("%d calls for tokens, want 1", n)
	}
	w.alive()
	w.even()
}

// TestOtherLoginsLive is row 38: of many connections only the one whose renewal was lost needs a new login.
func TestOtherLoginsLive(t *testing.T) {
	t.Parallel()
	w := newLogin(t, rotating(), setup{})
	others := map[string]string{} // tokens by connection
	for range 3 {
		given := w.credentials()
		given["refresh_token"] = w.sim.LogInAnew()
		made := w.call(w.key, "POST", "/v1/connections", map[string]any{"system": "sim-test", "schedule": "manual", "entities": []string{"vendors"}, "credentials": given}, http.StatusCreated)
		others[made.get("connection", "id")] = made.get("token", "token")
	}
	w.expire()
	w.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: erp.Fault{Drop: true, Execute: true}})
	w.goesOn()
	if asks := w.asks(func() {
		for id, token := range others {
			w.call(token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}}, http.StatusAccepted)
			w.check(w.app.Step(w.Context(), id))
			if got := w.call(token, "GET", "/v1/connection", nil, http.StatusOK).get("status"); got != "active" {
				t.Errorf("another connection is %s", got)
			}
		}
	}); asks != len(others) {
		t.Errorf("%d calls for tokens of %d other logins", asks, len(others))
	}
	if l := w.sim.Logins(); l.Ended != 1 {
		t.Errorf("%d logins have ended", l.Ended)
	}
	w.needsLogin("login-lost")
	w.even()
}
