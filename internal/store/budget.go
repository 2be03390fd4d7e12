package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ChangeBudget stores what change makes of the budget's state of a connection ("": none yet), under its lock; now is asked while the lock is held.
// change may run several times. ErrNotFound: there is no such connection.
func (s *Store) ChangeBudget(ctx context.Context, connectionID string, now func(context.Context) (time.Time, error), change func(state string, now time.Time) (string, error)) error {
	return s.Write(ctx, func(tx *Tx) error {
		row, err := tx.lockBudget(ctx, connectionID)
		if err != nil {
			return err
		}
		at, err := now(ctx)
		if err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		state, err := change(row.State, at)
		if err != nil {
			return err
		}
		return tx.q.PutBudget(ctx, state, row.Connection)
	})
}

// lockBudget takes the lock of a connection's budget, which it makes when there is none.
func (t *Tx) lockBudget(ctx context.Context, connectionID string) (queries.Budget, error) {
	row, err := t.q.LockBudget(ctx, connectionID)
	if !errors.Is(err, sql.ErrNoRows) {
		return row, err
	}
	if _, err := t.q.InsertBudget(ctx, connectionID); err != nil {
		return row, err
	}
	row, err = t.q.LockBudget(ctx, connectionID)
	return row, noRows(err, ErrNotFound)
}

// Budget gives the budget's state of a connection, "" when nobody has used it yet. ErrNotFound: there is no such connection.
func (s *Store) Budget(ctx context.Context, connectionID string) (string, error) {
	state, err := s.read.Budget(ctx, connectionID)
	return state, noRows(err, ErrNotFound)
}
