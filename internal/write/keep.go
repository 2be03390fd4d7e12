package write

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// makeHeld makes the operation of a single write, held by this process, in the transaction that comes right before its first byte.
func (w *single) makeHeld(snd *sender) func(ctx context.Context, tx *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		if !w.turn.pass() {
			return errWaitOver
		}
		if err := w.claimKey(ctx, tx); err != nil {
			return err
		}
		o, err := tx.InsertHeldOperation(ctx, w.request.Connection.Scope(), w.operation(), *w.item, w.Owner, w.Now().Add(lease.For), w.Now())
		if err != nil {
			return fmt.Errorf("store the operation: %w", err)
		}
		snd.op = o
		return nil
	}
}

// claimKey takes the key of the request, if it has one.
func (w *single) claimKey(ctx context.Context, tx *store.Tx) error {
	r := w.request
	if r.Key == "" {
		return nil
	}
	key := store.IdempotencyKey{Owner: store.KeyOwner(r.Connection.ID), Name: r.Key, Hash: r.Hash, Operation: w.id.String()}
	return tx.TakeKey(ctx, key, w.Now(), errKeyTaken)
}

func (w *single) operation() store.NewOperation {
	r := w.request
	return store.NewOperation{
		ID: w.id.String(), Entity: r.Entity, Kind: store.OperationSingle, Mode: store.BestEffort, OnError: store.OnErrorGo, ChunkSize: 1, Strict: r.Strict, Caller: r.Caller, Request: r.RequestID,
	}
}

// insert stores the operation with its item, which is pending, and takes its key.
func (w *single) insert(ctx context.Context, tx *store.Tx) (*store.Operation, error) {
	if err := w.claimKey(ctx, tx); err != nil {
		return nil, err
	}
	o, err := tx.InsertOperation(ctx, w.request.Connection.Scope(), w.operation(), w.Now())
	if err != nil {
		return nil, fmt.Errorf("store the operation: %w", err)
	}
	if err := tx.InsertItems(ctx, o, []store.Item{*w.item}, w.Now()); err != nil {
		return nil, fmt.Errorf("store the item: %w", err)
	}
	return o, tx.QueueOperation(ctx, o, w.Now())
}

func orNil(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// queue stores the write for the background.
func (w *single) queue(ctx context.Context) (*Outcome, error) {
	var o *store.Operation
	err := w.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if o, err = w.insert(ctx, tx); err != nil {
			return err
		}
		return w.Waker.Wake(ctx, tx, store.LaneWrites, w.request.Connection.ID)
	})
	if err != nil {
		return nil, err
	}
	return w.outcomeOf(ctx, o)
}

// keepAnswer ends the operation with its item, and stores what its caller gets with the key; the key of a write that had no effect and may be tried again is free.
func (w *single) keepAnswer(snd *sender) func(ctx context.Context, tx *store.Tx, it *store.Item, rec *store.Record) error {
	return func(ctx context.Context, tx *store.Tx, it *store.Item, rec *store.Record) error {
		o, done, r := snd.operation(), *it, w.request
		if err := tx.ReleaseOperation(ctx, o, time.Time{}, "", "", w.Now()); err != nil {
			return err
		}
		w.outcome = Outcome{Operation: o, Item: &done, Record: rec}
		switch {
		case r.Key == "" || it.Status != store.ItemApplied && it.Status != store.ItemRejected:
			return nil
		case it.Status == store.ItemRejected && problem.FromDocument(it.Error).Type().Retryable:
			return tx.FreeKey(ctx, store.KeyOwner(r.Connection.ID), r.Key)
		case r.Render == nil:
			return nil
		}
		key := store.IdempotencyKey{Owner: store.KeyOwner(r.Connection.ID), Name: r.Key, Hash: r.Hash, Operation: w.id.String()}
		key.Status, key.Headers, key.Answer = r.Render(&w.outcome)
		return tx.AnswerKey(ctx, key)
	}
}

// replay gives what an earlier request with the same key led to; nil: there was none.
func (s *Service) replay(ctx context.Context, r Request) (*Outcome, error) {
	key, err := s.Store.Key(ctx, store.KeyOwner(r.Connection.ID), r.Key)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up the idempotency key: %w", err)
	}
	if !bytes.Equal(key.Hash, r.Hash) {
		return nil, keyReused()
	}
	o, err := s.Store.Operation(ctx, r.Connection.Scope(), key.Operation)
	if errors.Is(err, store.ErrNotFound) { // its time is over, and the key's with it
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read operation %s: %w", key.Operation, err)
	}
	out, err := s.outcomeOf(ctx, o)
	if err != nil {
		return nil, err
	}
	if st := out.Item.Status; st != store.ItemApplied && st != store.ItemRejected && st != store.ItemCancelled {
		return nil, underWay(o)
	}
	out.Replayed, out.Answer = true, key
	return out, nil
}

func keyReused() error {
	return problem.New(problem.IdempotencyKeyReused, "This Idempotency-Key came with another request before. Use a new key for a new request; to repeat a request, repeat it exactly.")
}

// underWay says that the first request with the key has no definite end yet.
func underWay(o *store.Operation) error {
	return problem.Newf(problem.OperationInProgress, "The first request with this key is not over; GET /v1/operations/%s tells how far it is.", o.ID).
		With("operation", "/v1/operations/"+o.ID).After(busyAgain)
}

// outcomeOf reads what is known of a single write.
func (s *Service) outcomeOf(ctx context.Context, o *store.Operation) (*Outcome, error) {
	it, err := s.Store.Item(ctx, o, 0)
	if err != nil {
		return nil, fmt.Errorf("read the item of operation %s: %w", o.ID, err)
	}
	out := &Outcome{Operation: o, Item: it}
	if it.Status != store.ItemApplied || it.Record == uuid.Nil {
		return out, nil
	}
	out.Record, err = s.Store.Get(ctx, o.Scope(), o.Entity, it.Record, false)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return out, err
}
