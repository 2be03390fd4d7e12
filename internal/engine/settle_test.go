package engine

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What ends a run and what only delays it is told by the kind of error alone.
func TestErrorsOfTheSystemEndOrDelayARun(t *testing.T) {
	t.Parallel()
	cases := map[driver.Kind]struct {
		state  store.RunState
		reason problem.Reason
	}{
		driver.Permission:  {store.RunFailed, problem.ReasonPermissionMissing},
		driver.Invalid:     {store.RunFailed, problem.ReasonRequestRefused},
		driver.TooLarge:    {store.RunFailed, problem.ReasonAnswerTooLarge},
		driver.NotSystem:   {store.RunQueued, problem.ReasonNotThisSystem},
		driver.RateLimited: {store.RunQueued, problem.ReasonSystemRateLimited},
		driver.Torn:        {store.RunQueued, problem.ReasonAnswerDamaged},
		driver.TokenGone:   {store.RunQueued, problem.ReasonPageTokenGone},
	}
	for kind, want := range cases {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.fetch = func(driver.Request) (*driver.Page, error) { return nil, &driver.Error{Kind: kind, Detail: "no"} }
			w.ends(w.sync(store.Full), want.state, want.reason)
		})
	}
}

// A worker whose run somebody else has taken says nothing of the system any more: what it met may be long ago.
func TestWhoLostARunDoesNotReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		w.clock = w.clock.Add(2 * lease.For)
		_, err := w.store.AcquireRun(t.Context(), &runs[0], "another", w.clock.Add(lease.For), w.clock)
		w.must(err)
		return nil, &driver.Error{Kind: driver.Unreachable, Detail: "no answer"}
	}
	w.work()
	if r := w.run(runs[0].ID); r.State != store.RunRunning || len(w.reports) > 0 {
		t.Errorf("the run is %s; reported: %v", r.State, w.reports)
	}
}

// A process that dies when it has ended a run and not yet said so leaves the connection's state as it was; the next turn brings it up to date.
func TestATurnWithoutARunSettlesTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	run, err := w.store.AcquireRun(t.Context(), &runs[0], "dies", w.clock.Add(time.Minute), w.clock)
	w.must(err)
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.FinishRun(t.Context(), run, store.Finish{State: store.RunComplete, Full: true}, w.clock)
	}))
	w.work()
	if w.settled != 1 {
		t.Errorf("settled %d times; want once", w.settled)
	}
}
