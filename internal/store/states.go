package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// KeptStates is how many changes of a connection's state are kept.
const KeptStates = 1000

// StateChange is a state that a connection was in: one row of its history.
type StateChange struct {
	N            int64 // counts from 1
	State        ConnectionState
	Code, Detail string    // as they were when it began
	Since, Until time.Time // Until is zero for the present one
}

// States lists what states a connection was in, newest first: those before one with that N, all when it is 0.
func (s *Store) States(ctx context.Context, sc Scope, before int64, limit int) ([]StateChange, error) {
	return statesOf(ctx, s.read, sc, before, limit)
}

// States lists them as the transaction sees them.
func (t *Tx) States(ctx context.Context, sc Scope, before int64, limit int) ([]StateChange, error) {
	return statesOf(ctx, t.q, sc, before, limit)
}

func statesOf(ctx context.Context, q *queries.Queries, sc Scope, before int64, limit int) ([]StateChange, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := q.States(ctx, sc.no, before, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the states of connection %s: %w", sc.id, err)
	}
	return each(rows, func(r queries.StatesRow) StateChange {
		return StateChange{N: r.N, State: ConnectionState(r.State), Code: r.Code, Detail: r.Detail, Since: r.SinceAt.Time, Until: r.UntilAt.Time}
	}), nil
}

// noteState adds the state to the connection's history unless it is the one that stands there last, and drops what is too old. The caller's
// transaction has changed the connection's row, so that nobody else notes at the same time.
func (t *Tx) noteState(ctx context.Context, sc Scope, state ConnectionState, code, detail string, now time.Time) error {
	t.changed(ThingConnections, sc)
	last, err := t.q.LastState(ctx, sc.no)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the last state of connection %s: %w", sc.id, err)
	}
	if last.State == string(state) && last.Code == code {
		return nil
	}
	err = t.q.InsertState(ctx, queries.InsertStateParams{
		Connection: sc.no, N: last.N + 1, SinceAt: queries.At(now), State: string(state), Code: code, Detail: detail,
	})
	if err != nil {
		return fmt.Errorf("note the state of connection %s: %w", sc.id, err)
	}
	return t.q.TrimStates(ctx, sc.no, last.N+1-KeptStates)
}
