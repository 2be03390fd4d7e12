package faulttest

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestTokenExpiresBetweenReadAndWrite is row 38: the access token ends, or is revoked, after the record was read for an update and before the update is sent. The write goes
// out once with the next token; the client is told that it is done, and sees nothing of it.
func TestTokenExpiresBetweenReadAndWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		login *erp.OAuth
		end   func(w *works)
		asks  int
	}{
		"expires":                               {rotating(), (*works).expire, 1},
		"revoked early":                         {rotating(), func(w *works) { w.sim.RevokeTokens() }, 1},
		"revoked early, by the client's secret": {&erp.OAuth{ClientID: "busbar", ClientSecret: "sim-client-secret-0"}, func(w *works) { w.sim.RevokeTokens() }, 1},
		"expires, and nobody said when":         {&erp.OAuth{ClientID: "busbar", ClientSecret: "sim-client-secret-0", RefreshToken: "sim-refresh-of-the-form", Rotates: true, Silent: true}, (*works).expire, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newLogin(t, c.login, setup{})
			for n, entity := range []string{"vendors", "items", "purchase-orders"} {
				w.clock.add(2 * time.Minute)
				q := w.changing(entity, map[string]string{"vendors": "name", "items": "description", "purchase-orders": "notes"}[entity], n)
				var once sync.Once
				w.plan.Set(erp.Rule{Path: "*", When: func(r *http.Request) bool { return r.Method == http.MethodPatch }, Times: 1,
					Fault: erp.Fault{Before: func() { once.Do(func() { c.end(w) }) }}})
				var a *asked
				if n := w.asks(func() { a = w.write(q) }); n != c.asks {
					t.Errorf("%s: %d calls for tokens, want %d", entity, n, c.asks)
				}
				w.plan.Set()
				if a.status != http.StatusOK {
					t.Errorf("%s: the client is told %d %s", entity, a.status, a.body)
				}
			}
			w.alive()
			w.even()
		})
	}
}

// TestTokensAndClocks: the system's clock is hours ahead or behind, and jumps. Tokens are renewed once in their life, and once for each that ended early.
func TestTokensAndClocks(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			w := newLogin(t, rotating(), setup{ahead: ahead})
			step := func(what string, want int, pass time.Duration) {
				t.Helper()
				if n := w.asks(func() { w.clock.add(pass); w.sync("incremental") }); n != want {
					t.Errorf("%s: %d calls for tokens, want %d", what, n, want)
				}
				w.alive()
			}
			step("in the life of a token", 0, 50*time.Minute)
			step("near its end", 1, 9*time.Minute)
			step("in the life of the next", 0, 50*time.Minute)
			step("behind its end", 1, 30*time.Minute)
			w.shift.Add(int64(2 * time.Hour))
			step("the system's clock jumps", 1, 0)
			w.shift.Add(int64(-time.Hour))
			step("and back", 0, 0)
			w.even()
		})
	}
}
