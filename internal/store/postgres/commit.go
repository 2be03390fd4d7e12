package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A transaction leaves a mark of its own in the table commits when it commits, in the slot of its connection. A number of the server's would not do: after a
// crash or a failover it is given out again. The mark goes out with the commit, so that it costs no time of its own.

// slotSetting is the session's setting that names its slot.
const slotSetting = "busbar.slot"

// takeSlot gives a new connection a slot that none had before.
func takeSlot(_ context.Context, c *pgx.ConnConfig) error {
	slot, err := uuid.NewRandom()
	c.RuntimeParams[slotSetting] = slot.String()
	return err
}

const (
	// putMark stands in front of the commit and goes out with it.
	putMark = `insert into commits (slot, mark) values ('%s', '%s') on conflict (slot) do update set mark = excluded.mark, marked_at = now(); commit`
	// readMark waits for the end of a transaction that has the slot.
	readMark  = `insert into commits (slot, mark) values ($1, '') on conflict (slot) do update set mark = commits.mark returning mark`
	dropMarks = `delete from commits where marked_at < now() - interval '1 day'`
)

// writingConn makes sure what became of each of its transactions: a commit gives an error only where nothing is stored, or where nobody can tell.
type writingConn struct {
	conn
	database *database
}

// BeginTx is driver.ConnBeginTx's. Transactions are as the session has them.
func (c writingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o != (driver.TxOptions{}) {
		return nil, errOptions
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	mark, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	own := markedTx{ctx: ctx, database: c.database, slot: c.Conn.Conn().Config().RuntimeParams[slotSetting], mark: mark.String()}
	own.tx, err = c.Conn.Conn().BeginTx(ctx, pgx.TxOptions{CommitQuery: fmt.Sprintf(putMark, own.slot, own.mark)})
	return own, err
}

var errOptions = errors.New("transactions that write have the session's isolation")

// markedTx is a transaction that leaves its mark.
type markedTx struct {
	ctx        context.Context
	tx         pgx.Tx
	database   *database
	slot, mark string
}

// Commit is driver.Tx's.
func (t markedTx) Commit() error {
	err := t.tx.Commit(t.ctx)
	if err == nil || definite(err) {
		return err
	}
	return t.database.settle(t.ctx, t.slot, t.mark, err)
}

// Rollback is driver.Tx's.
func (t markedTx) Rollback() error { return t.tx.Rollback(t.ctx) }

// definite says that the error of a commit is the server's word that nothing was stored, or that it was never asked. Any other may have come after the
// commit; so may one that pgx says is safe to retry, since for statements without parameters pgx says so of a lost answer too.
func definite(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.SeverityUnlocalized == "ERROR"
	}
	return errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone)
}

// How long is asked for what became of a transaction, and how often.
const (
	askFor   = 30 * time.Second
	askEvery = 100 * time.Millisecond
)

var errUnknown = errors.New("the connection to the database broke at a commit, and it is not known whether it was stored")

// settle looks for the mark that a transaction left if it was stored.
func (d *database) settle(ctx context.Context, slot, own string, commit error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		var left string
		err := d.writer.QueryRow(ctx, readMark, slot).Scan(&left)
		switch {
		case err == nil && left == own:
			return nil
		case err == nil:
			return commit
		case lost(err):
			d.writer.Reset()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errUnknown, errors.Join(commit, err))
		}
	}
}
