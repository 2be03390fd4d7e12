package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Cancel cancels what was not sent yet; what is under way ends. An operation that has ended is left as it is.
func (s *Service) Cancel(ctx context.Context, c *store.Connection, id string) (*store.Operation, error) {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		o, err := tx.CancelOperation(ctx, c.Scope(), id, s.Now())
		if err != nil || o.DueAt.IsZero() {
			return err
		}
		if err := s.Waker.Wake(ctx, tx, store.LaneWrites, c.ID); err != nil {
			return err
		}
		return note(ctx, tx, c, "cancelled", id)
	})
	if err != nil {
		return nil, fmt.Errorf("cancel operation %s: %w", id, noOperation(err, id))
	}
	return s.operation(ctx, c, id)
}

// operation gives an operation of the connection.
func (s *Service) operation(ctx context.Context, c *store.Connection, id string) (*store.Operation, error) {
	o, err := s.Store.Operation(ctx, c.Scope(), id)
	if err != nil {
		return nil, fmt.Errorf("read operation %s: %w", id, noOperation(err, id))
	}
	return o, nil
}

func noOperation(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return problem.Newf(problem.NotFound, "There is no operation %q. GET /v1/operations lists those of this connection.", id)
	}
	return err
}
