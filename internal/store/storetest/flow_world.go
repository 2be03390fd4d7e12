package storetest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// flow applies a flow of this name.
func (w *world) flow(name string, roles map[string]store.Scope) (f *store.Flow) {
	w.t.Helper()
	n := store.NewFlow{
		ID: w.id(), ProjectID: project, Name: name, Title: "Title", Document: "flow: " + name, Format: "yaml", By: "key", Settings: json.RawMessage(`{"parameters":{}}`),
		Sealed: []byte("sealed"), TriggerKind: "schedule", Roles: roles,
	}
	w.write(func(tx *store.Tx) (err error) {
		f, err = tx.PutFlow(w.t.Context(), n, w.now)
		return err
	})
	return f
}

// hold takes the lease of a flow.
func (w *world) holdFlow(f *store.Flow) *store.Flow {
	w.t.Helper()
	return must[*store.Flow](w)(w.AcquireFlow(w.t.Context(), f.ID, "worker", w.now.Add(time.Minute), w.now))
}

func (w *world) releaseFlow(f *store.Flow, wakeAt time.Time) error {
	return w.Write(w.t.Context(), func(tx *store.Tx) error {
		out, err := tx.ReleaseFlow(w.t.Context(), f, wakeAt)
		if err == nil {
			*f = *out
		}
		return err
	})
}

// flowRun begins a run with an each.
func (w *world) flowRun(f *store.Flow, with ...store.Scope) *store.FlowRun {
	w.t.Helper()
	return w.insertFlowRun(store.NewFlowRun{Flow: f, Connections: with})
}

func (w *world) insertFlowRun(n store.NewFlowRun) (r *store.FlowRun) {
	w.t.Helper()
	n.ID, n.TriggerKind, n.Caller = w.id(), "manual", "key"
	if n.Input == nil {
		n.Input = []byte(`{"rows":1}`)
	}
	w.write(func(tx *store.Tx) (err error) {
		r, err = tx.InsertFlowRun(w.t.Context(), n, w.now)
		return err
	})
	return r
}

// keyed makes items with these keys.
func keyed(keys ...string) []store.FlowItem {
	out := make([]store.FlowItem, len(keys))
	for i, k := range keys {
		out[i] = store.FlowItem{Key: k, Input: fmt.Appendf(nil, `{"id":%q}`, k)}
	}
	return out
}

// numbered makes n items.
func numbered(n int) []store.FlowItem {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint("k", i)
	}
	return keyed(keys...)
}

func (w *world) takeItems(r *store.FlowRun, step string, items []store.FlowItem) (taken []store.FlowItem) {
	w.t.Helper()
	w.write(func(tx *store.Tx) (err error) {
		taken, err = tx.TakeFlowItems(w.t.Context(), r, step, items, w.now)
		return err
	})
	return taken
}

// moveItems takes items to a status.
func (w *world) moveItems(r *store.FlowRun, to store.FlowItemStatus, items ...store.FlowItem) {
	w.t.Helper()
	moves := make([]store.FlowItemMove, len(items))
	for i := range items {
		moves[i] = items[i].Move(to)
	}
	w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(w.t.Context(), r, moves, w.now) })
	for i := range items {
		items[i].Status = to
	}
}

func (w *world) setRun(r *store.FlowRun) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error { return tx.SetFlowRun(w.t.Context(), r, w.now) })
}

func (w *world) flowItems(r *store.FlowRun, f store.FlowItemFilter) []store.FlowItem {
	w.t.Helper()
	return must[[]store.FlowItem](w)(w.FlowItems(w.t.Context(), r.FlowID, r.ID, f))
}

// counted compares a run's counts with its items.
func (w *world) counted(r *store.FlowRun) store.FlowCounts {
	w.t.Helper()
	stored := must[*store.FlowRun](w)(w.Store.FlowRun(w.t.Context(), r.FlowID, r.ID))
	var sum store.FlowCounts
	for step, c := range must[map[string]store.FlowCounts](w)(w.FlowStepCounts(w.t.Context(), r.FlowID, r.ID)) {
		if step == "" && !r.MainCounts {
			continue
		}
		sum.In, sum.Pending, sum.Running, sum.OK = sum.In+c.In, sum.Pending+c.Pending, sum.Running+c.Running, sum.OK+c.OK
		sum.Failed, sum.Skipped, sum.Cancelled = sum.Failed+c.Failed, sum.Skipped+c.Skipped, sum.Cancelled+c.Cancelled
	}
	w.equal("counts", stored.Counts, sum)
	w.equal("counts as given", r.Counts, sum)
	return sum
}

// places gives steps, numbers and keys of items.
func places(items []store.FlowItem) []string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = fmt.Sprint(it.Step, it.N, it.Key)
	}
	return out
}
