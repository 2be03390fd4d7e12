package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// DecideItem moves an item that needs a human or is unknown as a person says, without the lease: to applied, or to pending to be sent again. The operation is due at
// once when there is something to do, and ends when there is not. A cancel that was asked for is over once nothing of it is left to do. ErrConflict: the item is in no
// such state, or somebody works on it just now. In one transaction ApplyRecord comes before it.
func (t *Tx) DecideItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	t.changed(ThingOperations, o.scope)
	if m.To != ItemApplied && m.To != ItemPending {
		return fmt.Errorf("nobody decides that an item is %s: %w", m.To, ErrConflict)
	}
	row, err := t.q.FreeOperation(ctx, o.scope.no, o.ID, queries.At(now))
	if err != nil {
		return fmt.Errorf("decide on item %d of operation %s: %w", it.N, o.ID, noRows(err, ErrConflict))
	}
	m.From = slices.DeleteFunc(slices.Clone(m.From), func(s ItemStatus) bool { return s != ItemNeedsHuman && s != ItemUnknown })
	after := operationFrom(o.scope, o.Entity, row)
	held := taken(row)
	err = t.moveItem(ctx, held, it, m, now)
	if after.Counts = held.counts; err == nil {
		err = t.countItems(ctx, held.OperationKey, held.counts)
	}
	if err != nil {
		return fmt.Errorf("decide on item %d of operation %s: %w", it.N, o.ID, err)
	}
	if m.To == ItemPending && row.PendingCount == 0 {
		after.CancelRequested = false
	}
	if err := t.goOn(ctx, after, row, now); err != nil {
		return fmt.Errorf("decide on item %d of operation %s: %w", it.N, o.ID, err)
	}
	*o = *after
	return nil
}

// goOn makes an operation that nobody works on due at once when it has open items, and ends it when it has none. was is its row before its items moved.
func (t *Tx) goOn(ctx context.Context, o *Operation, was queries.Operation, now time.Time) error {
	t.tallyWrites(was.Connection, was.FinishedAt.Time, itemCountsFrom(was), true)
	defer func() { t.tallyWrites(was.Connection, o.FinishedAt, o.Counts, false) }()
	ended := o.DueAt.IsZero()
	switch {
	case o.Counts.Open() == 0 && ended:
		return nil
	case o.Counts.Open() == 0:
		o.end(now)
	default:
		if ended {
			o.State, o.FinishedAt = OperationQueued, time.Time{}
		}
		o.DueAt, o.ReasonCode, o.ReasonDetail = micros(now), "", ""
	}
	if err := t.q.WakeOperation(ctx, o.scope.no, o.ID); err != nil {
		return err
	}
	return t.setOperation(ctx, o)
}

// CancelOperation notes that a cancel was asked for. Nobody having the lease, its pending items are cancelled by whoever takes it next. One that has ended is left as it is. ErrNotFound.
func (t *Tx) CancelOperation(ctx context.Context, sc Scope, id string, now time.Time) (*Operation, error) {
	t.changed(ThingOperations, sc)
	if err := t.q.AskCancelOperation(ctx, queries.At(now), sc.no, Storable(id)); err != nil {
		return nil, fmt.Errorf("cancel operation %s: %w", id, err)
	}
	return getOperation(ctx, t.q, sc, id)
}

// CancelItems cancels up to limit pending items, in order, under the lease's fence; the error is kept with each. n is how many there were.
func (s *Store) CancelItems(ctx context.Context, o *Operation, problem []byte, limit int, now time.Time) (n int, err error) {
	var counts ItemCounts
	err = s.Write(ctx, func(tx *Tx) error {
		out := *o
		n, err = tx.cancelItems(ctx, &out, problem, limit, now)
		counts = out.Counts
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("cancel items of operation %s: %w", o.ID, err)
	}
	o.Counts = counts
	return n, nil
}

func (t *Tx) cancelItems(ctx context.Context, o *Operation, problem []byte, limit int, now time.Time) (int, error) {
	t.changed(ThingOperations, o.scope)
	held, err := t.take(ctx, o)
	if err != nil {
		return 0, err
	}
	n, err := t.q.CancelItems(ctx, queries.CancelItemsParams{
		Error: string(storableBytes(problem)), UpdatedAt: queries.At(now), Connection: o.scope.no, Operation: o.ID, MaxRows: atMost(limit),
	})
	if err != nil {
		return 0, err
	}
	held.counts.Pending, held.counts.Cancelled, held.changed = held.counts.Pending-n, held.counts.Cancelled+n, true
	o.Counts = held.counts
	return int(n), nil
}

// RetryItems makes rejected and cancelled items pending again, up to limit (0: all), and the operation due: those that are known to have had no effect, and have a mark. A cancel that
// was asked for is over. n is how many there were. ErrConflict: somebody works on the operation, as they may as soon as a step is stored.
func (t *Tx) RetryItems(ctx context.Context, o *Operation, limit int, now time.Time) (n int, err error) {
	row, err := t.q.FreeOperation(ctx, o.scope.no, o.ID, queries.At(now))
	if err != nil {
		return 0, fmt.Errorf("retry operation %s: %w", o.ID, noRows(err, ErrConflict))
	}
	after := operationFrom(o.scope, o.Entity, row)
	if n, err = t.retryItems(ctx, after, limit, now); err != nil {
		return 0, fmt.Errorf("retry operation %s: %w", o.ID, err)
	}
	if n > 0 {
		after.CancelRequested = false
		if err := t.goOn(ctx, after, row, now); err != nil {
			return 0, fmt.Errorf("retry operation %s: %w", o.ID, err)
		}
	}
	*o = *after
	return n, nil
}

func (t *Tx) retryItems(ctx context.Context, o *Operation, limit int, now time.Time) (int, error) {
	left := int64(limit)
	if limit <= 0 {
		left = math.MaxInt32
	}
	all := int64(0)
	for _, status := range []ItemStatus{ItemRejected, ItemCancelled} {
		n, err := t.q.RetryItems(ctx, queries.RetryItemsParams{
			UpdatedAt: queries.At(now), Connection: o.scope.no, Operation: o.ID, Status: string(status), MaxRows: int32(left - all),
		})
		if err != nil {
			return 0, err
		}
		*o.Counts.of(status) -= n
		o.Counts.Pending += n
		all += n
	}
	return int(all), t.countItems(ctx, o.key(), o.Counts)
}
