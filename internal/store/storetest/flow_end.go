package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var flowEndTests = []test{
	{"runs that ended long ago go in steps, but not before whoever waits for them", func(t *testing.T, w *world) {
		f, g := w.flow("a", nil), w.flow("b", nil)
		parent := w.flowRun(f)
		child := w.insertFlowRun(store.NewFlowRun{Flow: g, Parent: store.FlowItemKey{Flow: f.ID, Run: parent.ID}})
		old, open := w.flowRun(f), w.flowRun(f)
		w.takeItems(old, "each", numbered(20))
		w.end(child)
		w.end(old)
		w.tick(time.Hour)
		young := w.flowRun(f)
		w.end(young)
		purge := func() (steps int) {
			for more := true; more; steps++ {
				more = must[bool](w)(w.PurgeFlowRuns(t.Context(), w.now, 7))
			}
			return steps
		}
		w.equal("steps of 7 for 21 items and a run", purge(), 4)
		left := func() []string {
			return runIDs(must[[]store.FlowRun](w)(w.FlowRuns(t.Context(), store.FlowRunFilter{Project: project})))
		}
		w.equal("left", left(), []string{young.ID, open.ID, child.ID, parent.ID})
		w.equal("items", len(w.flowItems(old, store.FlowItemFilter{})), 0)
		w.end(parent)
		w.equal("steps", purge(), 1)
		w.equal("left", left(), []string{young.ID, open.ID, parent.ID})
	}},
	{"a flow that is deleted leaves nothing", func(t *testing.T, w *world) {
		c := w.connect()
		f, other := w.flow("a", map[string]store.Scope{"to": c.Scope()}), w.flow("b", map[string]store.Scope{"to": c.Scope()})
		r, stays := w.flowRun(f, c.Scope()), w.flowRun(other, c.Scope())
		w.takeItems(r, "each", numbered(20))
		held := w.holdFlow(f)
		w.write(func(tx *store.Tx) error { return tx.DeleteFlow(t.Context(), f) })
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.DeleteFlow(t.Context(), f) }), store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.HoldFlow(t.Context(), held) }), store.ErrFenced)
		w.is(second(w.Store.Flow(t.Context(), project, "a")), store.ErrNotFound)
		w.is(second(w.Store.FlowVersion(t.Context(), f.ID, 1)), store.ErrNotFound)
		w.is(second(w.Store.FlowRun(t.Context(), f.ID, r.ID)), store.ErrNotFound)
		w.equal("runs", runIDs(must[[]store.FlowRun](w)(w.FlowRuns(t.Context(), store.FlowRunFilter{Project: project}))), []string{stays.ID})
		w.equal("flows of the connection", flowNames(must[[]store.Flow](w)(w.Flows(t.Context(), project, store.FlowFilter{Connection: c.Scope()}))), []string{"b"})
		for more := true; more; {
			more = must[bool](w)(w.PurgeFlowRuns(t.Context(), w.now, 7))
		}
		w.equal("items", len(w.flowItems(r, store.FlowItemFilter{})), 0)
		w.equal("the other's", len(w.flowItems(stays, store.FlowItemFilter{})), 1)
		w.equal("of the name", w.flow("a", nil).Version, 1)
	}},
	{"with the data of a connection goes what runs with it were given and gave", func(t *testing.T, w *world) {
		c, other := w.connect(), w.connect()
		f := w.flow("a", map[string]store.Scope{"to": c.Scope(), "from": other.Scope()})
		parent := w.flowRun(f, other.Scope())
		r := w.insertFlowRun(store.NewFlowRun{Flow: f, Connections: []store.Scope{c.Scope(), other.Scope(), c.Scope()}, Parent: store.FlowItemKey{Flow: f.ID, Run: parent.ID}})
		main := w.insertFlowRun(store.NewFlowRun{Flow: f, Connections: []store.Scope{c.Scope()}, MainCounts: true})
		untouched := w.flowRun(f, other.Scope())
		items := w.takeItems(r, "each", numbered(20))
		w.takeItems(untouched, "each", keyed("secret"))
		w.moveItems(r, store.FlowItemRunning, items[3])
		done := items[4].Move(store.FlowItemFailed)
		done.Output, done.Error, done.Thread = []byte("secret"), []byte("secret"), []byte("secret")
		w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, []store.FlowItemMove{done}, w.now) })
		r.State, r.Output, r.ReasonDetail = store.FlowRunRunning, []byte("secret"), "secret"
		w.setRun(r)
		m := w.flowItems(parent, store.FlowItemFilter{})[0].Move(store.FlowItemRunning)
		m.DueAt, m.Waits = time.Time{}, store.FlowWaitsCall
		w.write(func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), parent, []store.FlowItemMove{m}, w.now) })
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertFlowRun(t.Context(), store.NewFlowRun{ID: w.id(), Flow: f, Connections: []store.Scope{c.Scope()}}, w.now)
			return err
		}), store.ErrConflict)
		asked := w.now
		w.tick(time.Minute)
		for done := false; !done; {
			done = must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 3))
		}
		w.equal("report", must[store.Deletion](w)(w.Deletion(t.Context(), project, c.ID)).Counts["flow_items"], 23)
		before := r
		r = must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, r.ID))
		w.equal("run", words(r.State, r.FinishedAt, r.ReasonCode, r.ReasonDetail == "", r.Input == nil, r.Output == nil, r.Erased), words("cancelled", asked, store.ReasonDisconnected, true, true, true, true))
		w.equal("counts", w.counted(r), store.FlowCounts{In: 20, Failed: 1, Cancelled: 19})
		for _, it := range w.flowItems(r, store.FlowItemFilter{}) {
			if it.Input != nil || it.Output != nil || it.Error != nil || it.Thread != nil || strings.HasPrefix(it.Key, "k") || !it.Status.Final() {
				t.Errorf("left of an item: %+v", it)
			}
		}
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlowRun(t.Context(), before, w.now) }), store.ErrConflict)
		r.State = store.FlowRunQueued
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlowRun(t.Context(), r, w.now) }), store.ErrConflict)
		main = must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, main.ID))
		w.equal("main thread", w.counted(main), store.FlowCounts{In: 1, Cancelled: 1})
		parent = must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, parent.ID))
		w.equal("who waited for it", words(parent.Erased, parent.State, parent.Input == nil), words(true, store.FlowRunCancelled, true))
		left := must[*store.FlowRun](w)(w.Store.FlowRun(t.Context(), f.ID, untouched.ID))
		w.equal("another's", words(left.Erased, string(left.Input), w.flowItems(untouched, store.FlowItemFilter{})[1].Key), words(false, string(untouched.Input), "secret"))
		w.equal("its roles", flowNames(must[[]store.Flow](w)(w.Flows(t.Context(), project, store.FlowFilter{Connection: c.Scope()}))), []string{})
		w.equal("the other's", flowNames(must[[]store.Flow](w)(w.Flows(t.Context(), project, store.FlowFilter{Connection: other.Scope()}))), []string{"a"})
	}},
}
