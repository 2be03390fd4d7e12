package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// explain makes the problem of an error that the store gives.
func (b *batch) explain(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return b.noStream(b.request.Connection, b.request.Entity)
	case errors.Is(err, store.ErrConflict):
		return mayWrite(&store.Connection{State: store.ConnectionDisconnected})
	}
	return err
}

// end stores the last piece, takes the key and lets the work begin, in one transaction.
func (b *batch) end(ctx context.Context) (*store.Operation, bool, error) {
	r := b.request
	hash := r.hash()
	if b.known {
		return b.replay(ctx, hash)
	}
	if err := b.atomicity(); err != nil {
		return nil, false, err
	}
	err := b.Store.Write(ctx, func(tx *store.Tx) error {
		if r.Key != "" {
			_, claimed, err := tx.ClaimKey(ctx, store.IdempotencyKey{Owner: store.KeyOwner(r.Connection.ID), Name: r.Key, Hash: hash, Operation: b.id.String()}, b.Now())
			if err != nil || !claimed {
				return errors.Join(err, orNil(!claimed, errKeyTaken))
			}
		}
		return b.queue(ctx, tx)
	})
	switch {
	case errors.Is(err, errKeyTaken):
		return b.replay(ctx, hash)
	case err != nil && b.refused != nil:
		return nil, false, b.refused
	case err != nil:
		return nil, false, b.explain(err)
	}
	o, err := b.Store.Operation(ctx, r.Connection.Scope(), b.id.String())
	if err != nil {
		return nil, false, fmt.Errorf("read operation %s: %w", b.id, err)
	}
	return o, false, nil
}

func (b *batch) queue(ctx context.Context, tx *store.Tx) error {
	b.refused = nil // a transaction may be done again
	o, err := b.storePiece(ctx, tx)
	if err != nil {
		return err
	}
	r := b.request
	o.Mode, o.OnError, o.ChunkSize, o.ChunkDelay = r.Mode, r.OnError, r.ChunkSize, r.ChunkDelay
	if err := tx.QueueOperation(ctx, o, b.Now()); err != nil {
		return fmt.Errorf("queue operation %s: %w", b.id, err)
	}
	if r.Also != nil {
		if b.refused = r.Also(ctx, tx, o); b.refused != nil {
			return b.refused
		}
	}
	return b.Waker.Wake(ctx, tx, store.LaneWrites, r.Connection.ID)
}

// atomicity says why the batch cannot have all of its effects or none; nil: it can, or need not.
func (b *batch) atomicity() error {
	if b.request.Mode != store.AllOrNone {
		return nil
	}
	refuse := func(rule, detail string) error {
		p := problem.Newf(problem.NotSupportedBySystem, "All or none is not possible here: %s Use the mode best_effort.", detail)
		p.Items = []problem.Item{{Pointer: "/mode", Code: problem.NotSupported, Detail: detail, Rule: b.entity.Name + rule}}
		return p
	}
	if len(b.ops) > 1 {
		return refuse(".bulk", "One call of the system does one kind of write, and this batch mixes create, update and delete.")
	}
	for op := range b.ops {
		rule := "." + string(op) + ".bulk"
		switch bulk := b.entity.Operations[op].Bulk; {
		case bulk == nil || !bulk.Atomic:
			return refuse(rule+".atomic", "The system has no call that does many of these writes or none.")
		case b.total > int64(bulk.Max):
			return refuse(rule+".max", fmt.Sprintf("One call of the system takes at most %d of these writes, and this batch has %d.", bulk.Max, b.total))
		}
	}
	return nil
}
