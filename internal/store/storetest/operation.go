package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

func asBusy(err error, b **store.BusyError) bool { return errors.As(err, b) }

var operationTests = []test{
	{"an operation is seen when all of it was received", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.receive(c, creates(2))
		_, err := w.Operation(t.Context(), c.Scope(), o.ID)
		w.is(err, store.ErrNotFound)
		w.equal("listed", len(must[[]store.Operation](w)(w.Operations(t.Context(), c.Scope(), store.OperationFilter{}))), 0)
		w.equal("runnable", w.runnableOperations(c), []string{})
		more := creates(5)[2:]
		w.write(func(tx *store.Tx) error { return tx.InsertItems(t.Context(), o, more, w.now) })
		w.tick(time.Second)
		w.write(func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), o, w.now) })
		got := w.operation(o)
		w.equal("as queued", got, o)
		w.equal("it", words(got.ID, got.Entity, got.Kind, got.State, got.Mode, got.OnError, got.ChunkSize, got.ChunkDelay, got.Strict, got.Total, got.Counts.Pending,
			got.Caller, got.Request, got.CreatedAt, got.DueAt),
			words(o.ID, orders, "batch", "queued", "best_effort", "continue", 50, time.Second, true, 5, 5, "key", "req", w.now.Add(-time.Second), w.now))
		w.balanced(o)
		want := creates(5)[3]
		want.Status, want.UpdatedAt = store.ItemPending, w.now.Add(-time.Second)
		w.equal("item", *w.item(o, 3), want)
		err = w.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertItems(t.Context(), o, creates(1), w.now) })
		w.is(err, store.ErrNotFound)
		err = w.Write(t.Context(), func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), o, w.now) })
		w.is(err, store.ErrNotFound)
	}},
	{"an item may be rejected from the start, and options may come behind the items", func(t *testing.T, w *world) {
		c := w.connect()
		items := creates(3)
		items[1].Status, items[1].Error = store.ItemRejected, []byte(`{"code":"validation-failed"}`)
		o := w.receive(c, items)
		o.Mode, o.OnError, o.ChunkSize, o.ChunkDelay = store.AllOrNone, store.OnErrorEnd, 7, time.Minute
		w.write(func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), o, w.now) })
		got := w.operation(o)
		w.equal("it", words(got.Mode, got.OnError, got.ChunkSize, got.ChunkDelay, got.Total, got.Counts.Pending, got.Counts.Rejected),
			words("all_or_none", "stop", 7, time.Minute, 3, 2, 1))
		w.balanced(o)
		w.equal("item", words(w.item(o, 1).Status, string(w.item(o, 1).Error)), words("rejected", `{"code":"validation-failed"}`))
	}},
	{"nothing is written to what is not there or disconnected", func(t *testing.T, w *world) {
		c := w.connect()
		begin := func(entity string) error {
			return w.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.InsertOperation(t.Context(), c.Scope(), store.NewOperation{ID: w.id(), Entity: entity}, w.now)
				return err
			})
		}
		w.is(begin("items"), store.ErrNotFound)
		o := w.receive(c, creates(1))
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.is(begin(orders), store.ErrConflict)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), o, w.now) }), store.ErrConflict)
	}},
	{"lists are newest first, filtered and paged", func(t *testing.T, w *world) {
		c := w.connect()
		a, b, d := w.work(c, creates(1)), w.work(c, creates(2)), w.queue(c, creates(1))
		w.move(a, 0, store.ItemMove{To: store.ItemApplied})
		w.move(b, 0, store.ItemMove{To: store.ItemRejected, Error: []byte(`{"code":"x"}`)})
		w.release(a)
		for name, tt := range map[string]struct {
			filter store.OperationFilter
			want   []string
		}{
			"all":    {store.OperationFilter{}, []string{d.ID, b.ID, a.ID}},
			"page":   {store.OperationFilter{Before: d.ID, Limit: 1}, []string{b.ID}},
			"entity": {store.OperationFilter{Entity: vendors}, []string{}},
			"state":  {store.OperationFilter{State: store.OperationRunning}, []string{b.ID}},
			"ended":  {store.OperationFilter{State: store.OperationCompleted}, []string{a.ID}},
			"kind":   {store.OperationFilter{Kind: store.OperationSingle}, []string{}},
			"failed": {store.OperationFilter{Failed: true}, []string{b.ID}},
		} {
			got := []string{}
			for _, o := range must[[]store.Operation](w)(w.Operations(t.Context(), c.Scope(), tt.filter)) {
				got = append(got, o.ID)
			}
			w.equal(name, got, tt.want)
		}
	}},
	{"one holds an operation, and who lost it writes nothing", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(3))
		_, err := w.AcquireOperation(t.Context(), o, "other", w.now.Add(time.Minute), w.now)
		w.is(err, store.ErrConflict)
		w.send(o, 0)
		w.send(o, 1)
		w.move(o, 1, store.ItemMove{To: store.ItemReconciling, DueAt: w.now.Add(time.Hour)})
		w.tick(time.Minute)
		w.equal("over", w.runnableOperations(c), []string{o.ID})
		w.equal("over", w.backlog(), []string{c.ID})
		next := w.take(o)
		w.equal("left under way", w.statuses(o), []store.ItemStatus{store.ItemUnknown, store.ItemUnknown, store.ItemPending})
		w.equal("as taken", next.Counts, store.ItemCounts{Unknown: 2, Pending: 1})
		w.balanced(o)
		it := w.item(o, 2)
		w.is(w.MoveItem(t.Context(), o, it, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemApplied}, w.now), store.ErrFenced)
		w.is(w.RenewOperation(t.Context(), o, w.now.Add(time.Hour)), store.ErrFenced)
		w.is(w.ReleaseOperation(t.Context(), o, w.now, "", "", w.now), store.ErrFenced)
		_, err = w.CancelItems(t.Context(), o, nil, 10, w.now)
		w.is(err, store.ErrFenced)
		w.equal("item", w.item(o, 2).Status, store.ItemPending)
		w.ok(w.RenewOperation(t.Context(), next, w.now.Add(2*time.Minute)))
		w.tick(time.Minute)
		w.equal("renewed", w.runnableOperations(c), []string{})
		w.ok(w.ClearLeases(t.Context()))
		w.equal("cleared", w.runnableOperations(c), []string{o.ID})
		w.is(w.MoveItem(t.Context(), next, it, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemApplied}, w.now), store.ErrFenced)
	}},
	{"a released operation rests until it is due, and ends with its last item", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(2))
		w.equal("started", o.StartedAt, w.now)
		w.move(o, 0, store.ItemMove{To: store.ItemApplied, RemoteID: "17", Version: "1.1"})
		w.ok(w.ReleaseOperation(t.Context(), o, w.now.Add(time.Hour), "blackout", "until then", w.now))
		w.equal("as released", o, w.operation(o))
		w.equal("rests", words(o.State, o.ReasonCode, o.ReasonDetail, o.DueAt.Equal(w.now.Add(time.Hour)), o.LeaseUntil.IsZero()), "running blackout until then true true")
		w.is(second(w.AcquireOperation(t.Context(), o, "x", w.now.Add(time.Minute), w.now)), store.ErrConflict)
		w.equal("runnable", w.runnableOperations(c), []string{})
		w.write(func(tx *store.Tx) error { return tx.FreeOperations(t.Context(), c.Scope(), "other", w.now) })
		w.equal("another reason", w.runnableOperations(c), []string{})
		w.write(func(tx *store.Tx) error { return tx.FreeOperations(t.Context(), c.Scope(), "blackout", w.now) })
		w.equal("freed", w.runnableOperations(c), []string{o.ID})
		o = w.take(o)
		w.equal("started first", o.StartedAt, w.now)
		w.equal("reason", o.ReasonCode, "")
		w.move(o, 1, store.ItemMove{To: store.ItemNeedsHuman})
		w.tick(time.Minute)
		w.release(o)
		w.equal("ended", words(o.State, o.FinishedAt.Equal(w.now), o.DueAt.IsZero()), "completed true true")
		w.is(second(w.AcquireOperation(t.Context(), o, "x", w.now.Add(time.Minute), w.now)), store.ErrConflict)
		w.equal("backlog", w.backlog(), []string{})
	}},
	{"single ones go first, then those that waited longest", func(t *testing.T, w *world) {
		c := w.connect()
		first := w.queue(c, creates(1))
		w.tick(time.Second)
		second := w.queue(c, creates(1))
		w.tick(time.Second)
		single := w.single(c, creates(1)[0])
		w.equal("order", w.runnableOperations(c), []string{single.ID, first.ID, second.ID})
		w.release(w.take(first))
		w.equal("one was worked on", w.runnableOperations(c), []string{single.ID, second.ID, first.ID})
	}},
	{"connections that wait longest come first, those that take no writes not at all", func(t *testing.T, w *world) {
		var all []*store.Connection
		for range 4 {
			c := w.connect()
			all = append(all, c)
			for range 3 {
				w.queue(c, creates(1))
			}
			w.tick(time.Second)
		}
		resting := w.work(w.connect(), creates(1))
		w.ok(w.ReleaseOperation(t.Context(), resting, w.now.Add(time.Hour), "x", "", w.now))
		w.equal("all", w.backlog(), []string{all[0].ID, all[1].ID, all[2].ID, all[3].ID})
		w.equal("some", len(must[[]store.Scope](w)(w.OperationBacklog(t.Context(), w.now, 2))), 2)
		w.state(all[1], store.ConnectionUnreachable, "timeout")
		w.state(all[2], store.ConnectionPaused, "")
		w.equal("awake", w.backlog(), []string{all[0].ID, all[3].ID})
		late := w.queue(all[1], creates(1))
		w.equal("made while it sleeps", w.backlog(), []string{all[0].ID, all[3].ID})
		w.state(all[1], store.ConnectionActive, "")
		w.equal("woken", w.backlog(), []string{all[0].ID, all[1].ID, all[3].ID})
		w.state(all[1], store.ConnectionUnreachable, "timeout")
		w.write(func(tx *store.Tx) error {
			_, err := tx.CancelOperation(t.Context(), all[1].Scope(), late.ID, w.now)
			return err
		})
		w.state(all[1], store.ConnectionPaused, "")
		w.equal("something is to be cancelled", w.backlog(), []string{all[0].ID, all[3].ID, all[1].ID})
	}},
	{"what was never received to its end is dropped, what ended is purged, in steps", purges},
	{"disconnecting cancels what was not sent, and deleted data leave nothing of writes", disconnectsWrites},
	{"schedules of writes follow a clock that goes back", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(1))
		w.move(o, 0, store.ItemMove{To: store.ItemPending, DueAt: w.now.Add(2 * time.Hour)})
		w.ok(w.ReleaseOperation(t.Context(), o, w.now.Add(2*time.Hour), "x", "", w.now))
		w.ok(w.ShiftSchedules(t.Context(), w.now, time.Hour))
		w.equal("operation", w.operation(o).DueAt, w.now.Add(time.Hour))
		w.equal("item", w.item(o, 0).DueAt, w.now.Add(time.Hour))
	}},
}

// single makes a single write.
func (w *world) single(c *store.Connection, it store.Item) (o *store.Operation) {
	w.t.Helper()
	w.write(func(tx *store.Tx) (err error) {
		o, err = tx.InsertOperation(w.t.Context(), c.Scope(), store.NewOperation{ID: w.id(), Entity: orders, Kind: store.OperationSingle}, w.now)
		return errors.Join(err, tx.InsertItems(w.t.Context(), o, []store.Item{it}, w.now), tx.QueueOperation(w.t.Context(), o, w.now))
	})
	return o
}

func purges(t *testing.T, w *world) {
	c := w.connect()
	old := w.receive(c, creates(20))
	done := w.work(c, creates(20))
	for n := range int64(20) {
		w.send(done, n)
		w.move(done, n, store.ItemMove{To: store.ItemApplied})
	}
	w.release(done)
	human, open := w.work(c, creates(1)), w.queue(c, creates(1))
	w.move(human, 0, store.ItemMove{To: store.ItemNeedsHuman})
	w.release(human)
	w.tick(time.Hour)
	fresh, late := w.receive(c, creates(3)), w.work(c, creates(1))
	w.move(late, 0, store.ItemMove{To: store.ItemApplied})
	w.release(late)

	steps := 0
	for more := true; more; steps++ {
		more = must[bool](w)(w.DropReceiving(t.Context(), w.now, 5))
		_, err := w.Operation(t.Context(), c.Scope(), old.ID)
		w.is(err, store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), old, w.now) }), store.ErrNotFound)
	}
	w.equal("steps of 5 for 21 rows", steps, 5)
	w.equal("items of the old one", len(w.statuses(old)), 0)
	w.write(func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), fresh, w.now) })
	w.balanced(fresh)

	steps = 0
	for more := true; more; steps++ {
		more = must[bool](w)(w.PurgeOperations(t.Context(), w.now, 7))
		_, err := w.Operation(t.Context(), c.Scope(), done.ID)
		w.is(err, store.ErrNotFound)
		err = w.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.RetryItems(t.Context(), done, 0, w.now); return err })
		w.is(err, store.ErrConflict)
	}
	w.equal("steps of 7 for 41 rows", steps, 6)
	w.equal("items", len(w.statuses(done)), 0)
	w.equal("attempts", len(must[[]store.Attempt](w)(w.Attempts(t.Context(), done, 3))), 0)
	for _, o := range []*store.Operation{human, open, late} {
		w.balanced(o)
	}
}

func disconnectsWrites(t *testing.T, w *world) {
	c, other := w.connect(), w.connect()
	queued, running := w.queue(c, creates(3)), w.work(c, append(creates(2), update(2, idOf(c, orders, "r1"))))
	kept := w.work(other, []store.Item{update(0, idOf(c, orders, "r1"))})
	w.send(kept, 0)
	w.send(running, 2)
	key := store.IdempotencyKey{Owner: store.KeyOwner(c.ID), Name: "k", Hash: []byte("h")}
	foreign := store.IdempotencyKey{Owner: store.KeyOwner(other.ID), Name: "k", Hash: []byte("h")}
	w.claim(key, true)
	w.claim(foreign, true)
	w.tick(time.Second)
	w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
	w.is(w.RenewOperation(t.Context(), running, w.now.Add(time.Minute)), store.ErrCancelled)
	w.equal("backlog", w.backlog(), []string{c.ID})
	queued = w.take(queued)
	w.equal("why", words(queued.CancelRequested, queued.ReasonCode), "true "+store.ReasonDisconnected)
	w.equal("cancelled", must[int](w)(w.CancelItems(t.Context(), queued, []byte(`{"code":"x"}`), 2, w.now)), 2)
	w.equal("cancelled", must[int](w)(w.CancelItems(t.Context(), queued, []byte(`{"code":"x"}`), 2, w.now)), 1)
	w.equal("error", string(w.item(queued, 2).Error), `{"code":"x"}`)
	w.balanced(queued)
	w.release(queued)
	w.equal("ended", words(queued.State, queued.ReasonCode), "cancelled "+store.ReasonDisconnected)

	w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
	for !must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 3)) {
	}
	w.is(second(w.Operation(t.Context(), c.Scope(), running.ID)), store.ErrNotFound)
	w.equal("items", len(w.statuses(running)), 0)
	w.equal("attempts", len(must[[]store.Attempt](w)(w.Attempts(t.Context(), running, 2))), 0)
	w.is(second(w.Key(t.Context(), key.Owner, "k")), store.ErrNotFound)
	must[*store.IdempotencyKey](w)(w.Key(t.Context(), foreign.Owner, "k"))
	w.balanced(kept)
	w.equal("ledger of the other", len(must[[]store.Attempt](w)(w.Attempts(t.Context(), kept, 0))), 1)
}
