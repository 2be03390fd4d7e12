package faulttest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestTokenEndsAndCannotBeRenewed: the token is revoked at the moment of a write, and the server of tokens is out of order. The write is known to have had no effect: it goes out when there is a token again, or its
// client is told so; nobody has to look what became of it, also where nothing but a person could.
func TestTokenEndsAndCannotBeRenewed(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		for _, waits := range []bool{false, true} {
			if k.steps > 1 {
				continue
			}
			t.Run(fmt.Sprintf("%s, waited for: %t", k.name, waits), func(t *testing.T) {
				t.Parallel()
				w := newLogin(t, rotating(), setup{})
				q := k.make(w, 1)
				if !waits {
					q = q.async()
				}
				w.clock.add(2 * time.Minute)
				w.plan.Set(erp.Rule{Path: "token", Fault: erp.Fault{Status: http.StatusServiceUnavailable}},
					erp.Rule{Path: "*", Write: "*", Times: 1, Fault: erp.Fault{Before: func() { w.sim.RevokeTokens() }}})
				a := w.write(q)
				w.step()
				if n := w.effects(q.is); n != 0 {
					t.Fatalf("%d effects without a token", n)
				}
				if waits {
					if a.status != http.StatusBadGateway || a.body.get("code") != "system-error" || a.body.get("retryable") != "true" {
						t.Errorf("the client is told %d %s", a.status, a.body)
					}
					w.stands(a, "rejected")
					w.even()
					return
				}
				w.stands(a, "pending")
				w.plan.Set()
				w.over(a.op)
				w.stands(a, "applied")
				w.even()
			})
		}
	}
}

// TestTokenEndsBeforeACallForMany: one call for tokens, and the call for many is made again at once.
func TestTokenEndsBeforeACallForMany(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"best_effort", "all_or_none"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newLogin(t, rotating(), setup{})
			w.clock.add(2 * time.Minute)
			calls := 0
			w.plan.Set(erp.Rule{Path: "bulk", When: func(*http.Request) bool { calls++; return true }, Times: 1, Fault: erp.Fault{Before: func() { w.sim.RevokeTokens() }}})
			var items []any
			for n := range 20 {
				items = append(items, map[string]any{"op": "create", "data": map[string]any{"name": title(n)}})
			}
			var op object
			asks := w.asks(func() {
				op = w.call(w.token, "POST", "/v1/vendors/batch", map[string]any{"mode": mode, "items": items}, http.StatusAccepted)
				w.step()
			})
			o := w.operation(op.get("id"))
			if asks != 1 || calls != 2 || o.get("state") != "completed" || o.get("counts", "applied") != "20" {
				t.Errorf("%d calls for tokens, %d for many, and the batch is %s", asks, calls, o)
			}
			made := 0
			for _, e := range w.sim.Effects() {
				if e.Op == "create" && e.Resource == "vendors" && strings.Contains(string(e.Record), "Written") {
					made++
				}
			}
			if made != 20 {
				t.Errorf("%d vendors were made", made)
			}
			w.alive()
			w.even()
		})
	}
}
