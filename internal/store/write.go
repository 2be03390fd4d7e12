package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Write runs fn in one transaction, which commits when fn returns nil. What lost against another process or lost its connection, or shared a
// transaction with a part that failed, is done again from the beginning: fn may run several times, and what it leaves behind outside the transaction
// must be the last run's alone. fn must not keep tx, nor call writing methods of the store.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) (err error) {
	fresh := false
	part := func(tx *Tx) error {
		tx.fresh = fresh
		if err := fn(tx); err != nil {
			return err
		}
		return tx.flush(ctx)
	}
	if err = s.writePart(ctx, part); errors.Is(err, errStale) {
		fresh = true
		err = s.writePart(ctx, part)
	}
	return s.engine.explain(err)
}

// errStale says that a row is not as it was known: the transaction is done again, and reads what it changes.
var errStale = errors.New("a row is not as it was known")

func (s *Store) writePart(ctx context.Context, part func(tx *Tx) error) error {
	shared := s.engine.Shared
	if shared == nil {
		return s.group.write(ctx, s, part)
	}
	err := s.transact(ctx, part)
	for n := 0; n < tries && shared.Retry(err) && ctx.Err() == nil; n++ {
		pause(ctx, n)
		err = s.transact(ctx, part)
	}
	return err
}

// lastly has a look taken before the transaction commits: until somebody asks what came of a statement, the engine may let it wait and send it with others.
func (t *Tx) lastly(look func() error) { t.late = append(t.late, look) }

// settled takes the looks that are left.
func (t *Tx) settled() error {
	looks := t.late
	t.late = nil
	for _, look := range looks {
		if err := look(); err != nil {
			return err
		}
	}
	return nil
}

// touches wants a statement to have touched a row; else the transaction ends with the fact.
func (t *Tx) touches(r sql.Result, err, fact error) error {
	if err != nil {
		return err
	}
	t.lastly(func() error {
		n, err := r.RowsAffected()
		return hit(n, err, fact)
	})
	return nil
}

// How often a transaction is tried again, and how long is waited before: about twice as long each time.
const (
	tries      = 8
	firstPause = 5 * time.Millisecond
	mostPause  = 500 * time.Millisecond
)

// pause waits before try n; how long is chance, so that those who met once do not meet again.
func pause(ctx context.Context, n int) {
	timer := time.NewTimer(rand.N(min(firstPause<<n, mostPause)) + firstPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Store) transact(ctx context.Context, fn func(tx *Tx) error) error {
	tx, err := s.engine.Writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer tx.Rollback() // after a commit this does nothing
	t := &Tx{s: s, tx: tx, q: s.write.WithTx(tx)}
	if err := fn(t); err != nil {
		return err
	}
	err = tx.Commit()
	s.news.note(t.news, true) // also after an error: it may be stored all the same
	if err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // it was given up for that
			err = ctx.Err()
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
