// Package sqldb reads and writes the tables and views of a relational database: PostgreSQL, MySQL and MariaDB, SQL Server, Oracle. Which tables hold what is in the
// manifest; the package knows none. What differs between databases is in one dialect for each. Its options are documented in docs/connectors/sql.md.
package sqldb

import (
	"database/sql"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Name is what a manifest writes in `driver:`.
const Name = "sql"

// Driver implements driver.Driver.
type Driver struct{}

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements driver.Driver.
func (Driver) Name() string { return Name }

// Dialect implements driver.Driver: rows come as plain JSON.
func (Driver) Dialect() manifest.Dialect { return nil }

// Open implements driver.Driver.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	connect, readings, problems := optionsOf(s)
	if len(problems) > 0 {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest of " + s.Name + " has mistakes.", Err: problems}
	}
	l, err := loginOf(c.Credentials.Get, connect.Kind, c.Line)
	if err != nil {
		return nil, err
	}
	l.timeout = connect.Timeout
	connector, err := l.dialect.open(l, c.Line)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(&prepared{Connector: connector, statements: l.dialect.begin(l.timeout)})
	db.SetMaxOpenConns(s.Limits.Concurrency)
	db.SetMaxIdleConns(s.Limits.Concurrency)
	db.SetConnMaxIdleTime(time.Minute)
	return &client{
		config: c, dialect: l.dialect, login: l, db: db, readings: readings, shapes: shapes{of: map[string]*shape{}},
		seats: make(chan struct{}, max(1, s.Limits.Concurrency)),
		who:   web.Answerer{Name: "The database", Field: fieldHost, Quote: c.Quote},
	}, nil
}

// client implements driver.Client.
type client struct {
	config   driver.Config
	dialect  *dialect
	login    *login
	db       *sql.DB
	readings map[string]*reading // by entity
	shapes   shapes
	seats    chan struct{} // one for each connection
	who      web.Answerer
}

var (
	_ driver.Client = (*client)(nil)
	_ driver.Writer = (*client)(nil)
)

// Close implements driver.Client.
func (c *client) Close() error { return c.db.Close() }
