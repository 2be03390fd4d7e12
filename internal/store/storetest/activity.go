package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var activityTests = []test{
	{"A run counts once, in the hour in which it ends", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Incremental)
		w.finish(r, store.Finish{State: store.RunFailed, RetryAt: w.now.Add(time.Minute)})
		w.tallied("one that goes on is not counted", store.Activity{})
		w.tick(2 * time.Hour)
		r = w.acquire(r)
		w.tick(2 * time.Minute) // whoever had it is gone
		taken := w.acquire(r)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.FinishRun(t.Context(), r, store.Finish{State: store.RunComplete}, w.now)
		}), store.ErrFenced)
		w.complete(taken)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.FinishRun(t.Context(), taken, store.Finish{State: store.RunComplete}, w.now)
		}), store.ErrFenced)
		w.tallied("taken over", store.Activity{RunsComplete: 1})
		w.finish(w.begin(c, vendors, store.Full), store.Finish{State: store.RunIncomplete})
		w.finish(w.begin(c, vendors, store.Full), store.Finish{State: store.RunFailed})
		queued, _ := w.request(c, orders, store.Full)
		for range 2 {
			w.write(func(tx *store.Tx) error { _, err := tx.CancelRun(t.Context(), c.Scope(), queued.ID, w.now); return err })
		}
		w.tallied("each kind", store.Activity{RunsComplete: 1, RunsIncomplete: 1, RunsFailed: 1, RunsCancelled: 1})
		w.request(c, orders, store.Full)
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.tallied("and what ends with its connection", store.Activity{RunsComplete: 1, RunsIncomplete: 1, RunsFailed: 1, RunsCancelled: 2})
		hours := must[[]store.ActivityOf](w)(w.Activity(t.Context(), project, store.Hourly, w.now.Add(-3*time.Hour)))
		w.equal("hours", len(hours), 1)
		w.equal("hour", hours[0].BeginsAt.UTC(), w.now.UTC().Truncate(time.Hour))
	}},
	{"A write counts once, however often its operation ends", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(3))
		w.move(o, 0, store.ItemMove{To: store.ItemApplied})
		w.move(o, 1, store.ItemMove{To: store.ItemRejected, Error: []byte(`{}`)})
		w.release(o)
		w.tallied("while one is open", store.Activity{})
		o = w.take(o)
		w.send(o, 2)
		w.move(o, 2, store.ItemMove{To: store.ItemNeedsHuman})
		w.release(o)
		w.tallied("ended", store.Activity{WritesApplied: 1, WritesRejected: 1, WritesNeedsHuman: 1})
		w.tick(2 * time.Hour)
		w.write(func(tx *store.Tx) error {
			return tx.DecideItem(t.Context(), o, w.item(o, 2), store.ItemMove{From: []store.ItemStatus{store.ItemNeedsHuman}, To: store.ItemApplied}, w.now)
		})
		w.tallied("decided", store.Activity{WritesApplied: 2, WritesRejected: 1})
		w.write(func(tx *store.Tx) error { _, err := tx.RetryItems(t.Context(), o, 0, w.now); return err })
		w.tallied("while it goes on again", store.Activity{})
		o = w.take(w.operation(o))
		w.move(o, 1, store.ItemMove{To: store.ItemApplied})
		w.release(o)
		w.is(w.ReleaseOperation(t.Context(), o, time.Time{}, "", "", w.now), store.ErrFenced)
		w.tallied("retried", store.Activity{WritesApplied: 3})
		hours := must[[]store.ActivityOf](w)(w.Activity(t.Context(), project, store.Hourly, w.now))
		w.equal("in the hour of its last end", hours[0].WritesApplied, 3)
	}},
	{"What is not stored is not counted", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Incremental)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			w.ok(tx.FinishRun(t.Context(), r, store.Finish{State: store.RunComplete}, w.now))
			return store.ErrConflict
		}), store.ErrConflict)
		w.tallied("nothing", store.Activity{})
	}},
	{"Counts are a project's own, are purged, and go with the data", func(t *testing.T, w *world) {
		c := w.connect()
		w.complete(w.begin(c, orders, store.Full))
		others := must[[]store.ActivityOf](w)(w.Activity(t.Context(), "other", store.Daily, w.now))
		w.equal("another project's", len(others), 0)
		w.tick(store.KeptHours + time.Hour)
		more := must[bool](w)(w.PurgeActivity(t.Context(), w.now, 10))
		w.equal("more", more, false)
		w.equal("hours", len(must[[]store.ActivityOf](w)(w.Activity(t.Context(), project, store.Hourly, start))), 0)
		w.equal("days", len(must[[]store.ActivityOf](w)(w.Activity(t.Context(), project, store.Daily, start))), 1)
		w.tick(store.KeptDays)
		must[bool](w)(w.PurgeActivity(t.Context(), w.now, 10))
		w.equal("days", len(must[[]store.ActivityOf](w)(w.Activity(t.Context(), project, store.Daily, start))), 0)
	}},
	{"A project's operations are listed, newest first, and no other's", overviewOfOperations},
	{"What waits in a project is found where it is", overviewOfWaiting},
}

// tallied compares what is counted of the last day, by hours and by days.
func (w *world) tallied(what string, want store.Activity) {
	w.t.Helper()
	for _, span := range []time.Duration{store.Hourly, store.Daily} {
		var sum store.Activity
		for _, a := range must[[]store.ActivityOf](w)(w.Activity(w.t.Context(), project, span, w.now.Add(-store.Daily))) {
			sum.RunsComplete += a.RunsComplete
			sum.RunsIncomplete += a.RunsIncomplete
			sum.RunsFailed += a.RunsFailed
			sum.RunsCancelled += a.RunsCancelled
			sum.WritesApplied += a.WritesApplied
			sum.WritesRejected += a.WritesRejected
			sum.WritesNeedsHuman += a.WritesNeedsHuman
			sum.WritesCancelled += a.WritesCancelled
		}
		w.equal(what+" by "+span.String(), sum, want)
	}
}

func overviewOfOperations(t *testing.T, w *world) {
	a, b := w.connect(), w.connect()
	other := &store.Connection{ID: w.id(), ProjectID: "other", System: "tryton", Name: "Theirs", State: store.ConnectionActive, AuthMethod: "password", CreatedAt: w.now, UpdatedAt: w.now, StateSince: w.now}
	w.write(func(tx *store.Tx) error {
		w.ok(tx.InsertConnection(t.Context(), other))
		return tx.InsertStreams(t.Context(), other.Scope(), []store.Stream{{Entity: orders}})
	})
	first, second, theirs := w.work(a, creates(1)), w.work(b, creates(1)), w.work(other, creates(1))
	w.receive(a, creates(1)) // is seen by nobody
	for _, o := range []*store.Operation{second, theirs} {
		w.move(o, 0, store.ItemMove{To: store.ItemRejected})
		w.release(o)
	}
	ids := func(f store.OperationFilter) (all []string) {
		for _, o := range must[[]store.OperationOf](w)(w.OperationsOfProject(t.Context(), project, f)) {
			w.equal("whose", o.Operation.Scope().ConnectionID(), o.ConnectionID)
			all = append(all, o.Operation.ID)
		}
		return all
	}
	w.equal("all", ids(store.OperationFilter{}), []string{second.ID, first.ID})
	w.equal("the next page", ids(store.OperationFilter{Before: second.ID}), []string{first.ID})
	w.equal("failed", ids(store.OperationFilter{Failed: true}), []string{second.ID})
	w.equal("running", ids(store.OperationFilter{State: store.OperationRunning}), []string{first.ID})
	w.equal("of another entity", len(ids(store.OperationFilter{Entity: vendors})), 0)
}

func overviewOfWaiting(t *testing.T, w *world) {
	c := w.connect()
	o := w.work(c, creates(2))
	w.send(o, 0)
	w.move(o, 0, store.ItemMove{To: store.ItemNeedsHuman})
	w.move(o, 1, store.ItemMove{To: store.ItemApplied})
	w.release(o)
	undecided := must[[]store.Waiting](w)(w.UndecidedOfProject(t.Context(), project, 10))
	w.equal("undecided", undecided, []store.Waiting{{Place: store.Place{ConnectionID: c.ID, ConnectionName: "Plant", Entity: orders}, ID: o.ID, Count: 1, Since: w.now}})
	w.equal("another project's", len(must[[]store.Waiting](w)(w.UndecidedOfProject(t.Context(), "other", 10))), 0)
	r := w.begin(c, orders, store.Incremental)
	w.finish(r, store.Finish{State: store.RunFailed, ReasonCode: "system-error", ReasonDetail: "no."})
	failed := must[[]store.RunOf](w)(w.FailedRuns(t.Context(), project, w.now.Add(-time.Hour), 10))
	w.equal("failed runs", words(len(failed), failed[0].Run.ID, failed[0].ConnectionID, failed[0].Run.ReasonCode), words(1, r.ID, c.ID, "system-error"))
	w.equal("later ones", len(must[[]store.RunOf](w)(w.FailedRuns(t.Context(), project, w.now.Add(time.Hour), 10))), 0)
	w.equal("another project's", len(must[[]store.RunOf](w)(w.FailedRuns(t.Context(), "other", w.now.Add(-time.Hour), 10))), 0)
	streams := must[[]store.StreamOf](w)(w.StreamsOfProject(t.Context(), project, 10))
	w.equal("streams", words(len(streams), streams[1].Stream.Entity, streams[1].Stream.Failures, streams[1].Stream.ErrorCode, streams[1].Run), words(2, orders, 1, "system-error", r.ID))
	w.equal("connections", must[map[store.ConnectionState]int64](w)(w.CountedConnections(t.Context(), project)), map[store.ConnectionState]int64{store.ConnectionActive: 1})
}
