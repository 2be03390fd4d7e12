package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/store"
)

// OperationModel lets workers, people and crashes move the items of several operations on a few records in any order, and compares the store with what they did.
func OperationModel(t *testing.T, open Opener) {
	t.Parallel()
	w := &world{t: t, Store: open(t), now: start}
	rapid.Check(t, func(rt *rapid.T) {
		m := &writes{world: w, c: w.connect(), held: map[uuid.UUID]*modelItem{}}
		rt.Repeat(rapid.StateMachineActions(m))
	})
}

// writes is what must be stored of operations.
type writes struct {
	*world
	c          *store.Connection
	operations []*modelOperation
	held       map[uuid.UUID]*modelItem // records that a write has
}

type modelOperation struct {
	*store.Operation // as its holder, or who looked last, knows it
	items            []*modelItem
	holds            bool // somebody has the lease
	cancel, ended    bool
}

type modelItem struct {
	op       *modelOperation
	n        int64
	record   uuid.UUID
	status   store.ItemStatus
	attempts int
}

var allStatuses = []store.ItemStatus{
	store.ItemPending, store.ItemSending, store.ItemApplied, store.ItemRejected, store.ItemUnknown, store.ItemReconciling, store.ItemNeedsHuman, store.ItemCancelled,
}

// Accept queues a new operation.
func (m *writes) Accept(rt *rapid.T) {
	if len(m.operations) >= 4 {
		return
	}
	o := &modelOperation{}
	var items []store.Item
	for n := range rapid.IntRange(1, 6).Draw(rt, "items") {
		it := &modelItem{op: o, n: int64(n), record: idOf(m.c, orders, fmt.Sprint(rapid.IntRange(0, 3).Draw(rt, "record"))), status: store.ItemPending}
		o.items, items = append(o.items, it), append(items, update(it.n, it.record))
	}
	o.Operation = m.queue(m.c, items)
	m.operations = append(m.operations, o)
}

// pick gives an operation, nil while there is none.
func (m *writes) pick(rt *rapid.T) *modelOperation {
	if len(m.operations) == 0 {
		return nil
	}
	return rapid.SampledFrom(m.operations).Draw(rt, "operation")
}

func (o *modelOperation) pick(rt *rapid.T) *modelItem {
	return rapid.SampledFrom(o.items).Draw(rt, "item")
}

// Acquire takes a lease, or finds that it is taken or nothing is to do.
func (m *writes) Acquire(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	got, err := m.AcquireOperation(m.t.Context(), o.Operation, "worker", m.now.Add(time.Minute), m.now)
	if o.holds || o.ended {
		m.is(err, store.ErrConflict)
		return
	}
	m.ok(err)
	m.took(o, got)
}

func (m *writes) took(o *modelOperation, got *store.Operation) {
	o.Operation, o.holds = got, true
	for _, it := range o.items {
		if it.status == store.ItemSending || it.status == store.ItemReconciling {
			it.status = store.ItemUnknown
		}
	}
}

// Move takes an item to any status from a set of expected ones, possibly in a transaction that is done twice.
func (m *writes) Move(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	it := o.pick(rt)
	from := rapid.SliceOfNDistinct(rapid.SampledFrom(allStatuses), 4, 8, func(s store.ItemStatus) store.ItemStatus { return s }).Draw(rt, "from")
	step := store.ItemMove{From: from, To: rapid.SampledFrom(allStatuses).Draw(rt, "to"), Lock: rapid.Bool().Draw(rt, "lock"), Sent: rapid.Bool().Draw(rt, "sent")}
	want := m.expect(o, it, step)
	row, failed := m.item(o.Operation, it.n), errors.New("no")
	if rapid.Bool().Draw(rt, "twice") {
		m.is(m.Write(m.t.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.MoveItem(m.t.Context(), o.Operation, row, step, m.now), failed)
		}), failed)
	}
	err := m.Write(m.t.Context(), func(tx *store.Tx) error { return tx.MoveItem(m.t.Context(), o.Operation, row, step, m.now) })
	m.is(err, want)
	if want == nil {
		m.moved(it, step)
		m.equal("item", *row, *m.item(o.Operation, it.n))
	}
}

// expect is what becomes of a step.
func (m *writes) expect(o *modelOperation, it *modelItem, step store.ItemMove) error {
	found := false
	for _, s := range step.From {
		found = found || s == it.status
	}
	switch by := m.held[it.record]; {
	case !o.holds:
		return store.ErrFenced
	case !found:
		return store.ErrConflict
	case step.To.Doubtful() && step.Lock && by != nil && by != it:
		return store.ErrBusy
	}
	return nil
}

func (m *writes) moved(it *modelItem, step store.ItemMove) {
	if step.To.Doubtful() && step.Lock {
		m.held[it.record] = it
	} else if !step.To.Doubtful() && m.held[it.record] == it {
		delete(m.held, it.record)
	}
	it.status = step.To
	if step.Sent {
		it.attempts++
	}
}

// Release lets go of a lease: an operation without open items ends.
func (m *writes) Release(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	err := m.ReleaseOperation(m.t.Context(), o.Operation, time.Time{}, "", "", m.now)
	if !o.holds {
		m.is(err, store.ErrFenced)
		return
	}
	m.ok(err)
	o.holds, o.ended = false, o.open() == 0
}

func (o *modelOperation) open() (n int) {
	for _, it := range o.items {
		if !it.status.Final() {
			n++
		}
	}
	return n
}

// Crash loses a holder: the lease runs out, another takes it, and the first moves nothing.
func (m *writes) Crash(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil || !o.holds {
		return
	}
	m.tick(time.Minute)
	for _, other := range m.operations { // the leases of all others run out too
		if other.holds {
			lost := *other.Operation
			m.took(other, m.take(other.Operation))
			m.is(m.MoveItem(m.t.Context(), &lost, &store.Item{}, store.ItemMove{From: allStatuses, To: store.ItemApplied}, m.now), store.ErrFenced)
		}
	}
}

// Decide is a person's word on an item.
func (m *writes) Decide(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	it := o.pick(rt)
	to := rapid.SampledFrom([]store.ItemStatus{store.ItemApplied, store.ItemPending}).Draw(rt, "to")
	pending := o.count(store.ItemPending)
	err := m.decideItem(o.Operation, it.n, store.ItemMove{To: to})
	if o.holds || it.status != store.ItemNeedsHuman && it.status != store.ItemUnknown {
		m.is(err, store.ErrConflict)
		return
	}
	m.ok(err)
	m.moved(it, store.ItemMove{To: to})
	o.ended = o.open() == 0
	o.cancel = o.cancel && (to != store.ItemPending || pending > 0)
}

func (o *modelOperation) count(s store.ItemStatus) (n int) {
	for _, it := range o.items {
		if it.status == s {
			n++
		}
	}
	return n
}

// Cancel asks for it, and a holder cancels what is pending.
func (m *writes) Cancel(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	m.cancel(o.Operation)
	o.cancel = o.cancel || !o.ended
	if !o.holds {
		return
	}
	limit := rapid.IntRange(1, 3).Draw(rt, "limit")
	n, err := m.CancelItems(m.t.Context(), o.Operation, nil, limit, m.now)
	m.ok(err)
	m.equal("cancelled", n, m.change(o, store.ItemPending, store.ItemCancelled, limit))
}

// change moves up to limit items from one status to another.
func (m *writes) change(o *modelOperation, from, to store.ItemStatus, limit int) (n int) {
	for _, it := range o.items {
		if it.status == from && n < limit {
			it.status = to
			n++
		}
	}
	return n
}

// Retry lets what had no effect be sent again.
func (m *writes) Retry(rt *rapid.T) {
	o := m.pick(rt)
	if o == nil {
		return
	}
	limit, n := rapid.IntRange(1, 3).Draw(rt, "limit"), 0
	err := m.Write(m.t.Context(), func(tx *store.Tx) (err error) {
		n, err = tx.RetryItems(m.t.Context(), o.Operation, limit, m.now)
		return err
	})
	if o.holds {
		m.is(err, store.ErrConflict)
		return
	}
	m.ok(err)
	want := m.change(o, store.ItemRejected, store.ItemPending, limit)
	want += m.change(o, store.ItemCancelled, store.ItemPending, limit-want)
	m.equal("sent again", n, want)
	if n > 0 {
		o.ended, o.cancel = false, false
	}
}

// Check compares after every action.
func (m *writes) Check(rt *rapid.T) {
	due := 0
	for _, o := range m.operations {
		var want []store.ItemStatus
		for _, it := range o.items {
			want = append(want, it.status)
			if got := m.item(o.Operation, it.n); got.Attempts != it.attempts {
				m.t.Errorf("item %d has %d attempts, want %d", it.n, got.Attempts, it.attempts)
			}
		}
		m.equal("items", m.statuses(o.Operation), want)
		m.balanced(o.Operation)
		got := m.operation(o.Operation)
		m.equal("ended, cancel asked", words(!got.FinishedAt.IsZero(), got.DueAt.IsZero(), got.CancelRequested), words(o.ended, o.ended, o.cancel))
		m.equal("counts as its holder knows them", o.Counts, got.Counts)
		if !o.ended && !o.holds {
			due++
		}
	}
	m.equal("due", len(m.runnableOperations(m.c)), due)
	if m.t.Failed() {
		rt.Fatal("see above")
	}
}
