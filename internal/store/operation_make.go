package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// NewOperation is an operation to be inserted. Its items follow with InsertItems.
type NewOperation struct {
	ID, Entity    string
	Kind          OperationKind
	Mode, OnError string
	ChunkSize     int
	ChunkDelay    time.Duration
	Strict        bool
	Caller        string
	Request       string
}

// InsertOperation begins an operation in state receiving, under the connection's lock. ErrNotFound: the connection has no such stream. ErrConflict: it is disconnected.
func (t *Tx) InsertOperation(ctx context.Context, sc Scope, n NewOperation, now time.Time) (*Operation, error) {
	state, err := t.connected(ctx, sc)
	if err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	k, err := t.s.streamKey(ctx, sc, n.Entity)
	if err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	row := queries.InsertOperationParams{
		Connection: sc.no, ID: n.ID, Stream: k.Stream, Kind: string(n.Kind), Mode: n.Mode, OnError: n.OnError, ChunkSize: int64(n.ChunkSize),
		ChunkDelay: n.ChunkDelay.Microseconds(), Strict: queries.Flag(n.Strict), CreatedAt: queries.At(now), Dormant: queries.Flag(state.dormant()),
		Caller: Storable(n.Caller), Request: Storable(n.Request),
	}
	if err := t.q.InsertOperation(ctx, row); err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	t.makes(n.ID)
	return &Operation{
		scope: sc, stream: k.Stream, ID: n.ID, Entity: n.Entity, Kind: n.Kind, State: OperationReceiving, Mode: n.Mode, OnError: n.OnError,
		ChunkSize: n.ChunkSize, ChunkDelay: n.ChunkDelay, Strict: n.Strict, CreatedAt: micros(now), Caller: row.Caller, Request: row.Request,
	}, nil
}

// InsertHeldOperation makes an operation of one pending item, which its maker holds from the start, under the connection's lock. ErrNotFound: the connection has no
// such stream. ErrConflict: it is disconnected.
func (t *Tx) InsertHeldOperation(ctx context.Context, sc Scope, n NewOperation, it Item, owner string, until, now time.Time) (*Operation, error) {
	t.changed(ThingOperations, sc)
	state, err := t.connected(ctx, sc)
	if err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	k, err := t.s.streamKey(ctx, sc, n.Entity)
	if err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	made := queries.InsertHeldOperationParams{
		Connection: sc.no, ID: n.ID, Stream: k.Stream, Kind: string(n.Kind), Mode: n.Mode, OnError: n.OnError, ChunkSize: int64(n.ChunkSize),
		ChunkDelay: n.ChunkDelay.Microseconds(), Strict: queries.Flag(n.Strict), CreatedAt: queries.At(micros(now)), Dormant: queries.Flag(state.dormant()),
		Caller: Storable(n.Caller), Request: Storable(n.Request), LeaseOwner: owner, LeaseUntilAt: queries.At(micros(until)),
	}
	if err := t.q.InsertHeldOperation(ctx, made); err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	it.Status = ItemPending
	row := heldOperation(made)
	held := t.hold(row)
	if err := t.s.engine.Bulk.InsertItems(ctx, t.tx, held.OperationKey, now, []Item{storableItem(it)}); err != nil {
		return nil, fmt.Errorf("begin operation %s: %w", n.ID, err)
	}
	t.makes(n.ID)
	return operationFrom(sc, n.Entity, row), nil
}

// heldOperation is the row that InsertHeldOperation makes.
func heldOperation(p queries.InsertHeldOperationParams) queries.Operation {
	return queries.Operation{
		Connection: p.Connection, ID: p.ID, Stream: p.Stream, Kind: p.Kind, State: string(OperationRunning), Mode: p.Mode, OnError: p.OnError, ChunkSize: p.ChunkSize,
		ChunkDelay: p.ChunkDelay, Strict: p.Strict, TotalCount: 1, PendingCount: 1, CreatedAt: p.CreatedAt, StartedAt: p.CreatedAt, DueAt: p.CreatedAt, Dormant: p.Dormant,
		Caller: p.Caller, Request: p.Request, LeaseOwner: p.LeaseOwner, LeaseEpoch: 1, LeaseUntilAt: p.LeaseUntilAt,
	}
}

func (t *Tx) makes(operation string) {
	if t.made == nil {
		t.made = map[string]bool{}
	}
	t.made[operation] = true
}

// connected takes the connection's lock. ErrNotFound, ErrConflict: it is disconnected.
func (t *Tx) connected(ctx context.Context, sc Scope) (ConnectionState, error) {
	c, err := t.q.LockConnectionNumber(ctx, sc.no)
	if used := t.settled(); used != nil { // a key that somebody has used comes before what became of the connection
		return "", used
	}
	if err != nil {
		return "", orNotFound(err)
	}
	if state := ConnectionState(c.State); state != ConnectionDisconnected {
		return state, nil
	}
	return "", fmt.Errorf("connection %s is disconnected: %w", sc.id, ErrConflict)
}

// InsertItems adds items, numbered as they are, to an operation that is being received; they are pending, but those that are rejected from the start, with their error. ErrNotFound: it is gone.
func (t *Tx) InsertItems(ctx context.Context, o *Operation, items []Item, now time.Time) error {
	if len(items) == 0 {
		return nil
	}
	rows := each(items, storableItem)
	rejected := int64(0)
	for _, it := range rows {
		if it.Status == ItemRejected {
			rejected++
		}
	}
	n, err := t.q.ReceiveItems(ctx, queries.ReceiveItemsParams{Pending: int64(len(rows)) - rejected, Rejected: rejected, Connection: o.scope.no, ID: o.ID})
	if err := hit(n, err, ErrNotFound); err != nil {
		return fmt.Errorf("receive items of operation %s: %w", o.ID, err)
	}
	k := OperationKey{Connection: o.scope.no, Operation: o.ID}
	if err := t.s.engine.Bulk.InsertItems(ctx, t.tx, k, now, rows); err != nil {
		return fmt.Errorf("receive items of operation %s: %w", o.ID, err)
	}
	return nil
}

func storableItem(it Item) Item {
	it.ClientRef, it.RemoteID, it.IfMatch, it.Mark = Storable(it.ClientRef), Storable(it.RemoteID), Storable(it.IfMatch), Storable(it.Mark)
	it.Data = storableBytes(it.Data)
	if it.Status != ItemRejected {
		it.Status, it.Error = ItemPending, nil
	}
	it.Error = storableBytes(it.Error)
	return it
}

// QueueOperation ends receiving, under the connection's lock: total, counts and DueAt are set, Mode, OnError, ChunkSize and ChunkDelay stored as they are by now, state is queued. ErrNotFound: it is gone. ErrConflict: the connection is
// disconnected.
func (t *Tx) QueueOperation(ctx context.Context, o *Operation, now time.Time) error {
	t.changed(ThingOperations, o.scope)
	state, err := t.connected(ctx, o.scope)
	if err != nil {
		return fmt.Errorf("queue operation %s: %w", o.ID, err)
	}
	row, err := t.q.QueueOperation(ctx, queries.QueueOperationParams{
		Dormant: queries.Flag(state.dormant()), DueAt: queries.At(now), Mode: o.Mode, OnError: o.OnError, ChunkSize: int64(o.ChunkSize),
		ChunkDelay: o.ChunkDelay.Microseconds(), Connection: o.scope.no, ID: o.ID,
	})
	if err != nil {
		return fmt.Errorf("queue operation %s: %w", o.ID, orNotFound(err))
	}
	*o = *operationFrom(o.scope, o.Entity, row)
	return nil
}
