package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/busbar-dev/busbar/internal/store"
)

// openPool gives database/sql the connections of a pool. They take text that the server would refuse as the store would keep it: whoever looks for
// such text finds nothing, which is no error.
func openPool(p *pgxpool.Pool) *sql.DB {
	db := sql.OpenDB(connector{stdlib.GetPoolConnector(p)})
	db.SetMaxIdleConns(0) // the pool keeps them
	return db
}

type connector struct{ driver.Connector }

// Connect is driver.Connector's.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return conn{inner.(*stdlib.Conn)}, nil
}

type conn struct{ *stdlib.Conn }

// CheckNamedValue is driver.NamedValueChecker's; all else is left to pgx.
func (conn) CheckNamedValue(v *driver.NamedValue) error {
	if text, ok := v.Value.(string); ok {
		v.Value = store.Storable(text)
	}
	return nil
}
