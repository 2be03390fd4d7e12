package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// DropReceiving deletes, in steps of limit rows, operations that have been receiving since before then: whoever sent them went away.
func (s *Store) DropReceiving(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	more, err = s.erase(ctx, limit, func(tx *Tx) error { return tx.q.MarkReceiving(ctx, queries.At(before)) })
	if err != nil {
		return false, fmt.Errorf("drop what was never received to its end: %w", err)
	}
	return more, nil
}

// PurgeOperations deletes, in steps of limit rows, operations that ended before then and hold nothing that waits for a person.
func (s *Store) PurgeOperations(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	more, err = s.erase(ctx, limit, func(tx *Tx) error {
		_, err := tx.q.MarkFinished(ctx, queries.At(before), atMost(limit))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("purge operations: %w", err)
	}
	return more, nil
}

// erase marks operations, which nobody sees any more from then on, and deletes up to limit rows of those that are marked.
func (s *Store) erase(ctx context.Context, limit int, mark func(tx *Tx) error) (more bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		if err := mark(tx); err != nil {
			return err
		}
		left := int64(max(limit, 1))
		for left > 0 {
			n, err := tx.eraseOne(ctx, left)
			if errors.Is(err, sql.ErrNoRows) {
				break
			}
			if err != nil {
				return err
			}
			left -= n
		}
		more = left <= 0
		return nil
	})
	return more && err == nil, err
}

// eraseOne deletes up to limit rows of one marked operation, itself last. sql.ErrNoRows: there is none.
func (t *Tx) eraseOne(ctx context.Context, limit int64) (deleted int64, err error) {
	o, err := t.q.NextErasing(ctx)
	if err != nil {
		return 0, err
	}
	for _, erase := range []func(context.Context, int64, string, int32) (int64, error){t.q.EraseAttemptsOf, t.q.EraseItemsOf} {
		n, err := erase(ctx, o.Connection, o.ID, int32(limit-deleted))
		if deleted += n; err != nil || deleted >= limit {
			return deleted, err
		}
	}
	n, err := t.q.EraseOperation(ctx, o.Connection, o.ID)
	return deleted + n, err
}
