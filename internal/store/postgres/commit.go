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
	// putMark goes out with the commit, right before it.
	putMark = `insert into commits (slot, mark) values ($1, $2) on conflict (slot) do update set mark = excluded.mark, marked_at = now()`
	begin   = `begin`
	commit  = `commit` // the name of a prepared statement
	// readMark waits for the end of a transaction that has the slot.
	readMark  = `insert into commits (slot, mark) values ($1, '') on conflict (slot) do update set mark = commits.mark returning mark`
	dropMarks = `delete from commits where marked_at < now() - interval '1 day'`
)

// prepareCommit makes a connection ready for transactions.
func prepareCommit(ctx context.Context, c *pgx.Conn) error {
	if _, err := c.Prepare(ctx, commit, "COMMIT"); err != nil {
		return err
	}
	return encodeArraysAtOnce(ctx, c)
}

// writingConn makes sure what became of each of its transactions: a commit gives an error only where nothing is stored, or where nobody can tell.
type writingConn struct {
	conn
	database *database
	tx       *transaction // nil: none is under way
}

func (c *writingConn) slot() string { return c.Conn.Conn().Config().RuntimeParams[slotSetting] }

// BeginTx is driver.ConnBeginTx's. Transactions are as the session has them.
func (c *writingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
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
	c.tx = &transaction{ctx: ctx, conn: c, mark: mark.String()}
	c.tx.wait(begin)
	return markedTx{c.tx}, nil
}

var errOptions = errors.New("transactions that write have the session's isolation")

// ExecContext is driver.ExecerContext's.
func (c *writingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if c.tx == nil {
		return c.conn.ExecContext(ctx, text, args)
	}
	return c.tx.exec(ctx, text, args)
}

// QueryContext is driver.QueryerContext's.
func (c *writingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if c.tx == nil {
		return c.conn.QueryContext(ctx, text, args)
	}
	return c.tx.query(ctx, text, args)
}

var errPrepared = errors.New("the driver prepares the statements of a transaction itself")

// PrepareContext is driver.ConnPrepareContext's. Within a transaction a statement of its own would go out before what waits.
func (c *writingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	if c.tx == nil {
		return c.conn.PrepareContext(ctx, text)
	}
	return nil, errPrepared
}

// markedTx is a transaction that leaves its mark.
type markedTx struct{ *transaction }

// Commit is driver.Tx's.
func (t markedTx) Commit() error {
	t.conn.tx = nil
	err := t.commit()
	if err == nil || definite(err) {
		return err
	}
	return t.conn.database.settle(t.ctx, t.conn.slot(), t.mark, err)
}

// Rollback is driver.Tx's.
func (t markedTx) Rollback() error {
	t.conn.tx = nil
	return t.rollback()
}

// definite says that the error of a commit is the server's word that nothing was stored, or that it was never asked. Any other may have come after the
// commit; so may one that pgx says is safe to retry, since for statements without parameters pgx says so of a lost answer too.
func definite(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.SeverityUnlocalized == "ERROR"
	}
	var unsent pgx.ErrPreprocessingBatch
	return errors.As(err, &unsent) || errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone)
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
