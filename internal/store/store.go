package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Store is the open database. Safe for concurrent use.
type Store struct {
	engine  Engine
	write   *queries.Queries // on the writing pool
	read    *queries.Queries // on the reading pool
	scans   *scans
	streams streamNumbers
	group   group // of writers, where there is one writing connection
	news    *news
	closing sync.Once
	closed  error
}

// Tx is one write transaction.
type Tx struct {
	s  *Store
	tx *sql.Tx
	q  *queries.Queries

	made    map[string]bool            // operations that it made
	taken   map[string]*takenOperation // operations whose rows it has taken, by id
	here    bool                       // it is on the server that the last commits went to
	late    []func() error             // what is looked at before it commits
	tallies tallies                    // what ended in it
	fresh   bool                       // nothing that was read before counts
	news    []Changed                  // what it changes, for those who follow
}

// New makes a store of an open, migrated database. The store closes the engine.
func New(ctx context.Context, e Engine) (*Store, error) {
	s := &Store{engine: e}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare statements: %w", err), e.close())
	}
	s.news = newNews(e.wire(), s.projectOfConnection)
	return s, nil
}

func (s *Store) prepare(ctx context.Context) (err error) {
	if s.engine.KeepsStatements {
		s.write, s.read, s.scans = queries.New(s.engine.Writer), queries.New(s.engine.Reader), &scans{db: s.engine.Reader}
		return nil
	}
	if s.write, err = queries.Prepare(ctx, s.engine.Writer); err != nil {
		return err
	}
	if s.read, err = queries.Prepare(ctx, s.engine.Reader); err != nil {
		return err
	}
	s.scans, err = prepareScans(ctx, s.engine.Reader)
	return err
}

// Close ends all use of the database. Safe to call twice.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.news.close()
		s.closed = s.engine.close()
	})
	return s.closed
}

// DB gives the writing pool to package jobs. Nobody else may use it.
func (s *Store) DB() *sql.DB { return s.engine.Writer }

// Alone runs fn while no other process on the database runs one. fn must not call Alone.
func (s *Store) Alone(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.engine.Shared == nil {
		return fn(ctx)
	}
	return s.engine.Shared.Alone(ctx, fn)
}

// SQL gives the transaction to package jobs, which inserts its rows into the same transaction. Nobody else may use it.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Meta gives a deployment-wide value, "" when unset.
func (s *Store) Meta(ctx context.Context, key string) (string, error) {
	value, err := s.read.Meta(ctx, key)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetMeta stores a deployment-wide value.
func (s *Store) SetMeta(ctx context.Context, key, value string) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.q.SetMeta(ctx, key, value) })
}
