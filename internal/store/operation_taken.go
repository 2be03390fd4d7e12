package store

import (
	"context"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// takenOperation is an operation whose row the transaction has taken: nobody else changes it or its items until the transaction ends. Its counts are stored once, behind all steps of its items.
type takenOperation struct {
	OperationKey
	row     queries.Operation // as it was when it was taken
	counts  ItemCounts
	changed bool // counts are not stored yet
}

func taken(row queries.Operation) *takenOperation {
	return &takenOperation{OperationKey: OperationKey{row.Connection, row.ID}, row: row, counts: itemCountsFrom(row)}
}

// count counts an item that went from one status to another.
func (h *takenOperation) count(from, to ItemStatus) {
	if from != to {
		*h.counts.of(from)--
		*h.counts.of(to)++
		h.changed = true
	}
}

// take takes the row of an operation whose lease is held, once in a transaction. ErrFenced.
func (t *Tx) take(ctx context.Context, o *Operation) (*takenOperation, error) {
	if h := t.taken[o.ID]; h != nil && h.Connection == o.scope.no && h.row.LeaseEpoch == o.leaseEpoch {
		return h, nil
	}
	row, err := t.q.FenceOperation(ctx, o.scope.no, o.ID, o.leaseEpoch)
	if err != nil {
		return nil, noRows(err, ErrFenced)
	}
	return t.hold(row), nil
}

func (t *Tx) hold(row queries.Operation) *takenOperation {
	if t.taken == nil {
		t.taken = map[string]*takenOperation{}
	}
	h := taken(row)
	t.taken[row.ID] = h
	return h
}

// flush stores what the steps of items have changed in the counts of their operations and what has ended, and takes the looks that are left.
func (t *Tx) flush(ctx context.Context) error {
	for _, h := range t.taken {
		if !h.changed {
			continue
		}
		if err := t.countItems(ctx, h.OperationKey, h.counts); err != nil {
			return err
		}
	}
	t.taken = nil
	if err := t.putTallies(ctx); err != nil {
		return err
	}
	return t.settled()
}
