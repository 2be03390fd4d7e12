package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A transaction leaves a mark of its own in the table commits when it commits, in the slot of its connection. A number of the server's would not do: after a
// crash or a failover it is given out again.

// slotSetting is the session's setting that names its slot.
const slotSetting = "busbar.slot"

// takeSlot gives a new connection a slot that none had before.
func takeSlot(_ context.Context, c *pgx.ConnConfig) error {
	slot, err := uuid.NewRandom()
	c.RuntimeParams[slotSetting] = slot.String()
	return err
}

const (
	putMark = `insert into commits (slot, mark) values (current_setting('` + slotSetting + `'), $1)
on conflict (slot) do update set mark = excluded.mark, marked_at = now() returning slot`
	// readMark waits for the end of a transaction that has the slot.
	readMark  = `insert into commits (slot, mark) values ($1, '') on conflict (slot) do update set mark = commits.mark returning mark`
	dropMarks = `delete from commits where marked_at < now() - interval '1 day'`
)

// mark is store.Shared's Mark.
func mark(ctx context.Context, tx *sql.Tx) (string, error) {
	own, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	var slot string
	err = tx.QueryRowContext(ctx, putMark, own.String()).Scan(&slot)
	return slot + "/" + own.String(), err
}

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

// settle is store.Shared's Settle: it looks for the mark that the transaction left if it was stored.
func (d *database) settle(ctx context.Context, mark string, commit error) error {
	if definite(commit) {
		return commit
	}
	slot, own, _ := strings.Cut(mark, "/")
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
