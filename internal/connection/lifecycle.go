package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Pause stops syncs and writes until Resume; tokens go on reading. A paused connection stays as it is.
func (s *Service) Pause(ctx context.Context, c *store.Connection) error {
	if err := live(c); err != nil {
		return err
	}
	return s.decide(ctx, c, paused, reason{problem.ReasonPaused, "Somebody paused this connection. Resume it to go on."}, "paused")
}

// Resume ends a pause. A connection that is not paused stays as it is.
func (s *Service) Resume(ctx context.Context, c *store.Connection) error {
	if err := live(c); err != nil {
		return err
	}
	return s.decide(ctx, c, resumed, reason{}, "resumed")
}

// Disconnect ends the connection: its tokens are dead at once, its schedules stop, its open links are cancelled, its data stay. Again is fine.
func (s *Service) Disconnect(ctx context.Context, c *store.Connection) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockConnection(ctx, c.ID)
		if err != nil {
			return err
		}
		if _, moves := next(now.State, disconnected); !moves {
			return nil
		}
		at := s.instant()
		if err := errors.Join(tx.EndLinksOf(ctx, now.Scope(), at), tx.Disconnect(ctx, now.Scope(), at)); err != nil {
			return err
		}
		return note(ctx, tx, now, "disconnected")
	})
	if err != nil {
		return fmt.Errorf("disconnect connection %s: %w", c.ID, err)
	}
	return s.ended(ctx, c)
}

func (s *Service) ended(ctx context.Context, c *store.Connection) error {
	s.logEnd(c.ID, s.clients.retire(c.ID))
	if s.Ended != nil {
		s.Ended(c.ID)
	}
	return s.refresh(ctx, c)
}

// DeleteData asks for the deletion of a disconnected connection's data and of the connection itself. It is done in steps; again is fine.
func (s *Service) DeleteData(ctx context.Context, c *store.Connection) error {
	if c.State != store.ConnectionDisconnected {
		return problem.New(problem.Conflict, "Data are deleted only after the connection was disconnected. Disconnect it first.")
	}
	if !c.DeletingAt.IsZero() {
		return nil
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockConnection(ctx, c.ID)
		if err != nil || !now.DeletingAt.IsZero() {
			return err
		}
		if err := tx.AskDeleteData(ctx, now.Scope(), s.instant()); err != nil {
			return err
		}
		if err := tx.EndLinksOf(ctx, now.Scope(), s.instant()); err != nil {
			return err
		}
		return note(ctx, tx, now, "data_deletion_asked")
	})
	if err != nil {
		return fmt.Errorf("ask for deletion of connection %s: %w", c.ID, err)
	}
	return s.refresh(ctx, c)
}

func (s *Service) refresh(ctx context.Context, c *store.Connection) error {
	now, err := s.fresh(ctx, c)
	if err != nil {
		return err
	}
	adopt(c, now)
	return nil
}

// live refuses what is not connected yet or no more.
func live(c *store.Connection) error {
	switch c.State {
	case store.ConnectionPending:
		return problem.New(problem.ConnectionPending, "Nobody has used the link of this connection yet. Wait for it, or send it again.")
	case store.ConnectionDisconnected:
		return problem.New(problem.ConnectionDisconnected, "This connection was disconnected. Connect it again, or connect the system anew.")
	default:
		return nil
	}
}
