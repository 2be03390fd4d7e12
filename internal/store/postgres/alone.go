package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// oneAtATime is the advisory lock of Alone; such locks belong to one database.
const oneAtATime = 0x62757362617231

// alone is store.Shared's Alone: under a lock of the session, which the server lets go when the connection ends, however the process does.
func (d *database) alone(ctx context.Context, fn func(ctx context.Context) error) error {
	c := d.session.Copy()
	patient(c.RuntimeParams)
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return explain(fmt.Errorf("connect for a task that only one may do: %w", err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(oneAtATime)); err != nil {
		return explain(fmt.Errorf("wait for a task that only one may do: %w", err))
	}
	return fn(ctx)
}

// clock reads the database's clock.
func clock(db *sql.DB) func(context.Context) (time.Time, error) {
	return func(ctx context.Context) (now time.Time, err error) {
		err = db.QueryRowContext(ctx, `select clock_timestamp()`).Scan(&now)
		return now.UTC(), err
	}
}
