package connection

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

// move applies an event to a connection as it is stored now, and brings c up to date.
func (s *Service) move(ctx context.Context, c *store.Connection, on event, why reason) error {
	return s.moveIf(ctx, c, func(*store.Connection) bool { return true }, on, why)
}

// decide applies what a person decides, which the audit log tells unless the connection is so already.
func (s *Service) decide(ctx context.Context, c *store.Connection, on event, why reason, action string) error {
	var now *store.Connection
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
			return err
		}
		from := now.State
		if err := s.moveTx(ctx, tx, now, on, why); err != nil || now.State == from {
			return err
		}
		return note(ctx, tx, now, action)
	})
	if err != nil {
		return fmt.Errorf("change the state of connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// moveIf applies an event if it counts for the connection as it is stored now.
func (s *Service) moveIf(ctx context.Context, c *store.Connection, counts func(now *store.Connection) bool, on event, why reason) error {
	var now *store.Connection
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil || !counts(now) {
			return err
		}
		return s.moveTx(ctx, tx, now, on, why)
	})
	if err != nil {
		return fmt.Errorf("change the state of connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// moveTx applies an event to now, which this transaction has locked.
func (s *Service) moveTx(ctx context.Context, tx *store.Tx, now *store.Connection, on event, why reason) error {
	from := now.State
	to, why, err := s.destination(ctx, tx, now, on, why)
	if err != nil || to == from && why == (reason{now.StateCode, now.StateDetail}) {
		return err
	}
	if to != from || why.code != now.StateCode {
		now.StateSince = s.instant()
	}
	now.State, now.StateCode, now.StateDetail = to, why.code, why.detail
	if err := tx.SetConnectionState(ctx, now.Scope(), to, why.code, why.detail, s.instant()); err != nil {
		return err
	}
	s.Log.Info("connection changed state", "connection", now.ID, "system", now.System, "from", from, "state", to, "reason", why.code)
	return s.follow(ctx, tx, now, from, on)
}

// destination tells where an event leads, and why the connection is there then.
func (s *Service) destination(ctx context.Context, tx *store.Tx, now *store.Connection, on event, why reason) (store.ConnectionState, reason, error) {
	to, ok := next(now.State, on)
	if !ok {
		return now.State, reason{now.StateCode, now.StateDetail}, nil
	}
	if to == interrupted {
		before, err := tx.States(ctx, now.Scope(), 0, 2)
		if err != nil {
			return to, why, err
		}
		if len(before) == 2 && outlastsPause(before[1].State) {
			return before[1].State, reason{before[1].Code, before[1].Detail}, nil
		}
		to = resting
	}
	if to != resting && on != faulted {
		return to, why, nil
	}
	streams, err := tx.Streams(ctx, now.Scope())
	if err != nil {
		return to, why, fmt.Errorf("list streams: %w", err)
	}
	if at, because := rest(streams); to == resting || at == store.ConnectionDegraded {
		return at, because, nil
	}
	return to, why, nil
}

// outlastsPause says that a pause does not end this state: only the system or new credentials do.
func outlastsPause(s store.ConnectionState) bool {
	return s == store.ConnectionUnreachable || s == store.ConnectionNeedsReauth
}

// follow does what goes with a move: a system that went down is looked at again, and one that is back gets the runs that waited for it.
func (s *Service) follow(ctx context.Context, tx *store.Tx, now *store.Connection, from store.ConnectionState, on event) error {
	switch {
	case now.State == store.ConnectionUnreachable && on == unanswered && from != now.State:
		return tx.PlanProbe(ctx, now.Scope(), s.instant().Add(s.probeGap(0)))
	case from == store.ConnectionUnreachable && (on == worked || on == faulted):
		return s.goOn(ctx, tx, now)
	default:
		return nil
	}
}

// fresh reads the connection as it is stored.
func (s *Service) fresh(ctx context.Context, c *store.Connection) (*store.Connection, error) {
	now, err := s.Store.ConnectionForWork(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("read connection %s: %w", c.ID, err)
	}
	return now, nil
}

// adopt copies what is stored into the caller's connection.
func adopt(c, now *store.Connection) { *c = *now }
