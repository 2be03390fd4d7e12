package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var flowItemTests = []test{
	{"a run begins with its main thread", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		r := w.insertFlowRun(store.NewFlowRun{Flow: f, MainCounts: true, Parent: store.FlowItemKey{Flow: "f", Run: "r", Step: "s", N: 3}})
		w.equal("stored", must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, r.ID)), r)
		w.equal("it", words(r.State, r.Version, string(r.Input), string(r.Settings), string(r.Sealed), r.Caller, r.DueAt, r.CreatedAt, r.Parent),
			words("queued", 1, `{"rows":1}`, `{"parameters":{}}`, "sealed", "key", w.now, w.now, store.FlowItemKey{Flow: "f", Run: "r", Step: "s", N: 3}))
		w.equal("counts", w.counted(r), store.FlowCounts{In: 1, Pending: 1})
		items := must[[]store.FlowItem](w)(w.RunnableFlowItems(t.Context(), f.ID, r.ID, w.now, 10))
		w.equal("main thread", words(len(items), places(items), items[0].Status), words(1, []string{"0"}, "pending"))
		w.moveItems(r, store.FlowItemRunning, items[0])
		w.equal("counts", w.counted(r), store.FlowCounts{In: 1, Running: 1})
		w.equal("with an each", w.counted(w.flowRun(f)), store.FlowCounts{})
		gone := *f
		gone.ID = "gone"
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertFlowRun(t.Context(), store.NewFlowRun{ID: w.id(), Flow: &gone}, w.now)
			return err
		}), store.ErrNotFound)
	}},
	{"a record that is met twice is one item, and numbers have no holes", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		w.equal("first", places(w.takeItems(r, "each", keyed("x", "y", "x"))), []string{"each0x", "each1y"})
		w.equal("second", places(w.takeItems(r, "each", keyed("y", "z", "x", "é\x00", "z"))), []string{"each2z", "each3é\uFFFD"})
		w.equal("none", places(w.takeItems(r, "each", keyed("z"))), []string{})
		w.equal("another step", places(w.takeItems(r, "other", keyed("z"))), []string{"other0z"})
		long, longer := strings.Repeat("k", 3000), strings.Repeat("k", 3001)
		w.equal("long keys", len(w.takeItems(r, "each", keyed(long, longer, long))), 2)
		w.equal("long keys again", len(w.takeItems(r, "each", keyed(longer, long))), 0)
		w.equal("counts", w.counted(r), store.FlowCounts{In: 7, Pending: 7})
		w.equal("stored", places(w.flowItems(r, store.FlowItemFilter{FromStep: "each", Limit: 5}))[:4], []string{"each0x", "each1y", "each2z", "each3é\uFFFD"})
		main := w.insertFlowRun(store.NewFlowRun{Flow: must[*store.Flow](w)(w.FlowByID(t.Context(), r.FlowID)), MainCounts: true})
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.TakeFlowItems(t.Context(), main, "each", keyed("x"), w.now)
			return err
		}), store.ErrConflict)
	}},
	{"every step of an item is counted, and what does not add up is refused", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		items := w.takeItems(r, "each", numbered(130))
		all := []store.FlowItemStatus{store.FlowItemRunning, store.FlowItemOK, store.FlowItemFailed, store.FlowItemSkipped, store.FlowItemCancelled, store.FlowItemPending}
		for i, to := range all {
			w.moveItems(r, to, items[i*20:]...)
			w.counted(r)
		}
		before := w.counted(r)
		w.equal("counts", before, store.FlowCounts{In: 130, Running: 20, OK: 20, Failed: 20, Skipped: 20, Cancelled: 20, Pending: 30})
		refused := func(what string, moves ...store.FlowItemMove) {
			t.Helper()
			copied := *r
			err := w.Write(t.Context(), func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), &copied, moves, w.now) })
			if !isError(err, store.ErrConflict) {
				t.Errorf("%s: %v", what, err)
			}
			w.equal(what, w.counted(r), before)
		}
		ok, pending := items[20].Move(store.FlowItemFailed), items[129].Move(store.FlowItemOK)
		stale := ok
		stale.From = store.FlowItemRunning
		refused("not as it was", pending, stale)
		refused("twice", pending, pending)
		gone := pending
		gone.N = 130
		refused("not there", pending, gone)
		main := pending
		main.Step, main.N = "", 0
		w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{main}, w.now) })
		w.equal("the main thread is not counted", w.counted(r), before)
	}},
	{"a step of an item is stored as a whole", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		items := w.takeItems(r, "each", []store.FlowItem{{Key: "a", Input: []byte(`1`), Thread: []byte(`{"at":1}`), DueAt: w.now}, {Key: "b", Input: []byte(`2`)}})
		w.tick(time.Second)
		m := store.FlowItemMove{
			Step: "each", N: 1, From: store.FlowItemPending, To: store.FlowItemRunning, Attempts: 2, Thread: []byte("{}\x00"), Output: []byte(`"o"`), Error: []byte(`{"code":"x"}`),
			DueAt: w.now.Add(time.Hour), Waits: store.FlowWaitsOperation, Operation: "op", OperationN: 7, Connection: "c",
		}
		w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{m}, w.now) })
		got := w.flowItems(r, store.FlowItemFilter{Step: new("each")})
		w.equal("the other", got[0], items[0])
		w.equal("it", got[1], store.FlowItem{
			Step: "each", N: 1, Key: "b", Status: store.FlowItemRunning, Attempts: 2, Thread: []byte("{}\uFFFD"), Input: []byte(`2`), Output: []byte(`"o"`), Error: []byte(`{"code":"x"}`),
			DueAt: w.now.Add(time.Hour), Waits: "operation", Operation: "op", OperationN: 7, Connection: "c", UpdatedAt: w.now,
		})
		end := got[1].Move(store.FlowItemOK)
		end.Input, end.Error = []byte(`3`), nil
		w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{end}, w.now) })
		it := must[*store.FlowItem](w)(w.Store.FlowItem(t.Context(), r.FlowID, r.ID, "each", 1))
		w.equal("ended", words(it.Status, string(it.Input), it.Error == nil, it.DueAt.IsZero(), it.Waits == "", it.Operation), words("ok", 3, true, true, true, "op"))
		w.is(second(w.Store.FlowItem(t.Context(), r.FlowID, r.ID, "each", 2)), store.ErrNotFound)
	}},
	{"items are listed by step and status, and found when they are due", func(t *testing.T, w *world) {
		r := w.flowRun(w.flow("a", nil))
		one, two := w.takeItems(r, "one", numbered(3)), w.takeItems(r, "two", numbered(2))
		w.moveItems(r, store.FlowItemFailed, one[0], two[1])
		w.moveItems(r, store.FlowItemOK, one[1])
		failed, ok := store.FlowItemFailed, store.FlowItemOK
		for name, tt := range map[string]struct {
			filter store.FlowItemFilter
			want   []string
		}{
			"all":          {store.FlowItemFilter{}, []string{"0", "one0k0", "one1k1", "one2k2", "two0k0", "two1k1"}},
			"main thread":  {store.FlowItemFilter{Step: new("")}, []string{"0"}},
			"step":         {store.FlowItemFilter{Step: new("one"), FromN: 1, Limit: 5}, []string{"one1k1", "one2k2"}},
			"page":         {store.FlowItemFilter{FromStep: "one", FromN: 2, Limit: 2}, []string{"one2k2", "two0k0"}},
			"status":       {store.FlowItemFilter{Statuses: []store.FlowItemStatus{failed}}, []string{"one0k0", "two1k1"}},
			"statuses":     {store.FlowItemFilter{Statuses: []store.FlowItemStatus{failed, ok}}, []string{"one0k0", "one1k1", "two1k1"}},
			"both":         {store.FlowItemFilter{Step: new("two"), Statuses: []store.FlowItemStatus{failed}}, []string{"two1k1"}},
			"status, page": {store.FlowItemFilter{FromStep: "one", FromN: 1, Statuses: []store.FlowItemStatus{failed}}, []string{"two1k1"}},
		} {
			w.equal(name, places(w.flowItems(r, tt.filter)), tt.want)
		}
		w.equal("bare", w.flowItems(r, store.FlowItemFilter{Step: new("one"), Bare: true})[0].Input == nil, true)
		later := two[0].Move(store.FlowItemRunning)
		later.DueAt = w.now.Add(time.Minute)
		now := one[2].Move(store.FlowItemRunning)
		now.DueAt = w.now
		w.write(func(tx *store.Tx) error {
			return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{later, now}, w.now)
		})
		runnable := func() []string {
			return places(must[[]store.FlowItem](w)(w.RunnableFlowItems(t.Context(), r.FlowID, r.ID, w.now, 10)))
		}
		w.equal("due", runnable(), []string{"0", "one2k2"})
		w.tick(time.Minute)
		w.equal("due later", runnable(), []string{"0", "one2k2", "two0k0"})
	}},
}
