package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ItemFilter narrows an operation's items; zero fields do not filter. Order: by N.
type ItemFilter struct {
	From     int64 // N: this one and later ones
	Statuses []ItemStatus
	Due      time.Time // only those whose DueAt is not after it; zero: all
	Limit    int
	Bare     bool // without Data and Wanted, which may be large
}

// Items lists items of an operation.
func (s *Store) Items(ctx context.Context, o *Operation, f ItemFilter) ([]Item, error) {
	rows, err := s.items(ctx, o, f)
	if err != nil {
		return nil, fmt.Errorf("list items of operation %s: %w", o.ID, err)
	}
	return each(rows, func(r queries.OperationItem) Item { return *itemFrom(r) }), nil
}

// items reads each status by itself: so it takes no longer for items of a large operation that are far behind.
func (s *Store) items(ctx context.Context, o *Operation, f ItemFilter) (rows []queries.OperationItem, err error) {
	limit, due, bare := atMost(f.Limit), int64(0), int64(0)
	if f.Bare {
		bare = 1
	}
	if !f.Due.IsZero() {
		due = f.Due.UnixMicro()
	}
	if len(f.Statuses) == 0 {
		all, err := s.read.Items(ctx, queries.ItemsParams{Connection: o.scope.no, Operation: o.ID, FromN: f.From, Due: due, MaxRows: limit, Bare: bare})
		return each(all, func(r queries.ItemsRow) queries.OperationItem { return queries.OperationItem(r) }), err
	}
	for _, status := range slices.Compact(slices.Sorted(slices.Values(f.Statuses))) {
		part, err := s.read.ItemsByStatus(ctx, queries.ItemsByStatusParams{
			Connection: o.scope.no, Operation: o.ID, Status: Storable(string(status)), FromN: f.From, Due: due, MaxRows: limit, Bare: bare,
		})
		if err != nil {
			return nil, err
		}
		for _, r := range part {
			rows = append(rows, queries.OperationItem(r))
		}
	}
	slices.SortFunc(rows, func(a, b queries.OperationItem) int { return cmp.Compare(a.N, b.N) })
	return rows[:min(len(rows), int(limit))], nil
}

// CreatesUnderWay lists items of all operations of the stream of o that create a record and have been sent, and to which no answer has come yet.
func (s *Store) CreatesUnderWay(ctx context.Context, o *Operation) ([]Item, error) {
	rows, err := s.read.CreatesUnderWay(ctx, o.scope.no, o.stream)
	if err != nil {
		return nil, fmt.Errorf("list what is being created of %s: %w", o.Entity, err)
	}
	return each(rows, func(r queries.OperationItem) Item { return *itemFrom(r) }), nil
}

// Item gives one item. ErrNotFound.
func (s *Store) Item(ctx context.Context, o *Operation, n int64) (*Item, error) {
	return getItem(ctx, s.read, o, n)
}

// Item gives one item as the transaction sees it. ErrNotFound.
func (t *Tx) Item(ctx context.Context, o *Operation, n int64) (*Item, error) {
	return getItem(ctx, t.q, o, n)
}

func getItem(ctx context.Context, q *queries.Queries, o *Operation, n int64) (*Item, error) {
	row, err := q.Item(ctx, o.scope.no, o.ID, n)
	if err != nil {
		return nil, fmt.Errorf("item %d of operation %s: %w", n, o.ID, orNotFound(err))
	}
	return itemFrom(row), nil
}

func itemFrom(r queries.OperationItem) *Item {
	it := &Item{
		N: r.N, ClientRef: r.ClientRef, Op: r.Op, RemoteID: r.RemoteID, Status: ItemStatus(r.Status), Data: bytesOf(r.Data), IfMatch: r.IfMatch, Mark: r.Mark,
		Version: r.Version, Wanted: bytesOf(r.Wanted), Job: bytesOf(r.Job), Error: bytesOf(r.Error), Warnings: bytesOf(r.Warnings), Attempts: int(r.Attempts), Looks: int(r.Looks),
		SentAt: r.SentAt.Time, DueAt: r.DueAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
	if len(r.Record) == len(uuid.UUID{}) {
		it.Record = uuid.UUID(r.Record)
	}
	return it
}

// bytesOf is nil for no text.
func bytesOf(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// itemRow is an item as it is stored.
func itemRow(k OperationKey, it *Item) queries.OperationItem {
	r := queries.OperationItem{
		Connection: k.Connection, Operation: k.Operation,
		N: it.N, ClientRef: it.ClientRef, Op: it.Op, RemoteID: it.RemoteID, Status: string(it.Status), Data: string(it.Data), IfMatch: it.IfMatch, Mark: it.Mark,
		Version: it.Version, Wanted: string(it.Wanted), Job: string(it.Job), Error: string(it.Error), Warnings: string(it.Warnings), Attempts: int64(it.Attempts), Looks: int64(it.Looks),
		SentAt: queries.At(it.SentAt), DueAt: queries.At(it.DueAt), UpdatedAt: queries.At(it.UpdatedAt),
	}
	if it.Record != uuid.Nil {
		r.Record = it.Record[:]
	}
	return r
}
