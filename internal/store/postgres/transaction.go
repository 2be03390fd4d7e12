package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// transaction is one that writes. A statement without rows waits until somebody asks what came of it; then all that wait go out together, in their order: with the next query, with the
// first look at a result, or with the commit. So the error of a statement may come with a later one, but not behind the commit.
type transaction struct {
	ctx     context.Context
	conn    *writingConn
	mark    string
	waiting []*statement
	begun   bool // the server may know of it
	over    bool
}

// statement is one without rows.
type statement struct {
	text string
	args []any
	sent bool
	tag  pgconn.CommandTag
	err  error
}

// mostWaiting bounds what waits.
const mostWaiting = 500

func (t *transaction) pgx() *pgx.Conn { return t.conn.Conn.Conn() }

func (t *transaction) wait(text string, args ...any) *statement {
	st := &statement{text: text, args: args}
	t.waiting = append(t.waiting, st)
	return st
}

// exec is driver.ExecerContext's. A text without arguments may be several statements, which cannot be sent with others.
func (t *transaction) exec(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		if err := t.flush(ctx); err != nil {
			return nil, err
		}
		return t.conn.conn.ExecContext(ctx, text, args)
	}
	st := t.wait(text, values(args)...)
	if len(t.waiting) >= mostWaiting {
		return lateResult{ctx, t, st}, t.flush(ctx)
	}
	return lateResult{ctx, t, st}, nil
}

// query is driver.QueryerContext's.
func (t *transaction) query(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if len(t.waiting) == 0 {
		return t.conn.conn.QueryContext(ctx, text, args)
	}
	query := statement{text: text, args: values(args)}
	answers, err := t.send(ctx, &query)
	if err != nil {
		return nil, err
	}
	return newLateRows(t.pgx(), answers)
}

// flush sends what waits, and takes in the answers.
func (t *transaction) flush(ctx context.Context) error {
	if len(t.waiting) == 0 {
		return nil
	}
	answers, err := t.send(ctx)
	if err != nil {
		return err
	}
	return answers.Close()
}

// send sends what waits, and more behind it, whose answers are still to be read and closed.
func (t *transaction) send(ctx context.Context, more ...*statement) (pgx.BatchResults, error) {
	sent := t.waiting
	t.waiting, t.begun = nil, true
	var batch pgx.Batch
	for _, list := range [][]*statement{sent, more} {
		for _, st := range list {
			batch.Queue(st.text, st.args...)
		}
	}
	answers := t.pgx().SendBatch(ctx, &batch)
	var failed error
	for _, st := range sent {
		if failed == nil {
			st.tag, failed = answers.Exec()
		}
		st.sent, st.err = true, failed
	}
	if failed != nil {
		return nil, errors.Join(failed, unlessSame(answers.Close(), failed))
	}
	return answers, nil
}

// commit is driver.Tx's. A definite error says that nothing is stored.
func (t *transaction) commit() error {
	if t.over {
		return sql.ErrTxDone
	}
	t.over = true
	if !t.begun && len(t.waiting) == 1 { // nothing but the beginning
		return nil
	}
	t.wait(putMark, t.conn.slot(), t.mark)
	end := t.wait(commit)
	err := t.flush(t.ctx)
	switch {
	case end.sent && end.err == nil && end.tag.String() == "COMMIT":
		return nil
	case end.sent && end.err == nil:
		return pgx.ErrTxCommitRollback
	}
	t.abandon()
	return err
}

// rollback is driver.Tx's.
func (t *transaction) rollback() error {
	if t.over {
		return sql.ErrTxDone
	}
	t.over, t.waiting = true, nil
	if t.begun {
		t.abandon()
	}
	return nil
}

// abandon ends what the server may have begun: by its word, or by hanging up.
func (t *transaction) abandon() {
	c := t.pgx()
	if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return
	}
	if _, err := c.Exec(t.ctx, "rollback"); err != nil {
		_ = c.Close(t.ctx)
	}
}

// lateResult is what came of a statement, for whoever asks.
type lateResult struct {
	ctx context.Context
	*transaction
	st *statement
}

// LastInsertId is driver.Result's.
func (lateResult) LastInsertId() (int64, error) { return 0, errors.ErrUnsupported }

// RowsAffected is driver.Result's.
func (r lateResult) RowsAffected() (int64, error) {
	if !r.st.sent {
		if r.over {
			return 0, errors.Join(r.ctx.Err(), sql.ErrTxDone)
		}
		if err := r.flush(r.ctx); err != nil {
			return 0, err
		}
	}
	return r.st.tag.RowsAffected(), r.st.err
}

func unlessSame(err, other error) error {
	if errors.Is(err, other) {
		return nil
	}
	return err
}

// values gives what a statement is given; bytes are the caller's again afterwards.
func values(args []driver.NamedValue) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a.Value
		if b, ok := a.Value.([]byte); ok {
			out[i] = bytes.Clone(b)
		}
	}
	return out
}
