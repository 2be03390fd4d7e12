package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// creates makes n items that create records.
func creates(n int) []store.Item {
	out := make([]store.Item, n)
	for i := range out {
		out[i] = store.Item{N: int64(i), ClientRef: fmt.Sprintf("ref%d", i), Op: "create", Data: fmt.Appendf(nil, `{"number":"%d"}`, i), Mark: fmt.Sprintf("mark-%d", i)}
	}
	return out
}

// update makes an item that changes a record.
func update(n int64, record uuid.UUID) store.Item {
	return store.Item{N: n, Op: "update", Record: record, RemoteID: "r", Data: []byte(`{}`), Mark: fmt.Sprintf("mark-%d", n)}
}

// receive begins a batch and gives it items.
func (w *world) receive(c *store.Connection, items []store.Item) (o *store.Operation) {
	w.t.Helper()
	n := store.NewOperation{ID: w.id(), Entity: orders, Kind: store.OperationBatch, Mode: store.BestEffort, OnError: store.OnErrorGo, ChunkSize: 50, ChunkDelay: time.Second, Strict: true, Caller: "key", Request: "req"}
	w.write(func(tx *store.Tx) (err error) {
		if o, err = tx.InsertOperation(w.t.Context(), c.Scope(), n, w.now); err != nil {
			return err
		}
		return tx.InsertItems(w.t.Context(), o, items, w.now)
	})
	return o
}

// queue begins a batch of items and queues it.
func (w *world) queue(c *store.Connection, items []store.Item) *store.Operation {
	w.t.Helper()
	o := w.receive(c, items)
	w.write(func(tx *store.Tx) error { return tx.QueueOperation(w.t.Context(), o, w.now) })
	return o
}

// hold begins a batch and takes its lease.
func (w *world) work(c *store.Connection, items []store.Item) *store.Operation {
	w.t.Helper()
	return w.take(w.queue(c, items))
}

func (w *world) take(o *store.Operation) *store.Operation {
	w.t.Helper()
	return must[*store.Operation](w)(w.AcquireOperation(w.t.Context(), o, "worker", w.now.Add(time.Minute), w.now))
}

func (w *world) release(o *store.Operation) {
	w.t.Helper()
	w.ok(w.ReleaseOperation(w.t.Context(), o, time.Time{}, "", "", w.now))
}

// move takes an item from wherever it is to a status.
func (w *world) move(o *store.Operation, n int64, m store.ItemMove) *store.Item {
	w.t.Helper()
	it := w.item(o, n)
	if m.From == nil {
		m.From = []store.ItemStatus{it.Status}
	}
	w.ok(w.MoveItem(w.t.Context(), o, it, m, w.now))
	return it
}

// send moves an item to sending, with its record taken.
func (w *world) send(o *store.Operation, n int64) *store.Item {
	w.t.Helper()
	return w.move(o, n, store.ItemMove{To: store.ItemSending, Sent: true, Lock: true, Attempt: &store.Attempt{Kind: store.AttemptSend, Outcome: "sending", Sent: "{}"}})
}

func (w *world) item(o *store.Operation, n int64) *store.Item {
	w.t.Helper()
	return must[*store.Item](w)(w.Item(w.t.Context(), o, n))
}

func (w *world) operation(o *store.Operation) *store.Operation {
	w.t.Helper()
	return must[*store.Operation](w)(w.Operation(w.t.Context(), o.Scope(), o.ID))
}

// statuses gives the statuses of an operation's items, in order.
func (w *world) statuses(o *store.Operation) []store.ItemStatus {
	w.t.Helper()
	var out []store.ItemStatus
	for _, it := range must[[]store.Item](w)(w.Items(w.t.Context(), o, store.ItemFilter{Limit: 1000})) {
		out = append(out, it.Status)
	}
	return out
}

// balanced compares an operation's counts with its items.
func (w *world) balanced(o *store.Operation) {
	w.t.Helper()
	o = w.operation(o)
	got := map[store.ItemStatus]int64{}
	for _, s := range w.statuses(o) {
		got[s]++
	}
	w.equal("counts of "+o.ID, o.Counts, store.ItemCounts{
		Pending: got[store.ItemPending], Sending: got[store.ItemSending], Applied: got[store.ItemApplied], Rejected: got[store.ItemRejected], Unknown: got[store.ItemUnknown],
		Reconciling: got[store.ItemReconciling], NeedsHuman: got[store.ItemNeedsHuman], Cancelled: got[store.ItemCancelled],
	})
	w.equal("total of "+o.ID, o.Counts.Sum(), o.Total)
}

func (w *world) runnableOperations(c *store.Connection) []string {
	w.t.Helper()
	out := []string{}
	for _, o := range must[[]store.Operation](w)(w.RunnableOperations(w.t.Context(), c.Scope(), w.now, 100)) {
		out = append(out, o.ID)
	}
	return out
}

// backlog gives the ids of connections that have something to write.
func (w *world) backlog() []string {
	w.t.Helper()
	out := []string{}
	for _, sc := range must[[]store.Scope](w)(w.OperationBacklog(w.t.Context(), w.now, 100)) {
		out = append(out, sc.ConnectionID())
	}
	return out
}

// busy says that another write has a record.
func (w *world) busy(err error, holder *store.Operation, n int64) {
	w.t.Helper()
	w.is(err, store.ErrBusy)
	var b *store.BusyError
	if !asBusy(err, &b) || b.Operation != holder.ID || b.N != n {
		w.t.Errorf("it does not name item %d of %s: %v", n, holder.ID, err)
	}
}

// words puts a space between all of them.
func words(all ...any) string { return strings.TrimSuffix(fmt.Sprintln(all...), "\n") }
