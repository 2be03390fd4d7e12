package sqldb

import (
	"context"
	"database/sql"
	"errors"

	"github.com/busbar-dev/busbar/internal/driver"
)

// session is one transaction that only reads. Every query is a call of its own.
type session struct {
	*client
	ctx  context.Context // of the transaction, longer than that of a call
	stop context.CancelFunc
	tx   *sql.Tx
	sits bool // it has a seat
}

// sit waits for a connection. Whoever has one needs places in the budget to come to an end with it, so nobody waits for one in such a place.
func (c *client) sit(ctx context.Context) error {
	select {
	case c.seats <- struct{}{}:
		return nil
	case <-ctx.Done():
		return c.fail(context.Cause(ctx))
	}
}

func (c *client) rise() { <-c.seats }

// reader is what queries are made with: a session, or a write under way.
type reader interface {
	// query gives each row to each, whose values are good until it returns.
	query(ctx context.Context, s *statement, each func(columns []*sql.ColumnType, values []any) error) error
}

func (c *client) session(ctx context.Context) *session {
	own, stop := context.WithCancel(ctx)
	return &session{client: c, ctx: own, stop: stop}
}

// end gives the connection back.
func (s *session) end() {
	if s.tx != nil {
		over, done := context.WithTimeout(s.ctx, graceOfAnswers)
		unless := context.AfterFunc(over, s.stop)
		_ = s.tx.Rollback()
		unless()
		done()
	}
	s.stop()
	if s.sits {
		s.sits = false
		s.rise()
	}
}

// open begins the transaction.
func (s *session) open(ctx context.Context) (err error) {
	if s.tx != nil {
		return nil
	}
	unless := context.AfterFunc(ctx, s.stop)
	defer unless()
	if !s.dialect.snapshot {
		s.tx, err = s.db.BeginTx(s.ctx, nil)
		return err
	}
	if s.dialect.kind != "oracle" {
		s.tx, err = s.db.BeginTx(s.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		return err
	}
	if s.tx, err = s.db.BeginTx(s.ctx, nil); err != nil {
		return err
	}
	_, err = s.tx.ExecContext(ctx, "SET TRANSACTION READ ONLY")
	return err
}

func (s *session) query(ctx context.Context, q *statement, each func([]*sql.ColumnType, []any) error) error {
	if !s.sits {
		if err := s.sit(ctx); err != nil {
			return err
		}
		s.sits = true
	}
	err := s.config.Line.Call(ctx, func(ctx context.Context) error {
		if err := s.open(ctx); err != nil {
			return err
		}
		return s.rows(ctx, s.tx, q, each)
	}, s.silent)
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// errSlow is the cause of a context that ends because a statement takes too long.
var errSlow = errors.New("the statement took longer than allowed")

// rows makes a query within a transaction.
func (c *client) rows(ctx context.Context, tx *sql.Tx, q *statement, each func([]*sql.ColumnType, []any) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.login.timeout+graceOfAnswers/2, errSlow)
	defer cancel()
	rows, err := tx.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return blame(ctx, err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	if each == nil {
		each = func([]*sql.ColumnType, []any) error { return nil }
	}
	values, places := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return &driver.Error{Kind: driver.Torn, Detail: "A row of the database cannot be read.", Err: err}
		}
		if err := each(types, values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return blame(ctx, err)
	}
	if len(types) > 0 && q.describes {
		return each(types, nil)
	}
	return nil
}

// blame adds why a context ended to an error that came of it.
func blame(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return errors.Join(errSlow, err)
	}
	return err
}
