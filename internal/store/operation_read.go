package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Operation gives an operation that is not being received. ErrNotFound.
func (s *Store) Operation(ctx context.Context, sc Scope, id string) (*Operation, error) {
	return getOperation(ctx, s.read, sc, id)
}

// Operation gives an operation as the transaction sees it. ErrNotFound.
func (t *Tx) Operation(ctx context.Context, sc Scope, id string) (*Operation, error) {
	return getOperation(ctx, t.q, sc, id)
}

func getOperation(ctx context.Context, q *queries.Queries, sc Scope, id string) (*Operation, error) {
	row, err := q.Operation(ctx, sc.no, Storable(id))
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", id, orNotFound(err))
	}
	return operationFrom(sc, row.Entity, row.Operation), nil
}

// OperationFilter narrows a list; zero fields do not filter. Order: newest first by id (UUIDv7).
type OperationFilter struct {
	Before string // id: only older ones
	Entity string
	State  OperationState
	Kind   OperationKind
	Failed bool // only those with rejected, unknown, reconciling or needs_human items
	Limit  int
}

// Operations lists operations.
func (s *Store) Operations(ctx context.Context, sc Scope, f OperationFilter) ([]Operation, error) {
	p := queries.OperationsParams{
		Connection: sc.no, Before: Storable(before(f.Before)), Entity: Storable(f.Entity), State: Storable(string(f.State)), Kind: Storable(string(f.Kind)), MaxRows: atMost(f.Limit),
	}
	if f.Failed {
		p.Failed = 1
	}
	rows, err := s.read.Operations(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list the operations of connection %s: %w", sc.id, err)
	}
	return each(rows, func(r queries.OperationsRow) Operation { return *operationFrom(sc, r.Entity, r.Operation) }), nil
}

// RunnableOperations lists operations of a connection that are due and whose lease is free or over: single ones first, then those that were worked on longest ago.
func (s *Store) RunnableOperations(ctx context.Context, sc Scope, now time.Time, limit int) ([]Operation, error) {
	return runnableOperations(ctx, s.read, sc, now, limit)
}

// RunnableOperations in the caller's transaction.
func (t *Tx) RunnableOperations(ctx context.Context, sc Scope, now time.Time, limit int) ([]Operation, error) {
	return runnableOperations(ctx, t.q, sc, now, limit)
}

func runnableOperations(ctx context.Context, q *queries.Queries, sc Scope, now time.Time, limit int) ([]Operation, error) {
	rows, err := q.RunnableOperations(ctx, sc.no, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what connection %s has to write: %w", sc.id, err)
	}
	return each(rows, func(r queries.RunnableOperationsRow) Operation { return *operationFrom(sc, r.Entity, r.Operation) }), nil
}

// OperationBacklog lists connections with runnable operations, those that waited longest first. Connections that cannot be written to now are left out, unless
// something is to be cancelled there.
func (s *Store) OperationBacklog(ctx context.Context, now time.Time, limit int) ([]Scope, error) {
	rows, err := s.read.ConnectionsWithOperations(ctx, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list connections with something to write: %w", err)
	}
	return each(rows, func(r queries.ConnectionsWithOperationsRow) Scope { return Scope{no: r.Connection, id: r.ID} }), nil
}

func operationFrom(sc Scope, entity string, r queries.Operation) *Operation {
	return &Operation{
		scope: sc, stream: r.Stream, leaseEpoch: r.LeaseEpoch,
		ID: r.ID, Entity: entity, Kind: OperationKind(r.Kind), State: OperationState(r.State), Mode: r.Mode, OnError: r.OnError,
		ChunkSize: int(r.ChunkSize), ChunkDelay: time.Duration(r.ChunkDelay) * time.Microsecond, Strict: bool(r.Strict),
		Total: r.TotalCount, Counts: itemCountsFrom(r),
		CreatedAt: r.CreatedAt.Time, StartedAt: r.StartedAt.Time, FinishedAt: r.FinishedAt.Time, DueAt: r.DueAt.Time, CancelRequested: bool(r.CancelRequested),
		Caller: r.Caller, Request: r.Request, ReasonCode: r.ReasonCode, ReasonDetail: r.ReasonDetail, LeaseUntil: r.LeaseUntilAt.Time,
	}
}

func itemCountsFrom(r queries.Operation) ItemCounts {
	return ItemCounts{
		Pending: r.PendingCount, Sending: r.SendingCount, Applied: r.AppliedCount, Rejected: r.RejectedCount, Unknown: r.UnknownCount,
		Reconciling: r.ReconcilingCount, NeedsHuman: r.NeedsHumanCount, Cancelled: r.CancelledCount,
	}
}
