package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// mark is store.Shared's Mark: the number of the transaction and the timeline of the server, which changes when a standby takes over.
func mark(ctx context.Context, tx *sql.Tx) (m string, err error) {
	err = tx.QueryRowContext(ctx, `select coalesce(pg_current_xact_id_if_assigned()::text, '') || '/' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)`).Scan(&m)
	return m, err
}

// definite says that the error of a commit is the server's word that nothing was stored. Any other may have come after the commit.
func definite(err error) bool {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.SeverityUnlocalized == "ERROR" || e.Severity == "ERROR"
	}
	return errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone) || pgconn.SafeToRetry(err)
}

// How long is asked for what became of a transaction, and how often.
const (
	askFor   = 20 * time.Second
	askEvery = 100 * time.Millisecond
)

var errUnknown = errors.New("the connection to the database broke at a commit, and it is not known whether it was stored")

// What may have become of a transaction.
const (
	committed  = "committed"
	aborted    = "aborted"
	inProgress = "in progress"
	unknown    = "unknown"
)

// settle is store.Shared's Settle: it asks the server, by the transaction's number, until it knows.
func (d *database) settle(ctx context.Context, mark string, commit error) error {
	xid, timeline, _ := strings.Cut(mark, "/")
	if xid == "" || definite(commit) {
		return commit
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		fate, err := d.fate(ctx, xid, timeline)
		switch fate {
		case committed:
			return nil
		case aborted:
			return commit
		case unknown:
			return fmt.Errorf("%w: %w", errUnknown, commit)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errUnknown, errors.Join(commit, err))
		}
	}
}

// invalidParameter is what the server says to a transaction's number that it has not given out yet.
const invalidParameter = "22023"

// fate gives what became of a transaction. On another timeline the number may have been given out again, so that only its loss is certain there.
func (d *database) fate(ctx context.Context, xid, timeline string) (string, error) {
	var status, now string
	err := d.writer.QueryRow(ctx, `select coalesce(pg_xact_status($1::text::xid8), 'unknown'), substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)`, xid).Scan(&status, &now)
	switch {
	case code(err) == invalidParameter:
		return aborted, nil
	case err != nil:
		return inProgress, err
	case now == timeline:
		return status, nil
	case status == committed:
		return unknown, nil
	}
	return aborted, nil
}
