package write

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Batch stores a batch and lets it be worked on in the background. replayed says that an earlier request with the same key made it. An error of the items' sequence is given back as it is,
// and nothing is kept.
func (s *Service) Batch(ctx context.Context, r BatchRequest, items iter.Seq2[BatchItem, error]) (o *store.Operation, replayed bool, err error) {
	b := &batch{Service: s, request: &r}
	if b.entity, err = s.writable(r.Connection, r.Entity); err != nil {
		return nil, false, err
	}
	if b.id, err = s.newID(); err != nil {
		return nil, false, err
	}
	if b.known, err = b.keyIsKnown(ctx); err != nil {
		return nil, false, err
	}
	if err := b.receive(ctx, items); err != nil {
		return nil, false, b.explain(err)
	}
	if r.Late != nil {
		if err := r.Late(&r); err != nil {
			return nil, false, err
		}
	}
	return b.end(ctx)
}

// writable gives the entity's rules where batches of it are taken. A system that does not answer takes them later; a bad item is no reason to refuse a batch.
func (s *Service) writable(c *store.Connection, entity string) (*manifest.Entity, error) {
	if err := mayWrite(c); err != nil && c.State != store.ConnectionUnreachable {
		return nil, err
	}
	sys := s.Systems.System(c.System)
	if sys == nil || sys.Entity(entity) == nil || len(sys.Entity(entity).Operations) == 0 {
		return nil, notOffered(sys, entity)
	}
	return sys.Entity(entity), nil
}

// batch is one on its way in.
type batch struct {
	*Service
	request *BatchRequest
	entity  *manifest.Entity
	id      uuid.UUID
	known   bool // its key was used before: nothing is stored
	made    *store.Operation
	piece   []store.Item // what is not stored yet
	held    int          // bytes of it
	total   int64
	ops     map[manifest.Op]bool
	refused error // what Also gave
}

// What one transaction takes of a batch, and what of it is held in memory.
const (
	pieceRows  = 1000
	pieceBytes = 4 << 20
)

// receive stores the items but the last piece.
func (b *batch) receive(ctx context.Context, items iter.Seq2[BatchItem, error]) error {
	b.ops = map[manifest.Op]bool{}
	for it, err := range items {
		switch {
		case err != nil:
			return err
		case b.total == MaxItems:
			return problem.Newf(problem.PayloadTooLarge, "A batch has at most %d items. Send the rest as another batch.", MaxItems)
		}
		if err := b.add(ctx, it); err != nil {
			return err
		}
	}
	if b.total == 0 {
		return problem.New(problem.ValidationFailed, "A batch needs at least one item; see errors.").At("/items", problem.Required, "It must hold at least one item.")
	}
	return nil
}

func (b *batch) add(ctx context.Context, it BatchItem) error {
	row := b.item(it)
	b.total++
	b.ops[it.Op] = true
	if b.known {
		return nil
	}
	if len(b.piece) == pieceRows || b.held >= pieceBytes {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.piece, b.held = append(b.piece, row), b.held+len(row.Data)
	return nil
}

// flush stores a piece by itself.
func (b *batch) flush(ctx context.Context) error {
	var made *store.Operation
	err := b.Store.Write(ctx, func(tx *store.Tx) (err error) {
		made, err = b.storePiece(ctx, tx)
		return err
	})
	if err == nil {
		b.made, b.piece, b.held = made, b.piece[:0], 0
	}
	return err
}

// item makes the row of an item; one that cannot be checked is rejected from the start, and has no mark: a retry does not send what is left of it.
func (b *batch) item(it BatchItem) store.Item {
	row := store.Item{N: b.total, ClientRef: it.ClientRef, Op: string(it.Op), Status: store.ItemPending, Data: it.Data, IfMatch: it.IfMatch, Mark: Mark(b.id, b.total)}
	if it.Fault == nil && it.Op != manifest.Create {
		if id, err := uuid.Parse(it.ID); err == nil && id.String() == it.ID {
			row.Record = id
		} else {
			it.Fault = problem.New(problem.ValidationFailed, "It is not said which record this is about; see errors.").At("/id", problem.Invalid, "It must be the id of a record, as Busbar gives it.")
		}
	}
	if it.Fault != nil {
		row.Status, row.Error, row.Mark = store.ItemRejected, document(it.Fault), ""
	}
	return row
}

// storePiece stores what has come since the last piece; made is the operation, which the first piece makes. It may be done again, as transactions are.
func (b *batch) storePiece(ctx context.Context, tx *store.Tx) (made *store.Operation, err error) {
	if made = b.made; made == nil {
		r := b.request
		made, err = tx.InsertOperation(ctx, r.Connection.Scope(), store.NewOperation{
			ID: b.id.String(), Entity: r.Entity, Kind: store.OperationBatch, Mode: r.Mode, OnError: r.OnError, ChunkSize: r.ChunkSize, ChunkDelay: r.ChunkDelay,
			Strict: r.Strict, Caller: r.Caller, Request: r.RequestID,
		}, b.Now())
		if err != nil {
			return nil, fmt.Errorf("store the operation: %w", err)
		}
	}
	if err := tx.InsertItems(ctx, made, b.piece, b.Now()); err != nil {
		return nil, fmt.Errorf("store %d items: %w", len(b.piece), err)
	}
	return made, nil
}
