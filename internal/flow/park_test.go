package flow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// deaf wakes flows, but one.
type deaf struct {
	flow.Waker
	to string // id
}

func (d deaf) Wake(ctx context.Context, tx *store.Tx, lane store.Lane, ids ...string) error {
	if slices.Contains(ids, d.to) {
		return errors.New("nobody hears")
	}
	return d.Waker.Wake(ctx, tx, lane, ids...)
}

// A run that cannot go on by a fault of Busbar's is tried again, and parked after many times: it says so, a person resumes it, and it can be cancelled, also while the fault lasts.
func TestRunsAreParked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nsteps: [{id: done, transform: {a: 1}}]\n")
	w.apply("flow: outer\nruns: {at_once: 2}\nsteps: [{id: called, call: {flow: inner}}]\n")
	inner, err := w.app.Flows.Flow(t.Context(), w.project, "inner")
	w.check(err)
	hears := w.app.Flows.Waker
	w.app.Flows.Waker = deaf{hears, inner.ID}
	one, two := w.run("outer", ""), w.run("outer", "")
	if one.State != store.FlowRunWaiting || one.ReasonCode != "internal" || one.Paused {
		t.Errorf("at first it is %s (%s)", one.State, one.ReasonCode)
	}
	for range 15 {
		w.clock.add(time.Minute)
		w.settle()
	}
	if one = w.read(one); !one.Paused || one.Faults != 10 || one.ReasonCode != "internal" || one.ReasonDetail == "" {
		t.Errorf("after a quarter of an hour it is %s (%s %s), %d faults", one.State, one.ReasonCode, one.ReasonDetail, one.Faults)
	}
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "outer", one.ID)
	w.check(err)
	w.settle()
	w.ended(w.read(one), store.FlowRunCancelled, store.FlowCounts{In: 1, Cancelled: 1})
	w.app.Flows.Waker = hears
	_, err = w.app.Flows.ResumeRun(w.acting(), w.project, "outer", two.ID)
	w.check(err)
	w.settle()
	w.ended(w.read(two), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
}

// stopper asks for the end of every run whose flow it wakes, behind whatever wakes it.
type stopper struct {
	flow.Waker
	run string
}

func (s stopper) Wake(ctx context.Context, tx *store.Tx, _ store.Lane, ids ...string) error {
	r, err := tx.FlowRun(ctx, ids[0], s.run)
	if err != nil {
		return err
	}
	r.CancelRequested = true
	return tx.SetFlowRun(ctx, r, time.Now())
}

// A cancel that comes while failed items are begun again, which takes several steps where they are many, stays.
func TestCancelWhileRetried(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: bad\nsteps:\n  - id: rows\n    each: {in: 1..501, batch_size: 500, steps: [{id: bad, transform: \"${item.x.y}\"}]}\n")
	r := w.run("bad", "")
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 501, Failed: 501})
	hears := w.app.Flows.Waker
	w.app.Flows.Waker = stopper{hears, r.ID}
	_, n, err := w.app.Flows.Retry(w.acting(), w.project, "bad", r.ID, flow.Retry{})
	w.check(err)
	w.app.Flows.Waker = hears
	w.settle()
	if n != 500 {
		t.Errorf("%d are begun again", n)
	}
	w.ended(w.read(r), store.FlowRunCancelled, store.FlowCounts{In: 501, Failed: 1, Cancelled: 500})
}
