// Package postgres opens a database on a PostgreSQL server, which any number of processes may use at once. It supplies what PostgreSQL does in its
// own way (pools, sessions, locks, bulk statements); the rules are package store's.
package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/busbar-dev/busbar/internal/store"
)

// database is an open database: its pools, and how one more connection is made.
type database struct {
	writer, reader, listener *pgxpool.Pool
	session                  *pgx.ConnConfig
	analyst                  analyst
	addresses                addresses
}

// Open opens the database at a URL (postgres://…) and brings its schema up to date; processes that start at the same time do so one after the
// other. Errors say what to do next and never show the password.
func Open(ctx context.Context, url string) (*store.Store, error) {
	config, err := configOf(url)
	if err != nil {
		return nil, err
	}
	d := &database{session: config.ConnConfig}
	d.analyst.db = d
	d.addresses.note(d.session)
	if err := d.migrate(ctx); err != nil {
		return nil, explainOpen(config.ConnConfig, err)
	}
	if err := d.connect(ctx, config); err != nil {
		return nil, errors.Join(explainOpen(config.ConnConfig, err), d.close())
	}
	return store.New(ctx, d.engine())
}

// connect opens the pools.
func (d *database) connect(ctx context.Context, config *pgxpool.Config) (err error) {
	sizes := shares(config.MaxConns)
	for _, p := range []struct {
		pool **pgxpool.Pool
		size int32
	}{{&d.writer, sizes.writer}, {&d.reader, sizes.reader}, {&d.listener, sizes.listener}} {
		c := config.Copy()
		c.MaxConns, c.MinConns, c.BeforeConnect, c.AfterConnect = p.size, 0, takeSlot, encodeArraysAtOnce
		c.PingTimeout = pingWithin
		if p.pool == &d.writer {
			c.AfterConnect = prepareCommit
		}
		if *p.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
			return err
		}
	}
	_, err = d.writer.Exec(ctx, dropMarks)
	return err
}

func (d *database) engine() store.Engine {
	writer, reader := d.openPool(d.writer, false), d.openPool(d.reader, true)
	return store.Engine{
		Writer: writer, Reader: reader, Bulk: bulk{reader, &d.analyst}, KeepsStatements: true, Explain: explain, Release: d.close,
		Shared: &store.Shared{Listener: d.listener, Retry: d.retry, Away: d.away, Alone: d.alone, Turn: turn, Now: clock(reader), Server: server(writer), Moved: moved, Budget: glance(reader), SwapBudget: swap(writer), Serves: d.addresses.has,
			Wire: newWire(reader, d.listener)},
	}
}

// close closes the pools; connections in use are closed as they come back.
func (d *database) close() error {
	d.analyst.working.Wait()
	for _, p := range []*pgxpool.Pool{d.reader, d.writer, d.listener} {
		if p != nil {
			p.Close()
		}
	}
	return nil
}

// open gives a pool of one connection that takes its time: for the schema.
func (d *database) open() *sql.DB {
	c := d.session.Copy()
	patient(c.RuntimeParams)
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(1)
	return db
}
