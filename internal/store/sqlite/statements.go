package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"

	"modernc.org/sqlite"
)

// keeping is a connector whose connections keep statements prepared: the job engine gives the same few texts as text, over and over, and to parse
// one takes longer than to run it.
type keeping struct{ driver.Connector }

func openKeeping(name string) (*sql.DB, error) {
	inner, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(keeping{inner}), nil
}

// Connect is driver.Connector's.
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sqliteConn: inner.(sqliteConn), kept: map[string]*kept{}}, nil
}

// sqliteConn is what the driver's connections are.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection that keeps statements. It is used by one goroutine at a time.
type conn struct {
	sqliteConn
	kept map[string]*kept
}

// mostKept bounds what one connection keeps.
const mostKept = 128

// lasting are statements that mean the same each time: a pragma may do its work while it is prepared.
var lasting = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n)*(select|insert|update|delete|with)\b`)

// kept is a prepared statement. While rows are read from it, it cannot be run again.
type kept struct {
	driver.Stmt
	busy bool
}

// statement gives the prepared statement for a text, nil where there is none to use.
func (c *conn) statement(ctx context.Context, text string) *kept {
	if st := c.kept[text]; st != nil {
		if st.busy {
			return nil
		}
		return st
	}
	if len(c.kept) >= mostKept || !lasting.MatchString(text) {
		return nil
	}
	st, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil // run as text it gives its error
	}
	c.kept[text] = &kept{Stmt: st}
	return c.kept[text]
}

// Unwrap gives the driver's own connection.
func (c *conn) Unwrap() driver.Conn { return c.sqliteConn }

// ExecContext is driver.ExecerContext's.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if st := c.statement(ctx, text); st != nil {
		return st.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	}
	return c.sqliteConn.ExecContext(ctx, text, args)
}

// QueryContext is driver.QueryerContext's.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	st := c.statement(ctx, text)
	if st == nil {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	rows, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	st.busy = true
	return &keptRows{rows, st}, nil
}

// Close is driver.Conn's.
func (c *conn) Close() error {
	for _, st := range c.kept {
		_ = st.Close() // the connection's own Close tells
	}
	clear(c.kept)
	return c.sqliteConn.Close()
}

// keptRows frees its statement.
type keptRows struct {
	driver.Rows
	from *kept
}

// Close is driver.Rows'.
func (r *keptRows) Close() error {
	r.from.busy = false
	return r.Rows.Close()
}
