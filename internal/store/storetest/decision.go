package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var decisionTests = []test{
	{"a person decides what happened, while nobody works on it", func(t *testing.T, w *world) {
		c := w.connect()
		id := idOf(c, orders, "r1")
		o := w.work(c, []store.Item{update(0, id), update(1, idOf(c, orders, "r2"))})
		w.send(o, 0)
		w.move(o, 0, store.ItemMove{To: store.ItemNeedsHuman, Error: []byte(`{"code":"x"}`)})
		w.move(o, 1, store.ItemMove{To: store.ItemApplied})
		w.is(w.decideItem(o, 0, store.ItemMove{To: store.ItemApplied}), store.ErrConflict)
		w.release(o)
		ended := w.operation(o)
		w.is(w.decideItem(o, 1, store.ItemMove{To: store.ItemPending}), store.ErrConflict)
		w.is(w.decideItem(o, 0, store.ItemMove{To: store.ItemRejected}), store.ErrConflict)
		w.tick(time.Minute)
		m := store.ItemMove{To: store.ItemApplied, RemoteID: "17", Version: "1.1", Attempt: &store.Attempt{Kind: store.AttemptDecision, EndedAt: w.now, Outcome: "happened", Detail: "by key"}}
		w.ok(w.decideItem(o, 0, m))
		it := w.item(o, 0)
		w.equal("item", words(it.Status, it.RemoteID, it.Version, string(it.Error)), "applied 17 1.1 ")
		w.balanced(o)
		now := w.operation(o)
		w.equal("operation", words(now.State, now.FinishedAt, now.DueAt), words(ended.State, ended.FinishedAt, ended.DueAt))
		w.equal("ledger", must[[]store.Attempt](w)(w.Attempts(t.Context(), o, 0))[1], store.Attempt{
			Number: 2, Kind: store.AttemptDecision, StartedAt: w.now, EndedAt: w.now, Outcome: "happened", Detail: "by key"})
		other := w.work(c, []store.Item{update(0, id)})
		w.send(other, 0) // the record is free again
	}},
	{"what did not happen is sent again, at once", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(2))
		w.send(o, 0)
		w.move(o, 0, store.ItemMove{To: store.ItemNeedsHuman, Error: []byte(`{"code":"x"}`)})
		w.move(o, 1, store.ItemMove{To: store.ItemApplied})
		w.state(c, store.ConnectionUnreachable, "timeout")
		w.ok(w.RenewOperation(t.Context(), o, w.now.Add(time.Minute)))
		w.release(o)
		w.state(c, store.ConnectionActive, "")
		w.tick(time.Minute)
		w.ok(w.decideItem(o, 0, store.ItemMove{To: store.ItemPending}))
		w.equal("operation", words(o.State, o.FinishedAt.IsZero(), o.DueAt.Equal(w.now)), "queued true true")
		w.equal("as stored", o, w.operation(o))
		w.equal("backlog", w.backlog(), []string{c.ID})
		w.balanced(o)
		o = w.take(o)
		w.equal("item", words(w.item(o, 0).Status, string(w.item(o, 0).Error)), "pending ")
		w.send(o, 0)
		w.move(o, 0, store.ItemMove{To: store.ItemApplied})
		w.release(o)
		w.equal("ended", o.State, store.OperationCompleted)
	}},
	{"the last decision ends an operation that rests", func(t *testing.T, w *world) {
		o := w.work(w.connect(), creates(1))
		w.move(o, 0, store.ItemMove{To: store.ItemUnknown})
		w.ok(w.ReleaseOperation(t.Context(), o, w.now.Add(time.Hour), "x", "", w.now))
		w.ok(w.decideItem(o, 0, store.ItemMove{To: store.ItemApplied}))
		w.equal("operation", words(o.State, o.FinishedAt.Equal(w.now), o.DueAt.IsZero(), o.ReasonCode), "completed true true ")
		w.equal("as stored", o, w.operation(o))
	}},
	{"who held an operation too long may not move what a person decided", func(t *testing.T, w *world) {
		o := w.work(w.connect(), creates(1))
		w.move(o, 0, store.ItemMove{To: store.ItemUnknown})
		stale := *o
		w.tick(time.Minute)
		w.ok(w.decideItem(o, 0, store.ItemMove{To: store.ItemPending}))
		w.is(w.MoveItem(t.Context(), &stale, w.item(o, 0), store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending}, w.now), store.ErrFenced)
	}},
	{"cancelling lets what was sent end, and cancels the rest", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(3))
		w.send(o, 0)
		got := w.cancel(o)
		w.equal("asked", words(got.State, got.CancelRequested), "running true")
		w.is(w.RenewOperation(t.Context(), o, w.now.Add(time.Hour)), store.ErrCancelled)
		w.equal("known", words(o.CancelRequested, o.LeaseUntil.Equal(w.now.Add(time.Hour))), "true true")
		w.equal("cancelled", must[int](w)(w.CancelItems(t.Context(), o, nil, 10, w.now)), 2)
		w.move(o, 0, store.ItemMove{To: store.ItemApplied})
		w.equal("counts", o.Counts, store.ItemCounts{Applied: 1, Cancelled: 2})
		w.release(o)
		w.equal("ended", o.State, store.OperationCancelled)
		w.equal("ended", w.cancel(o), o)
		rests := w.work(c, creates(1))
		w.ok(w.ReleaseOperation(t.Context(), rests, w.now.Add(time.Hour), "blackout", "", w.now))
		w.cancel(rests)
		w.equal("due", w.runnableOperations(c), []string{rests.ID})
		late := w.work(c, creates(1))
		w.cancel(late)
		w.move(late, 0, store.ItemMove{To: store.ItemApplied})
		w.release(late)
		w.equal("nothing was left to cancel", late.State, store.OperationCompleted)
		err := w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CancelOperation(t.Context(), c.Scope(), "nothing", w.now)
			return err
		})
		w.is(err, store.ErrNotFound)
	}},
	{"what is known to have had no effect is sent again when somebody asks", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(6))
		for n, to := range []store.ItemStatus{store.ItemRejected, store.ItemApplied, store.ItemNeedsHuman, store.ItemUnknown, store.ItemRejected} {
			w.move(o, int64(n), store.ItemMove{To: to, Error: []byte(`{"code":"x"}`), Warnings: []byte(`[]`)})
		}
		w.cancel(o)
		must[int](w)(w.CancelItems(t.Context(), o, nil, 10, w.now))
		retry := func(limit int) (n int, err error) {
			err = w.Write(t.Context(), func(tx *store.Tx) error { n, err = tx.RetryItems(t.Context(), o, limit, w.now); return err })
			return n, err
		}
		_, err := retry(0)
		w.is(err, store.ErrConflict)
		w.release(o)
		w.equal("a step", must[int](w)(retry(1)), 1)
		w.equal("the rest", must[int](w)(retry(0)), 2)
		w.equal("nothing more", must[int](w)(retry(0)), 0)
		w.equal("items", w.statuses(o), []store.ItemStatus{store.ItemPending, store.ItemApplied, store.ItemNeedsHuman, store.ItemUnknown, store.ItemPending, store.ItemPending})
		w.equal("item", words(string(w.item(o, 0).Error), string(w.item(o, 0).Warnings)), " ")
		w.balanced(o)
		w.equal("operation", words(o.State, o.CancelRequested, o.DueAt.Equal(w.now), o.FinishedAt.IsZero()), "running false true true")
		w.equal("as stored", o, w.operation(o))
		ended := w.work(c, creates(1))
		w.move(ended, 0, store.ItemMove{To: store.ItemRejected})
		w.release(ended)
		w.write(func(tx *store.Tx) error { _, err := tx.RetryItems(t.Context(), ended, 0, w.now); return err })
		w.equal("one that had ended", words(ended.State, ended.FinishedAt.IsZero()), "queued true")
		w.take(ended)
	}},
	{"a database that fell back knows of no write whether it went out", func(t *testing.T, w *world) {
		c := w.connect()
		id := idOf(c, orders, "r1")
		running, queued := w.work(c, []store.Item{update(0, id), update(1, idOf(c, orders, "r2"))}), w.queue(c, creates(2))
		ended := w.work(c, creates(1))
		w.move(ended, 0, store.ItemMove{To: store.ItemRejected})
		w.release(ended)
		w.move(running, 1, store.ItemMove{To: store.ItemApplied})
		w.tick(time.Hour)
		w.ok(w.ClearLeases(t.Context()))
		w.write(func(tx *store.Tx) error { return tx.DoubtRunningOperations(t.Context(), w.now) })
		w.equal("running", w.statuses(running), []store.ItemStatus{store.ItemUnknown, store.ItemApplied})
		w.equal("queued", w.statuses(queued), []store.ItemStatus{store.ItemUnknown, store.ItemUnknown})
		w.equal("ended", w.statuses(ended), []store.ItemStatus{store.ItemRejected})
		for _, o := range []*store.Operation{running, queued, ended} {
			w.balanced(o)
		}
		w.equal("sent since", w.item(queued, 1).SentAt, queued.CreatedAt)
		other := w.work(c, []store.Item{update(0, id)})
		w.busy(w.MoveItem(t.Context(), other, w.item(other, 0), store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Lock: true}, w.now), running, 0)
		w.equal("to do", w.runnableOperations(c), []string{running.ID, queued.ID})
		w.take(running)
	}},
}

// decide moves an item as a person says.
func (w *world) decideItem(o *store.Operation, n int64, m store.ItemMove) error {
	w.t.Helper()
	m.From = []store.ItemStatus{store.ItemNeedsHuman, store.ItemUnknown}
	it := w.item(o, n)
	return w.Write(w.t.Context(), func(tx *store.Tx) error { return tx.DecideItem(w.t.Context(), o, it, m, w.now) })
}

func (w *world) cancel(o *store.Operation) (got *store.Operation) {
	w.t.Helper()
	w.write(func(tx *store.Tx) (err error) {
		got, err = tx.CancelOperation(w.t.Context(), o.Scope(), o.ID, w.now)
		return err
	})
	return got
}
