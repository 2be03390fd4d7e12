package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Advisory locks, which belong to one database: those of Alone, of Turn, of whoever gathers statistics and of those who hear news.
const (
	oneAtATime int64 = 0x62757362617231 + iota
	schedule
	statistics
	hearers // shared by all who hear what other processes change
)

// alone is store.Shared's Alone. The lock is that of a transaction which does nothing else, and goes with its connection, however the process ends.
func (d *database) alone(ctx context.Context, fn func(ctx context.Context) error) error {
	c := d.session.Copy()
	patient(c.RuntimeParams)
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return explain(fmt.Errorf("connect for a task that only one may do: %w", err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	tx, err := conn.Begin(ctx)
	if err != nil {
		return explain(fmt.Errorf("begin a task that only one may do: %w", err))
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1)`, oneAtATime); err != nil {
		return explain(fmt.Errorf("wait for a task that only one may do: %w", err))
	}
	return fn(ctx)
}

// turn is store.Shared's Turn.
func turn(ctx context.Context, tx *sql.Tx) (mine bool, err error) {
	err = tx.QueryRowContext(ctx, `select pg_try_advisory_xact_lock($1)`, schedule).Scan(&mine)
	return mine, err
}

// clock reads the database's clock.
func clock(db *sql.DB) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (now time.Time, err error) {
		err = db.QueryRowContext(ctx, `select clock_timestamp()`).Scan(&now)
		return now.UTC(), err
	}
}

// glance is store.Shared's Budget.
func glance(db *sql.DB) func(context.Context, string) (int64, string, time.Time, error) {
	return func(ctx context.Context, connectionID string) (connection int64, state string, now time.Time, err error) {
		err = db.QueryRowContext(ctx, `select b.connection, b.state, clock_timestamp() from connections c join budgets b on b.connection = c.connection where c.id = $1`, connectionID).
			Scan(&connection, &state, &now)
		return connection, state, now.UTC(), err
	}
}

// swapBudget takes the wait for the disk out of its own transaction.
const swapBudget = `update budgets set state = $1 where connection = $2 and state = $3 and set_config('synchronous_commit', 'off', true) = 'off'`

// swap is store.Shared's SwapBudget.
func swap(db *sql.DB) func(context.Context, string, int64, string) (int64, error) {
	return func(ctx context.Context, state string, connection int64, was string) (int64, error) {
		r, err := db.ExecContext(ctx, swapBudget, state, connection, was)
		if err != nil {
			return 0, err
		}
		return r.RowsAffected()
	}
}
