package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/busbar-dev/busbar/internal/store"
)

// openPool gives database/sql the connections of a pool.
func (d *database) openPool(p *pgxpool.Pool, reads bool) *sql.DB {
	db := sql.OpenDB(connector{stdlib.GetPoolConnector(p), d, p, reads})
	db.SetMaxIdleConns(0) // the pool keeps them
	return db
}

type connector struct {
	driver.Connector
	database *database
	pool     *pgxpool.Pool
	reads    bool // nothing is written: what lost its connection may be asked again
}

// Connect is driver.Connector's.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	own := conn{inner.(*stdlib.Conn)}
	if c.reads {
		return readingConn{own, c.pool}, nil
	}
	return &writingConn{conn: own, database: c.database}, nil
}

// conn takes text that the server would refuse as the store would keep it: whoever looks for such text finds nothing, which is no error.
type conn struct{ *stdlib.Conn }

// CheckNamedValue is driver.NamedValueChecker's; all else is left to pgx.
func (conn) CheckNamedValue(v *driver.NamedValue) error {
	if text, ok := v.Value.(string); ok {
		v.Value = store.Storable(text)
	}
	return nil
}

// readingConn lets database/sql ask again, by another connection, when this one turns out to be lost: after the server was away all of them are.
type readingConn struct {
	conn
	pool *pgxpool.Pool
}

// QueryContext is driver.QueryerContext's.
func (c readingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.conn.QueryContext(ctx, query, args)
	if err != nil && ctx.Err() == nil && lost(err) {
		c.pool.Reset()
		return nil, driver.ErrBadConn
	}
	return rows, err
}
