package faulttest

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestWrittenLate is row 29: the write has its effect after we gave up waiting for the answer. While it may still come, nothing is sent again, and it is found.
func TestWrittenLate(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, "settle: 5s", "settle: 60s")
			for i, after := range []time.Duration{time.Second, 30 * time.Second, 59 * time.Second, 90 * time.Second, 119 * time.Second} {
				w.late(k, i+1, after)
			}
			w.even()
		})
	}
}

// late makes a write that has its effect so long after its answer was lost.
func (w *works) late(k kind, n int, after time.Duration) {
	w.Helper()
	q := k.make(w, n).async()
	w.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: erp.Fault{Commit: after, Drop: true}})
	a := w.write(q)
	a.what = fmt.Sprintf("%s, done after %v", k.name, after)
	w.step()
	if k.class != "W1" { // which sends at once again under a key that SimERP knows
		w.clock.add(after - time.Millisecond)
		w.step()
		if n := w.effects(q.is); n != 0 || w.sim.Held() != 1 {
			w.Fatalf("%s: %d effects before its time", a.what, n)
		}
		w.clock.add(time.Millisecond)
	}
	w.over(a.op)
	if k.alone() {
		it := w.stands(a, "needs_human")
		if k.class == "W4" && after <= time.Minute != (len(candidates(it)) == 1) {
			w.Fatalf("%s: the candidates are %v", a.what, candidates(it))
		}
		w.pass(after)
		w.decide(kind{}, loss{done: true}, a)
	}
	w.pass(after)
	if it := w.stands(a, "applied"); w.effects(q.is) != 1 {
		w.Fatalf("%s: %d effects: %s", a.what, w.effects(q.is), it)
	}
}

// TestWrittenLaterThanDeclared is what is left of row 29: the write has its effect later than its manifest says that it may. A key that the system holds to, a number that it
// allows once and a version that it insists on keep it from a second one; a mark that it does not look at (W3) does not, and then both records are there to be seen.
func TestWrittenLaterThanDeclared(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		if k.alone() || k.steps > 1 {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			q := k.make(w, 1).async()
			w.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: erp.Fault{Commit: time.Hour, Drop: true}})
			a := w.write(q)
			w.step()
			w.over(a.op)
			w.stands(a, "applied")
			w.clock.add(time.Hour)
			if k.class != "W3" {
				w.even()
				return
			}
			if n := w.effects(q.is); n != 2 {
				t.Errorf("%d effects", n)
			}
			w.asked = nil
			w.even()
		})
	}
}

// TestSilentSystem is row 26 with a system that does not answer at all, or not to the end: the wait ends, the write may have had its effect, and that is found out.
func TestSilentSystem(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]erp.Fault{"not a byte": {Hang: true, Execute: true}, "some bytes": {Stall: 30}} {
		for _, k := range kinds() {
			if !slices.Contains([]string{"items created", "orders created", "receipts created", "vendors changed"}, k.name) {
				continue
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				t.Parallel()
				w := newWorks(t, setup{calls: egress.ClientConfig{IdleTimeout: 700 * time.Millisecond, Deadline: 700 * time.Millisecond, Attempts: 1}})
				w.lose(k, loss{name: name, fault: f, done: true}, 1, 0, false)
				w.even()
			})
		}
	}
}

// TestKeepAlive is row 27: the system closes a connection that it kept open, after it has done what came on it. A transport that repeats such a request by itself would do it twice:
// before anything is looked for, exactly one request has come.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			for n := range 5 {
				q := k.make(w, n+1).async()
				var came atomic.Int64
				count := func(r *http.Request) bool { came.Add(1); return true }
				w.plan.Set(erp.Rule{Path: "*", Write: "*", When: count, Fault: erp.Fault{Drop: true, Execute: true}})
				a := w.write(q)
				w.step()
				if came.Load() != 1 || w.effects(q.is) != 1 {
					t.Fatalf("%d requests came, %d effects", came.Load(), w.effects(q.is))
				}
				w.plan.Set()
				w.over(a.op)
				if k.alone() {
					w.decide(kind{}, loss{done: true}, a)
				}
			}
			w.even()
		})
	}
}

// TestSystemThatIsOff is row 28: the system cannot be reached at all. Nothing was sent, the client is told so at once, its key is free, and what nobody waits for goes out when
// the system is back.
func TestSystemThatIsOff(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			waits, later := k.make(w, 1).with("Idempotency-Key", "once"), k.make(w, 2).async()
			address := w.sim.Addr()
			w.check(w.sim.Close())
			a := w.write(waits)
			switch {
			case a.status == http.StatusServiceUnavailable:
				w.asked = nil // what it was told holds until it asks again
			case a.status == http.StatusGatewayTimeout && a.op != "": // bytes left on a connection that was kept
			default:
				t.Errorf("the client was told %d, operation %q: %s", a.status, a.op, a.body)
			}
			if n := w.effects(waits.is); n != 0 {
				t.Errorf("%d effects in a system that is off", n)
			}
			w.check(w.sim.Start(address))
			w.pass(time.Minute)
			if again := w.write(waits); again.status/100 != 2 && again.body.get("code") != "operation-in-progress" {
				t.Errorf("repeated, it is answered with %d: %s", again.status, again.body)
			}
			w.check(w.sim.Close())
			b := w.write(later)
			if b.status != http.StatusAccepted && b.status != http.StatusServiceUnavailable {
				t.Errorf("in the background: %d %s", b.status, b.body)
			}
			w.step()
			w.check(w.sim.Start(address))
			if b.status == http.StatusAccepted {
				w.over(b.op)
				w.stands(b, "applied")
			}
			w.even()
		})
	}
}
