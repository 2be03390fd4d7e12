package connection_test

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// hides lets every look at the stored tokens of logins and every change to them fail, until back is called.
func (w *world) hides() (back func()) {
	w.t.Helper()
	rename := func(from, to string) {
		if _, err := w.store.DB().ExecContext(w.t.Context(), "alter table "+from+" rename to "+to); err != nil {
			w.t.Error(err)
		}
	}
	rename("login_tokens", "hidden")
	return func() { rename("hidden", "login_tokens") }
}

// uses fails the test unless a call goes through with that token and so many renewals were asked for.
func (g *granting) uses(t *testing.T, s *connection.Service, c *store.Connection, token string, renewals int) {
	t.Helper()
	if err := fetch(t.Context(), s, c); err != nil {
		t.Error(err)
	}
	if used, asks := g.last(); used != token || asks != renewals {
		t.Errorf("%q is used after %d renewals, want %q after %d", used, asks, token, renewals)
	}
}

// TestTokensAreStoredLater: the database is away when tokens are granted, for longer than they are tried to be stored. The whole process uses them meanwhile, and whatever it does next
// stores them, so that nobody sends the refresh token that they replaced.
func TestTokensAreStoredLater(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(s *connection.Service, c, other *store.Connection) error{
		"the next call":                    func(s *connection.Service, c, _ *store.Connection) error { return fetch(t.Context(), s, c) },
		"the next call of another client":  func(s *connection.Service, _, other *store.Connection) error { return fetch(t.Context(), s, other) },
		"the look that comes now and then": func(s *connection.Service, _, _ *store.Connection) error { return s.SaveLogins(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			conn := w.granted()
			other := *conn
			other.TimeZone = "Asia/Tokyo" // takes another client in place of the one that there is
			var back func()
			s, g := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) { back = w.hides(); return grants(2, a) })
			g.uses(t, s, conn, "CANARY-access-2", 1)
			g.uses(t, s, conn, "CANARY-access-2", 1)
			g.uses(t, s, &other, "CANARY-access-2", 1)
			w.pass(61 * time.Second)
			back()
			if err := next(s, conn, &other); err != nil {
				t.Error(err)
			}
			if row, err := w.store.LoginTokens(t.Context(), conn.Scope()); err != nil || row.Version != 2 || row.Owner != "" || !row.AskedAt.IsZero() {
				t.Errorf("%+v is stored, %v", row, err)
			}
			second, g2 := w.replica(nil)
			g2.uses(t, second, conn, "CANARY-access-2", 0)
			g.uses(t, s, conn, "CANARY-access-2", 1)
		})
	}
}

// TestGoodTokenOutlivesTheStore: while a token is good, nobody minds that the store cannot be read in time to renew it.
func TestGoodTokenOutlivesTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.granted()
	s, g := w.replica(func(n int, a driver.Asking) (driver.Grant, error) { return grants(n+1, a) })
	g.uses(t, s, conn, "CANARY-access-2", 1)
	w.pass(59 * time.Minute)
	back := w.hides()
	g.uses(t, s, conn, "CANARY-access-2", 1)
	w.pass(30 * time.Second)
	g.uses(t, s, conn, "CANARY-access-2", 1)
	w.pass(31 * time.Second)
	if err := fetch(t.Context(), s, conn); driver.FateOf(err) != driver.NotSent {
		t.Errorf("without a good token: %v", err)
	}
	back()
	g.uses(t, s, conn, "CANARY-access-3", 2)
}
