package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ChangeBudget stores what change makes of the budget's state of a connection ("": none yet), while nobody else changes it; now is the database's clock meanwhile, or own where nobody else uses the database.
// change may run several times, and what it makes may be stored before it runs again. lasting says whether it must outlast a crash of the database's server; what need not does so once anything
// that is stored later must, and others see it at once all the same. ErrNotFound: there is no such connection.
func (s *Store) ChangeBudget(ctx context.Context, connectionID string, own func() time.Time, lasting bool, change func(state string, now time.Time) (string, error)) error {
	if s.engine.Shared != nil {
		if done, err := s.swapBudget(ctx, connectionID, lasting, change); done || err != nil {
			return err
		}
	}
	return s.Write(ctx, func(tx *Tx) error {
		row, err := tx.lockBudget(ctx, connectionID)
		if err != nil {
			return err
		}
		now, err := s.now(ctx, own)
		if err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		state, err := change(row.State, now)
		if err != nil {
			return err
		}
		return tx.q.PutBudget(ctx, state, row.Connection)
	})
}

// swapBudget changes a budget without its lock; done is false where somebody else was faster, or where it could not be told whether it was stored.
func (s *Store) swapBudget(ctx context.Context, connectionID string, lasting bool, change func(state string, now time.Time) (string, error)) (done bool, err error) {
	connection, was, now, err := s.engine.Shared.Budget(ctx, connectionID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, s.budgetFault(err)
	}
	state, err := change(was, now)
	if err != nil {
		return false, err
	}
	swap := s.write.SwapBudget
	if !lasting {
		swap = s.engine.Shared.SwapBudget
	}
	n, err := swap(ctx, state, connection, was)
	return n == 1, s.budgetFault(err)
}

// budgetFault lets what may go well under the lock be tried there.
func (s *Store) budgetFault(err error) error {
	if err == nil || s.engine.Shared.Retry(err) {
		return nil
	}
	return s.engine.explain(fmt.Errorf("change a budget: %w", err))
}

func (s *Store) now(ctx context.Context, own func() time.Time) (time.Time, error) {
	if s.engine.Shared == nil {
		return own(), nil
	}
	return s.engine.Shared.Now(ctx)
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
