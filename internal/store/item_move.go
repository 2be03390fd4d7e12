package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// MoveItem takes one step of an item, under the lease's fence: counts follow, a lock is taken or given back, the ledger gets its line. it and o.Counts are
// brought up to date, from what is stored and m alone. ErrFenced, ErrConflict, ErrBusy (a *BusyError), each of which ends the transaction. Of an item as the
// caller has read it, it may turn out only at the end of the transaction that it has moved since, or that its record is taken: then all is done once more from what is stored. In one transaction ApplyRecord comes before it, and whoever locks several records does it in the order of their ids.
func (t *Tx) MoveItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	t.changed(ThingOperations, o.scope)
	held, err := t.take(ctx, o)
	if err != nil {
		return fmt.Errorf("move item %d of operation %s: %w", it.N, o.ID, err)
	}
	if m.Sent && !t.made[o.ID] {
		err = t.hasAllCommits(ctx)
	}
	if err == nil {
		err = t.moveItem(ctx, held, it, m, now)
	}
	o.Counts = held.counts
	if err != nil {
		return fmt.Errorf("move item %d of operation %s to %s: %w", it.N, o.ID, m.To, err)
	}
	return nil
}

// MoveItem in a transaction of its own.
func (s *Store) MoveItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	var item Item
	var operation Operation
	err := s.Write(ctx, func(tx *Tx) error {
		item, operation = *it, *o
		return tx.MoveItem(ctx, &operation, &item, m, now)
	})
	if err == nil {
		*it, o.Counts = item, operation.Counts
	}
	return err
}

// moveItem moves an item of an operation whose row the transaction has taken. An item that was read before is not read again, unless it turns out to have moved since: errStale, at the
// latest before the transaction commits, also where its record turns out to be taken.
func (t *Tx) moveItem(ctx context.Context, held *takenOperation, it *Item, m ItemMove, now time.Time) error {
	was := itemRow(held.OperationKey, it)
	known := !t.fresh && it.Op != "" && slices.Contains(m.From, it.Status)
	if !known {
		var err error
		if was, err = t.q.Item(ctx, held.Connection, held.Operation, it.N); err != nil {
			return orNotFound(err)
		}
	}
	if !slices.Contains(m.From, ItemStatus(was.Status)) {
		return fmt.Errorf("it is %s: %w", was.Status, ErrConflict)
	}
	next := m.after(was, now)
	if err := t.holdRecord(ctx, next, m.Lock, known); err != nil {
		return err
	}
	if err := t.setItem(ctx, was, next, known); err != nil {
		return err
	}
	if err := t.giveRecord(ctx, was, next); err != nil {
		return err
	}
	if err := t.noteAttempt(ctx, next, m.Attempt, now); err != nil {
		return err
	}
	*it = *itemFrom(next)
	held.count(ItemStatus(was.Status), ItemStatus(next.Status))
	return nil
}

// of gives the count of a status.
func (c *ItemCounts) of(s ItemStatus) *int64 {
	switch s {
	case ItemPending:
		return &c.Pending
	case ItemSending:
		return &c.Sending
	case ItemApplied:
		return &c.Applied
	case ItemRejected:
		return &c.Rejected
	case ItemUnknown:
		return &c.Unknown
	case ItemReconciling:
		return &c.Reconciling
	case ItemNeedsHuman:
		return &c.NeedsHuman
	case ItemCancelled:
		return &c.Cancelled
	}
	panic("no item is " + string(s))
}

// after is the item behind the step.
func (m *ItemMove) after(i queries.OperationItem, now time.Time) queries.OperationItem {
	if m.Record != uuid.Nil {
		i.Record = m.Record[:]
	}
	i.RemoteID = or(Storable(m.RemoteID), i.RemoteID)
	i.Warnings = or(string(storableBytes(m.Warnings)), i.Warnings)
	i.Error = m.errorAfter(i)
	i.Version = or(m.Version, i.Version)
	if m.To != ItemApplied {
		i.Version = ""
	}
	i.Wanted, i.Job = m.wantedAfter(i), m.jobAfter(i)
	if m.Sent {
		i.Attempts, i.SentAt, i.Looks = i.Attempts+1, queries.At(micros(now)), 0
	}
	switch {
	case m.JobOver:
		i.Looks = 0
	case m.Look:
		i.Looks++
	}
	i.Status, i.DueAt, i.UpdatedAt = string(m.To), queries.At(micros(m.DueAt)), queries.At(micros(now))
	return i
}

// wantedAfter is what is kept of what the item asks for.
func (m *ItemMove) wantedAfter(i queries.OperationItem) string {
	if m.Untaken || m.To == ItemApplied || m.To == ItemRejected || m.To == ItemCancelled {
		return ""
	}
	return or(i.Wanted, string(storableBytes(m.Wanted)))
}

// jobAfter is the job that is known to be on its way.
func (m *ItemMove) jobAfter(i queries.OperationItem) string {
	if m.Sent || m.JobOver || m.To == ItemApplied || m.To == ItemRejected || m.To == ItemCancelled {
		return ""
	}
	return or(string(storableBytes(m.Job)), i.Job)
}

// errorAfter is the item's error behind the step: what a pending one waits for is said anew when it becomes so.
func (m *ItemMove) errorAfter(i queries.OperationItem) string {
	switch {
	case m.To == ItemApplied || m.To == ItemSending:
		return ""
	case m.To == ItemPending && ItemStatus(i.Status) != ItemPending:
		return string(storableBytes(m.Error))
	}
	return or(string(storableBytes(m.Error)), i.Error)
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// holdRecord takes the record for a write that may have an effect.
func (t *Tx) holdRecord(ctx context.Context, next queries.OperationItem, lock, known bool) error {
	if !lock || len(next.Record) == 0 || !ItemStatus(next.Status).Doubtful() {
		return nil
	}
	return t.takeRecord(ctx, next, known)
}

// giveRecord gives the record back when it is known what became of the write.
func (t *Tx) giveRecord(ctx context.Context, was, next queries.OperationItem) error {
	if ItemStatus(next.Status).Doubtful() || !ItemStatus(was.Status).Doubtful() || len(was.Record) == 0 {
		return nil
	}
	return t.q.GiveRecord(ctx, queries.GiveRecordParams{Connection: was.Connection, Record: was.Record, Operation: was.Operation, N: was.N})
}

// MadeByAnother says that another item made the record, or has taken it for its own. It is asked in one transaction with ApplyRecord of the record: of several that ask at once, one comes first.
func (t *Tx) MadeByAnother(ctx context.Context, o *Operation, it *Item, record uuid.UUID) (bool, error) {
	n, err := t.q.MadeByAnother(ctx, queries.MadeByAnotherParams{Connection: o.scope.no, Record: record[:], Operation: o.ID, N: it.N})
	if err != nil {
		return false, fmt.Errorf("look who made record %s: %w", record, err)
	}
	return n > 0, nil
}

// takeRecord takes the record of an item. Of one that is known, whoever has it already is looked for only when the transaction is done again.
func (t *Tx) takeRecord(ctx context.Context, i queries.OperationItem, known bool) error {
	r, err := t.q.TakeRecord(ctx, queries.TakeRecordParams{Connection: i.Connection, Record: i.Record, Operation: i.Operation, N: i.N})
	if known {
		return t.touches(r, err, errStale)
	}
	n, err := touched(r, err)
	if err != nil || n > 0 {
		return err
	}
	who, err := t.q.WhoWrites(ctx, i.Connection, i.Record)
	switch {
	case errors.Is(err, sql.ErrNoRows): // given back this instant
		return t.takeRecord(ctx, i, false)
	case err != nil:
		return err
	case who.Operation == i.Operation && who.N == i.N:
		return nil
	}
	return &BusyError{Operation: who.Operation, N: who.N}
}

// setItem stores an item that is as it was. One that was read under the lock of its operation, or made by the transaction, is.
func (t *Tx) setItem(ctx context.Context, was, i queries.OperationItem, known bool) error {
	r, err := t.q.SetItem(ctx, queries.SetItemParams{
		Record: i.Record, RemoteID: i.RemoteID, Status: i.Status, Version: i.Version, Error: i.Error, Warnings: i.Warnings, Wanted: i.Wanted, Job: i.Job, Attempts: i.Attempts, Looks: i.Looks,
		SentAt: i.SentAt, DueAt: i.DueAt, UpdatedAt: i.UpdatedAt, Connection: i.Connection, Operation: i.Operation, N: i.N,
		WasStatus: was.Status, WasAttempts: was.Attempts, WasLooks: was.Looks,
	})
	switch {
	case err == nil && t.made[was.Operation] && isNew(was):
		return nil
	case known:
		return t.touches(r, err, errStale)
	}
	return t.touches(r, err, fmt.Errorf("it moved under the lock of its operation: %w", ErrConflict))
}

func isNew(i queries.OperationItem) bool {
	return ItemStatus(i.Status) == ItemPending && i.Attempts == 0 && i.Looks == 0
}
