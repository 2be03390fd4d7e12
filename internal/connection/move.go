package connection

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

// move applies an event to a connection as it is stored now, and brings c up to date.
func (s *Service) move(ctx context.Context, c *store.Connection, on event, why reason) error {
	var now *store.Connection
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
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
	to, ok := next(now.State, on)
	if ok && to == resting {
		streams, err := tx.Streams(ctx, now.Scope())
		if err != nil {
			return fmt.Errorf("list streams: %w", err)
		}
		to, why = rest(streams)
	}
	if !ok || (to == now.State && why == reason{now.StateCode, now.StateDetail}) {
		return nil
	}
	if to != now.State || why.code != now.StateCode {
		now.StateSince = s.instant()
	}
	now.State, now.StateCode, now.StateDetail = to, why.code, why.detail
	return tx.SetConnectionState(ctx, now.Scope(), to, why.code, why.detail, s.instant())
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
