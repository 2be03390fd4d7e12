package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// AcquireOperation takes the lease, raising its fence: queued becomes running. In the same transaction every item in sending, which the holder before
// left there, becomes unknown, and one in reconciling too. ErrConflict: somebody else has it, it is not due, or it has ended.
func (s *Store) AcquireOperation(ctx context.Context, o *Operation, owner string, until, now time.Time) (out *Operation, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		out, err = tx.AcquireOperation(ctx, o, owner, until, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AcquireOperation in the caller's transaction: whoever makes an operation may hold it from the start.
func (t *Tx) AcquireOperation(ctx context.Context, o *Operation, owner string, until, now time.Time) (*Operation, error) {
	t.changed(ThingOperations, o.scope)
	row, err := t.q.AcquireOperation(ctx, queries.AcquireOperationParams{
		Now: now.UnixMicro(), LeaseOwner: owner, LeaseUntilAt: queries.At(until), Connection: o.scope.no, ID: o.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("take operation %s: %w", o.ID, noRows(err, ErrConflict))
	}
	out := operationFrom(o.scope, o.Entity, row)
	if out.Counts.Sending+out.Counts.Reconciling == 0 {
		return out, nil
	}
	if err := t.doubt(ctx, out, now); err != nil {
		return nil, fmt.Errorf("take operation %s: %w", o.ID, err)
	}
	return out, nil
}

// doubt makes unknown what the holder before left under way.
func (t *Tx) doubt(ctx context.Context, o *Operation, now time.Time) error {
	n, err := t.q.DoubtItems(ctx, queries.At(now), o.scope.no, o.ID)
	if err != nil {
		return err
	}
	if left := o.Counts.Sending + o.Counts.Reconciling; n != left {
		return fmt.Errorf("%d items were under way and %d are counted", n, left)
	}
	o.Counts.Unknown, o.Counts.Sending, o.Counts.Reconciling = o.Counts.Unknown+n, 0, 0
	return t.countItems(ctx, o.key(), o.Counts)
}

// countItems stores the counts of an operation whose row the transaction has taken.
func (t *Tx) countItems(ctx context.Context, k OperationKey, c ItemCounts) error {
	return t.q.CountItems(ctx, queries.CountItemsParams{
		Pending: c.Pending, Sending: c.Sending, Applied: c.Applied, Rejected: c.Rejected, Unknown: c.Unknown, Reconciling: c.Reconciling,
		NeedsHuman: c.NeedsHuman, Cancelled: c.Cancelled, Connection: k.Connection, ID: k.Operation,
	})
}

// RenewOperation extends the lease. ErrFenced; ErrCancelled: cancel was requested, the lease is extended all the same.
func (s *Store) RenewOperation(ctx context.Context, o *Operation, until time.Time) error {
	var cancel queries.Flag
	err := s.Write(ctx, func(tx *Tx) (err error) {
		cancel, err = tx.q.RenewOperation(ctx, queries.RenewOperationParams{
			LeaseUntilAt: queries.At(until), Connection: o.scope.no, ID: o.ID, LeaseEpoch: o.leaseEpoch,
		})
		return noRows(err, ErrFenced)
	})
	if err != nil {
		return fmt.Errorf("keep operation %s: %w", o.ID, err)
	}
	o.LeaseUntil = micros(until)
	if cancel {
		o.CancelRequested = true
		return ErrCancelled
	}
	return nil
}

// ReleaseOperation frees the lease. With no open items it completes (cancelled, where that was requested and an item was cancelled), FinishedAt is set and DueAt
// cleared; else DueAt is the given time (zero: at once) and the reason says why it waits ("" twice: nothing in particular). ErrFenced.
func (s *Store) ReleaseOperation(ctx context.Context, o *Operation, due time.Time, reasonCode, reasonDetail string, now time.Time) error {
	var out Operation
	err := s.Write(ctx, func(tx *Tx) error {
		out = *o
		return tx.ReleaseOperation(ctx, &out, due, reasonCode, reasonDetail, now)
	})
	if err == nil {
		*o = out
	}
	return err
}

// ReleaseOperation in the caller's transaction.
func (t *Tx) ReleaseOperation(ctx context.Context, o *Operation, due time.Time, reasonCode, reasonDetail string, now time.Time) error {
	held, err := t.take(ctx, o)
	if err != nil {
		return fmt.Errorf("free operation %s: %w", o.ID, err)
	}
	*o = *operationFrom(o.scope, o.Entity, held.row)
	o.Counts = held.counts
	if o.Counts.Open() > 0 {
		o.DueAt, o.ReasonCode, o.ReasonDetail = micros(orElse(due, now)), reasonCode, Storable(reasonDetail)
	} else {
		o.end(now)
		t.tallyWrites(o.scope.no, o.FinishedAt, o.Counts, false)
	}
	if err := t.setOperation(ctx, o); err != nil {
		return fmt.Errorf("free operation %s: %w", o.ID, err)
	}
	return nil
}

// end is what an operation becomes when none of its items is open. Why one was cancelled stays.
func (o *Operation) end(now time.Time) {
	o.State, o.FinishedAt, o.DueAt = OperationCompleted, micros(now), time.Time{}
	if o.CancelRequested && o.Counts.Cancelled > 0 {
		o.State = OperationCancelled
		return
	}
	o.ReasonCode, o.ReasonDetail = "", ""
}

// setOperation stores where an operation stands, and its counts, whose row the transaction has taken, and that nobody works on it.
func (t *Tx) setOperation(ctx context.Context, o *Operation) error {
	t.changed(ThingOperations, o.scope)
	o.LeaseUntil, o.leaseEpoch = time.Time{}, o.leaseEpoch+1
	delete(t.taken, o.ID)
	c := o.Counts
	return t.q.SetOperation(ctx, queries.SetOperationParams{
		State: string(o.State), FinishedAt: queries.At(o.FinishedAt), DueAt: queries.At(o.DueAt), CancelRequested: queries.Flag(o.CancelRequested),
		ReasonCode: o.ReasonCode, ReasonDetail: o.ReasonDetail, Connection: o.scope.no, ID: o.ID,
		Pending: c.Pending, Sending: c.Sending, Applied: c.Applied, Rejected: c.Rejected, Unknown: c.Unknown, Reconciling: c.Reconciling,
		NeedsHuman: c.NeedsHuman, Cancelled: c.Cancelled,
	})
}

// FreeOperations ends the wait of the connection's operations that wait for this reason.
func (t *Tx) FreeOperations(ctx context.Context, sc Scope, reasonCode string, now time.Time) error {
	t.changed(ThingOperations, sc)
	if err := t.q.FreeOperations(ctx, queries.At(now), sc.no, reasonCode); err != nil {
		return fmt.Errorf("end the wait of connection %s's operations: %w", sc.id, err)
	}
	return nil
}

// DoubtRunningOperations makes the pending items of operations that have not ended unknown: the database fell back behind what it had answered, and nobody can tell
// which of them went out, nor which operations were begun. Each takes its record.
func (t *Tx) DoubtRunningOperations(ctx context.Context, now time.Time) error {
	if err := t.q.DoubtOperations(ctx, queries.At(now)); err != nil {
		return fmt.Errorf("doubt what may have been written: %w", err)
	}
	if err := t.q.TakeDoubtfulRecords(ctx); err != nil {
		return fmt.Errorf("doubt what may have been written: %w", err)
	}
	if err := t.q.DoubtPendingItems(ctx, queries.At(now)); err != nil {
		return fmt.Errorf("doubt what may have been written: %w", err)
	}
	return nil
}
