package faulttest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestOneKeyOneEffect is row 32: requests with one Idempotency-Key, side by side and one after the other, have one effect, and are answered by it.
func TestOneKeyOneEffect(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			q := k.make(w, 1).with("Idempotency-Key", "one")
			var all sync.WaitGroup
			answers := make([]*asked, 50)
			for i := range answers {
				all.Go(func() {
					var err error
					if answers[i], err = w.try(w.token, q); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			made := 0
			for _, a := range answers {
				switch {
				case a.status/100 == 2 && !a.replayed:
					made++
				case a.status/100 == 2:
				case a.status == http.StatusConflict && a.body.get("code") == "operation-in-progress":
				default:
					t.Errorf("one of 50 is answered with %d: %s", a.status, a.body)
				}
			}
			if made != 1 {
				t.Errorf("%d of 50 are told that theirs did it", made)
			}
			w.check(w.app.Writes.Drain(t.Context()))
			w.step()
			w.clock.add(29 * 24 * time.Hour)
			w.step()
			if a := w.write(q); a.status/100 != 2 || !a.replayed {
				t.Errorf("29 days later: %d (replayed: %t) %s", a.status, a.replayed, a.body)
			}
			other := k.make(w, 2).with("Idempotency-Key", "one")
			if a := w.write(other); a.status != http.StatusUnprocessableEntity || a.body.get("code") != "idempotency-key-reused" {
				t.Errorf("another request with the key: %d %s", a.status, a.body)
			}
			w.even()
		})
	}
}

// Each connection has keys of its own, and a key is free after 30 days.
func TestKeysEnd(t *testing.T) {
	t.Parallel()
	w := newWorks(t, setup{})
	k := kinds()[0]
	first := w.write(k.make(w, 1).with("Idempotency-Key", "one").patient())
	made := w.call(w.key, "POST", "/v1/connections", map[string]any{
		"system": "sim-test", "history": "all", "schedule": "manual", "entities": w.entities, "credentials": map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey},
	}, http.StatusCreated)
	w.check(w.app.Step(w.Context(), made.get("connection", "id")))
	other, err := w.try(made.get("token", "token"), k.make(w, 2).with("Idempotency-Key", "one").patient())
	w.check(err)
	if first.status != http.StatusCreated || other.status != http.StatusCreated || other.replayed {
		t.Errorf("the key of another connection: %d, %d (replayed: %t)", first.status, other.status, other.replayed)
	}
	w.clock.add(31 * 24 * time.Hour)
	for range 400 { // old keys go now and then
		w.step()
	}
	w.asked = nil // their operations are gone by now, or another connection's
	if a := w.write(k.make(w, 3).with("Idempotency-Key", "one").patient()); a.status != http.StatusCreated || a.replayed {
		t.Errorf("31 days later: %d (replayed: %t) %s", a.status, a.replayed, a.body)
	}
	w.even()
}

// TestClientGoesAway is row 33: the client goes while the system works on its write. That goes on, and the client's next request with the key gets its end.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			q := k.make(w, 1).with("Idempotency-Key", "one").patient()
			ctx, leave := context.WithCancel(t.Context())
			w.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: erp.Fault{Before: leave}})
			if a, err := w.tryUntil(ctx, w.token, q); err == nil {
				t.Errorf("the client went, and got %d %s", a.status, a.body)
			}
			w.plan.Set()
			w.check(w.app.Writes.Drain(t.Context()))
			a := w.write(q)
			if a.status/100 != 2 || !a.replayed {
				t.Errorf("it comes back and is told %d (replayed: %t): %s", a.status, a.replayed, a.body)
			}
			w.even()
		})
	}
}

// Clients that give up and come again: each asks with its key until it is told the end.
func TestClientsThatComeAgain(t *testing.T) {
	t.Parallel()
	w := newWorks(t, setup{})
	k := kinds()[3]
	rules := []erp.Fault{{Drop: true, Execute: true}, {Status: 502}, {Torn: 9}, {Unread: true}}
	for n := range 12 {
		w.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: rules[n%len(rules)]})
		q := k.make(w, n+1).with("Idempotency-Key", fmt.Sprintf("key-%d", n))
		for range 20 {
			a := w.write(q)
			if known, _ := a.definite(); known && a.status != http.StatusConflict {
				break
			}
			w.pass(2 * time.Second)
		}
		if n := w.effects(q.is); n != 1 {
			t.Errorf("%d effects", n)
		}
	}
	w.even()
}
