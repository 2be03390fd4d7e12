package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var flowRunTests = []test{
	{"what an item has claimed is its own until it is final or gives it back", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.flowRun(w.flow("a", nil))
		items := w.takeItems(r, "each", numbered(2))
		key := func(n int64) store.FlowItemKey {
			return store.FlowItemKey{Flow: r.FlowID, Run: r.ID, Step: "each", N: n}
		}
		claims := func(n int64) (holder *store.FlowItemKey) {
			w.write(func(tx *store.Tx) (err error) {
				holder, err = tx.ClaimForFlowItem(t.Context(), c.Scope(), "items x", key(n))
				return err
			})
			return holder
		}
		w.equal("free", claims(0) == nil, true)
		w.equal("its own", claims(0) == nil, true)
		w.equal("another's", *claims(1), key(0))
		w.write(func(tx *store.Tx) error { return tx.LeaveFlowClaim(t.Context(), c.Scope(), "items x", key(1)) })
		w.equal("nobody gives back another's", *claims(1), key(0))
		w.moveItems(r, store.FlowItemOK, items[0])
		w.equal("of one that is final", claims(1) == nil, true)
		w.write(func(tx *store.Tx) error { return tx.LeaveFlowClaim(t.Context(), c.Scope(), "items x", key(1)) })
		w.equal("given back", claims(0) == nil, true)
	}},
	{"a run ends when none of its items is open, and what somebody changed is not overwritten", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		items := w.takeItems(r, "each", numbered(2))
		set := func(r *store.FlowRun) error {
			return w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlowRun(t.Context(), r, w.now) })
		}
		stale := *r
		w.tick(time.Second)
		r.State, r.DueAt, r.Output = store.FlowRunRunning, w.now.Add(time.Minute), []byte(`"so far"`)
		w.ok(set(r))
		w.equal("as stored", r, must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), r.FlowID, r.ID)))
		w.equal("begun", words(r.StartedAt, r.FinishedAt.IsZero(), string(r.Output)), words(w.now, true, `"so far"`))
		stale.CancelRequested = true
		w.is(set(&stale), store.ErrConflict)
		w.moveItems(r, store.FlowItemOK, items[0])
		ended := *r
		ended.State, ended.ReasonCode, ended.ReasonDetail = store.FlowRunFailed, "code", "detail\x00"
		w.is(set(&ended), store.ErrConflict)
		w.moveItems(r, store.FlowItemFailed, items[1])
		w.tick(time.Second)
		w.ok(set(&ended))
		w.equal("ended", words(ended.State, ended.FinishedAt, ended.DueAt.IsZero(), ended.StartedAt, ended.Counts), words("failed", w.now, true, w.now.Add(-time.Second), store.FlowCounts{In: 2, OK: 1, Failed: 1}))
		got := must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), r.FlowID, r.ID))
		w.equal("reason", words(got.ReasonCode, got.ReasonDetail), "code detail\uFFFD")
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.TakeFlowItems(t.Context(), got, "each", keyed("late"), w.now)
			return err
		}), store.ErrConflict)
		w.moveItems(got, store.FlowItemPending, w.flowItems(got, store.FlowItemFilter{Statuses: []store.FlowItemStatus{store.FlowItemFailed}})...)
		got.State, got.Retries, got.Paused = store.FlowRunQueued, 1, true
		w.ok(set(got))
		w.equal("again", words(got.FinishedAt.IsZero(), got.StartedAt), words(true, w.now.Add(-time.Second)))
		w.equal("counts", w.counted(got), store.FlowCounts{In: 2, Pending: 1, OK: 1})
	}},
	{"runs are listed newest first, of a flow and of a project", func(t *testing.T, w *world) {
		f, g := w.flow("a", nil), w.flow("b", nil)
		a, b, c := w.flowRun(f), w.flowRun(g), w.flowRun(f)
		a.State = store.FlowRunWaiting
		w.setRun(a)
		w.end(c)
		for name, tt := range map[string]struct {
			filter store.FlowRunFilter
			want   []string
		}{
			"project":    {store.FlowRunFilter{Project: project}, []string{c.ID, b.ID, a.ID}},
			"flow":       {store.FlowRunFilter{Project: project, Flow: f.ID}, []string{c.ID, a.ID}},
			"page":       {store.FlowRunFilter{Project: project, Before: c.ID, Limit: 1}, []string{b.ID}},
			"flow, page": {store.FlowRunFilter{Flow: f.ID, Before: c.ID}, []string{a.ID}},
			"state":      {store.FlowRunFilter{Project: project, State: store.FlowRunWaiting}, []string{a.ID}},
			"both":       {store.FlowRunFilter{Flow: f.ID, State: store.FlowRunCompleted}, []string{c.ID}},
			"of no one":  {store.FlowRunFilter{Project: "p2"}, []string{}},
		} {
			w.equal(name, runIDs(must[[]store.FlowRun](w)(w.FlowRuns(t.Context(), tt.filter))), tt.want)
		}
		w.equal("open", runIDs(must[[]store.FlowRun](w)(w.FlowRunsOpen(t.Context(), f.ID, 10))), []string{a.ID})
		w.is(second(w.Store.FlowRun(t.Context(), g.ID, a.ID)), store.ErrNotFound)
	}},
	{"a run can go on when it is due, and a paused one only to be cancelled", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		next := func() time.Time { return must[time.Time](w)(w.NextFlowRun(t.Context(), f.ID)) }
		w.equal("none", next().IsZero(), true)
		a, b, c := w.flowRun(f), w.flowRun(f), w.flowRun(f)
		a.State, a.DueAt = store.FlowRunWaiting, w.now.Add(time.Minute)
		b.State, b.DueAt = store.FlowRunWaiting, time.Time{}
		c.Paused = true
		w.setRun(a)
		w.setRun(b)
		w.setRun(c)
		runnable := func() []string {
			return runIDs(must[[]store.FlowRun](w)(w.RunnableFlowRuns(t.Context(), f.ID, w.now, 10)))
		}
		w.equal("none is due", runnable(), []string{})
		w.equal("next", next(), w.now.Add(time.Minute))
		w.tick(time.Minute)
		w.equal("due", runnable(), []string{a.ID})
		c.CancelRequested = true
		w.setRun(c)
		w.equal("to be cancelled", runnable(), []string{c.ID, a.ID})
		w.write(func(tx *store.Tx) error {
			at, err := tx.NextFlowItem(t.Context(), f.ID, b.ID)
			w.equal("its main thread", at, w.now.Add(-time.Minute))
			return err
		})
	}},
	{"a clock that went back takes what is due with it", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		r := w.flowRun(f)
		later := w.now.Add(2 * time.Hour)
		m := w.flowItems(r, store.FlowItemFilter{})[0].Move(store.FlowItemRunning)
		m.DueAt, m.Waits, r.State, r.DueAt, f.DueAt = later, store.FlowWaitsTime, store.FlowRunWaiting, later, later
		w.write(func(tx *store.Tx) error {
			w.ok(tx.SetFlow(t.Context(), f))
			w.ok(tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{m}, w.now))
			return tx.SetFlowRun(t.Context(), r, w.now)
		})
		w.ok(w.releaseFlow(w.holdFlow(f), later))
		w.ok(w.ShiftSchedules(t.Context(), w.now, time.Hour))
		want := later.Add(-time.Hour)
		f = must[*store.Flow](w)(w.FlowByID(t.Context(), f.ID))
		w.equal("flow", words(f.DueAt, f.WakeAt), words(want, want))
		w.equal("run", must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, r.ID)).DueAt, want)
		w.equal("item", w.flowItems(r, store.FlowItemFilter{})[0].DueAt, want)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlowRun(t.Context(), r, w.now) }), store.ErrConflict)
	}},
	{"who waits for an operation, or for another run, goes on when it is over", func(t *testing.T, w *world) {
		c, other := w.connect(), w.connect()
		f, g := w.flow("a", nil), w.flow("b", nil)
		waiting := func(f *store.Flow, c *store.Connection, operation, waits string) *store.FlowRun {
			r := w.insertFlowRun(store.NewFlowRun{Flow: f, MainCounts: true})
			m := w.flowItems(r, store.FlowItemFilter{})[0].Move(store.FlowItemRunning)
			m.DueAt, m.Waits, m.Operation, m.Connection = time.Time{}, waits, operation, c.ID
			w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{m}, w.now) })
			r.State, r.DueAt = store.FlowRunWaiting, time.Time{}
			w.setRun(r)
			return r
		}
		a, b := waiting(f, c, "op", store.FlowWaitsOperation), waiting(g, c, "op", store.FlowWaitsOperation)
		for _, still := range []*store.FlowRun{waiting(f, other, "op", store.FlowWaitsOperation), waiting(f, c, "op2", store.FlowWaitsOperation), waiting(f, c, "op", store.FlowWaitsCall)} {
			defer func() { w.equal("still waits", w.flowItems(still, store.FlowItemFilter{})[0].DueAt.IsZero(), true) }()
		}
		for _, f := range []*store.Flow{f, g} {
			w.ok(w.releaseFlow(w.holdFlow(f), time.Time{}))
		}
		w.equal("nothing to do", w.flowBacklog(), []string{})
		stale := *a
		w.write(func(tx *store.Tx) error {
			flows, err := tx.WakeFlowsOfOperation(t.Context(), c.Scope(), "op", w.now)
			w.equal("flows", flows, []string{f.ID, g.ID})
			return err
		})
		w.equal("woken", w.flowBacklog(), []string{f.ID, g.ID})
		for _, r := range []*store.FlowRun{a, b} {
			w.equal("run", runIDs(must[[]store.FlowRun](w)(w.RunnableFlowRuns(t.Context(), r.FlowID, w.now, 10))), []string{r.ID})
			w.equal("item", len(must[[]store.FlowItem](w)(w.RunnableFlowItems(t.Context(), r.FlowID, r.ID, w.now, 10))), 1)
		}
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlowRun(t.Context(), &stale, w.now) }), store.ErrConflict)
		call := waiting(g, other, "", store.FlowWaitsCall)
		wake := func(n int64) error {
			return w.Write(t.Context(), func(tx *store.Tx) error {
				return tx.WakeFlowItem(t.Context(), store.FlowItemKey{Flow: g.ID, Run: call.ID, N: n}, w.now)
			})
		}
		w.ok(wake(0))
		w.equal("called", w.flowItems(call, store.FlowItemFilter{})[0].DueAt, w.now)
		w.is(wake(1), store.ErrNotFound)
		call = must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), g.ID, call.ID))
		w.moveItems(call, store.FlowItemOK, w.flowItems(call, store.FlowItemFilter{})...)
		w.is(wake(0), store.ErrNotFound)
	}},
	{"what has not begun is cancelled at once, and what waits for a time where that is asked for", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		one, two := w.takeItems(r, "one", numbered(5)), w.takeItems(r, "two", numbered(2))
		w.moveItems(r, store.FlowItemOK, one[0])
		later, busy := one[1].Move(store.FlowItemRunning), one[2].Move(store.FlowItemRunning)
		later.Waits, busy.Waits = store.FlowWaitsTime, store.FlowWaitsOperation
		w.write(func(tx *store.Tx) error {
			return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{later, busy}, w.now)
		})
		cancel := func(step *string, begun bool) (n int64) {
			w.write(func(tx *store.Tx) (err error) {
				n, err = tx.CancelFlowItems(t.Context(), r, step, begun, []byte(`{"code":"x"}`), w.now)
				return err
			})
			return n
		}
		w.equal("of a step", cancel(new("one"), false), 2)
		w.equal("counts", w.counted(r), store.FlowCounts{In: 7, OK: 1, Running: 2, Pending: 2, Cancelled: 2})
		w.equal("item", words(w.flowItems(r, store.FlowItemFilter{FromStep: "one", FromN: 3})[0].Status, string(w.flowItems(r, store.FlowItemFilter{FromStep: "one", FromN: 3})[0].Error)), `cancelled {"code":"x"}`)
		w.equal("of all, the main thread too", cancel(nil, true), 4)
		w.equal("counts", w.counted(r), store.FlowCounts{In: 7, OK: 1, Running: 1, Cancelled: 5})
		w.equal("none", cancel(nil, true), 0)
		_ = two
		main := w.insertFlowRun(store.NewFlowRun{Flow: must[*store.Flow](w)(w.FlowByID(t.Context(), r.FlowID)), MainCounts: true})
		r = main
		w.equal("the main thread that counts", cancel(nil, false), 1)
		w.equal("counts", w.counted(r), store.FlowCounts{In: 1, Cancelled: 1})
	}},
}

// end completes a run, all of whose items are skipped.
func (w *world) end(r *store.FlowRun) {
	w.t.Helper()
	for _, it := range w.flowItems(r, store.FlowItemFilter{Limit: 10_000}) {
		if !it.Status.Final() {
			w.moveItems(r, store.FlowItemSkipped, it)
		}
	}
	r.State = store.FlowRunCompleted
	w.setRun(r)
}

func runIDs(runs []store.FlowRun) []string {
	out := []string{}
	for _, r := range runs {
		out = append(out, r.ID)
	}
	return out
}
