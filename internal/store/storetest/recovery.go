package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var recoveryTests = []test{
	{"an unreachable connection is due to be probed, any other is not", func(t *testing.T, w *world) {
		c := w.connect()
		due := func() int {
			return len(must[[]*store.Connection](w)(w.ProbesDue(t.Context(), w.now, 10)))
		}
		w.equal("active", due(), 0)
		w.state(c, store.ConnectionUnreachable, "timeout")
		w.equal("unreachable", due(), 1)
		w.write(func(tx *store.Tx) error { return tx.PlanProbe(t.Context(), c.Scope(), w.now.Add(time.Minute)) })
		w.equal("planned", due(), 0)
		w.write(func(tx *store.Tx) error { return tx.HurryProbe(t.Context(), c.Scope(), w.now.Add(time.Second)) })
		w.write(func(tx *store.Tx) error { return tx.HurryProbe(t.Context(), c.Scope(), w.now.Add(time.Hour)) })
		w.equal("hurried", due(), 0)
		w.tick(time.Second)
		w.equal("its time", due(), 1)
		w.state(c, store.ConnectionPaused, "")
		w.tick(time.Hour)
		w.equal("paused", due(), 0)
		w.state(c, store.ConnectionUnreachable, "timeout")
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.equal("disconnected", due(), 0)
	}},
	{"of many who take a probe one gets it", func(t *testing.T, w *world) {
		c := w.connect()
		w.state(c, store.ConnectionUnreachable, "timeout")
		c = must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
		var got atomic.Int64
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				mine, err := w.ClaimProbe(t.Context(), c, w.now.Add(time.Minute))
				if err != nil {
					t.Error(err)
				}
				if mine {
					got.Add(1)
				}
			})
		}
		all.Wait()
		w.equal("takers", got.Load(), 1)
		now := must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
		w.equal("next", now.ProbeAt, w.now.Add(time.Minute))
		w.equal("in vain", now.Probes, 1)
		w.state(c, store.ConnectionActive, "")
		w.equal("none left", must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope())).Probes, 0)
	}},
	{"a held run goes on after the hold, from where it was", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Incremental)
		w.apply(c, r, recs(3, "a"))
		hold := store.Hold{Until: w.now.Add(time.Hour), Code: "blackout", Detail: "until then"}
		w.ok(w.HoldRun(t.Context(), r, hold))
		w.is(w.HoldRun(t.Context(), r, hold), store.ErrFenced)
		got := must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID))
		w.equal("held", fmt.Sprintln(got.State, got.ReasonCode, got.RetryAt.Equal(hold.Until)), fmt.Sprintln("running", "blackout", true))
		w.equal("ready", len(must[[]store.Run](w)(w.RunnableRuns(t.Context(), c.Scope(), w.now))), 0)
		w.tick(time.Hour)
		w.equal("ready", len(must[[]store.Run](w)(w.RunnableRuns(t.Context(), c.Scope(), w.now))), 1)
		again := w.acquire(got)
		w.equal("again", fmt.Sprintln(again.State, again.ReasonCode, again.Attempt, again.Counts.Pages, again.RetryAt.IsZero()), fmt.Sprintln("running", "", 1, 1, true))
	}},
	{"holding a connection's runs leaves those at work and those that wait longer", func(t *testing.T, w *world) {
		c := w.connect()
		working := w.begin(c, vendors, store.Incremental)
		waiting, _ := w.request(c, orders, store.Incremental)
		hold := store.Hold{Until: w.now.Add(time.Hour), Code: "blackout"}
		w.write(func(tx *store.Tx) error { return tx.HoldRuns(t.Context(), c.Scope(), hold) })
		w.equal("at work", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), working.ID)).ReasonCode, "")
		w.equal("waiting", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), waiting.ID)).RetryAt, hold.Until)
		w.write(func(tx *store.Tx) error {
			return tx.HoldRuns(t.Context(), c.Scope(), store.Hold{Until: w.now.Add(time.Minute), Code: "other"})
		})
		w.equal("waits longer", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), waiting.ID)).RetryAt, hold.Until)
		w.write(func(tx *store.Tx) error { return tx.FreeRuns(t.Context(), c.Scope(), "blackout") })
		w.equal("freed", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), waiting.ID)).RetryAt.IsZero(), true)
	}},
}
