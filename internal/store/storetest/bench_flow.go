package storetest

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

// benchFlowItems takes pages of items into a run of a flow and moves each item twice.
func benchFlowItems(w *bench) {
	var r *store.FlowRun
	ctx := w.b.Context()
	w.ok(w.s.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.PutFlow(ctx, store.NewFlow{ID: "f", ProjectID: "p1", Name: "f"}, w.now)
		w.ok(err)
		r, err = tx.InsertFlowRun(ctx, store.NewFlowRun{ID: "r", Flow: f}, w.now)
		return err
	}))
	n := 0
	for w.b.Loop() {
		items := make([]store.FlowItem, pageLen)
		for i := range items {
			items[i] = store.FlowItem{Key: fmt.Sprint(n*pageLen + i), Input: []byte(unifiedText)}
		}
		n++
		w.measure(func() {
			w.ok(w.s.Write(ctx, func(tx *store.Tx) (err error) {
				items, err = tx.TakeFlowItems(ctx, r, "each", items, w.now)
				return err
			}))
			w.moveItems(r, items, store.FlowItemRunning)
			w.moveItems(r, items, store.FlowItemOK)
		})
	}
	w.report(w.b, n*pageLen)
}

func (w *bench) moveItems(r *store.FlowRun, items []store.FlowItem, to store.FlowItemStatus) {
	moves := make([]store.FlowItemMove, len(items))
	for i := range items {
		moves[i] = items[i].Move(to)
		items[i].Status = to
	}
	w.ok(w.s.Write(w.b.Context(), func(tx *store.Tx) error { return tx.MoveFlowItems(w.b.Context(), r, moves, w.now) }))
}

// benchLookup finds records of a stream that stands still, one by one.
func benchLookup(w *bench) {
	w.fill(20)
	find := func(i int) {
		found, err := w.s.FindRecords(w.b.Context(), w.sc, "purchase-orders", []store.FieldValue{{Field: "remote_id", Value: fmt.Sprintf("45%08d", i%(20*pageLen))}}, 2)
		if w.ok(err); len(found) != 1 {
			w.b.Fatalf("%d records instead of one", len(found))
		}
	}
	find(0)
	n := 0
	for w.b.Loop() {
		w.measure(func() { find(n) })
		n++
	}
	w.report(w.b, n)
}
