package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Validate gives the verdict on a write without sending it. The record may be read from the system for it.
func (s *Service) Validate(ctx context.Context, r Request) (check.Verdict, error) {
	t, err := s.open(ctx, r.Connection, r.Entity)
	if err != nil {
		return refusedBy(err)
	}
	defer t.close()
	it, err := s.newItem(uuid.UUID{}, r)
	if err != nil {
		return refusedBy(err)
	}
	v, err := t.judgeFirst(ctx, r, it)
	return v.Verdict, err
}

// refusedBy makes a verdict of a refusal.
func refusedBy(err error) (check.Verdict, error) {
	var p *problem.Error
	if errors.As(err, &p) {
		return check.Verdict{Problem: p}, nil
	}
	return check.Verdict{}, err
}

// judgeFirst judges a request before anything is stored for it. What the system answers to a read made for it counts as a refusal.
func (t *target) judgeFirst(ctx context.Context, r Request, it *store.Item) (judged, error) {
	a := ask{op: r.Op, id: it.Record, data: it.Data, ifMatch: r.IfMatch, strict: r.Strict, mark: it.Mark}
	v, err := t.judge(budget.WithPriority(ctx, budget.InteractiveWrite), a)
	if driver.KindOf(err) != "" {
		v.Problem, err = t.refusal(err), nil
	}
	return v, err
}

// newItem makes the item of a single write.
func (s *Service) newItem(operation uuid.UUID, r Request) (*store.Item, error) {
	it := &store.Item{Op: string(r.Op), Status: store.ItemPending, Data: r.Data, IfMatch: r.IfMatch, Mark: Mark(operation, 0)}
	if r.ID != "" {
		id, err := uuid.Parse(r.ID)
		if err != nil || id.String() != r.ID {
			return nil, problem.Newf(problem.NotFound, "There is no record %q in %s.", r.ID, r.Entity)
		}
		it.Record = id
	}
	return it, nil
}

func (s *Service) newID() (uuid.UUID, error) {
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return uuid.UUID{}, fmt.Errorf("make an id: %w", err)
	}
	return id, nil
}

// Write checks a write, sends it and waits for what comes of it; what does not end within the wait goes on without the caller. The error is a *problem.Error where the
// write was refused before anything was stored: no operation is made for it, and its key is free. Outcome.Operation is nil where the record is already as it is asked to be: nothing was sent.
func (s *Service) Write(ctx context.Context, r Request) (*Outcome, error) {
	if r.Key != "" {
		if out, err := s.replay(ctx, r); out != nil || err != nil {
			return out, err
		}
	}
	out, err := s.first(ctx, r)
	// Of requests with one key, the others may meet what the first one's effect made of the record or the connection: the key is stored before that effect.
	var refused *problem.Error
	if r.Key != "" && (out == nil && (errors.Is(err, errKeyTaken) || errors.As(err, &refused)) || out != nil && out.Operation == nil) {
		if first, err := s.replay(ctx, r); first != nil || err != nil {
			return first, err
		}
		if errors.Is(err, errKeyTaken) { // it ended without an effect, and its key is free again
			return nil, problem.New(problem.OperationInProgress, "Another request with this key was under way and ended without an effect; send this one again.").After(busyAgain)
		}
	}
	return out, err
}

// maxRenewals is how often a write is begun anew because the credentials were renewed before its first byte.
const maxRenewals = 3

// first writes as the first request with its key, with the credentials that the connection has when the first byte goes out.
func (s *Service) first(ctx context.Context, r Request) (*Outcome, error) {
	for n := 1; ; n++ {
		out, err := s.try(ctx, r)
		switch {
		case !errors.Is(err, errOtherLogin):
			return out, err
		case n == maxRenewals:
			return nil, problem.New(problem.Overloaded, "The credentials of this connection are renewed all the time. Nothing was sent. Try again.").After(busyAgain)
		}
		if r.Connection, err = s.Store.ConnectionForWork(ctx, r.Connection.ID); err != nil {
			return nil, fmt.Errorf("read the connection: %w", err)
		}
	}
}

func (s *Service) try(ctx context.Context, r Request) (*Outcome, error) {
	t, err := s.open(ctx, r.Connection, r.Entity)
	if err != nil {
		return nil, err
	}
	w := &single{Service: s, request: r, target: t}
	if w.id, err = s.newID(); err == nil {
		w.item, err = s.newItem(w.id, r)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return w.write(ctx)
}

// errKeyTaken says that another request with the same key came first.
var errKeyTaken = errors.New("the idempotency key is taken")
