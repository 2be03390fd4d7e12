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
	part := fn
	fn = func(tx *Tx) error {
		if err := part(tx); err != nil {
			return err
		}
		return tx.flush(ctx)
	}
	shared := s.engine.Shared
	if shared == nil {
		err = s.group.write(ctx, s, fn)
	} else {
		err = s.transact(ctx, fn)
		for n := 0; n < tries && shared.Retry(err) && ctx.Err() == nil; n++ {
			pause(ctx, n)
			err = s.transact(ctx, fn)
		}
	}
	return s.engine.explain(err)
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
	if err := fn(&Tx{s: s, tx: tx, q: s.write.WithTx(tx)}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // it was given up for that
			err = ctx.Err()
		}
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
