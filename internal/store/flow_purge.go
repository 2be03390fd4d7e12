package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// PurgeFlowRuns deletes, in steps of limit rows, runs that ended before then and for which no other run waits, and what is left of flows that were deleted. more says that the step was full.
func (s *Store) PurgeFlowRuns(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.q.MarkFlowRuns(ctx, queries.At(before), atMost(limit)); err != nil {
			return err
		}
		left := int64(max(limit, 1))
		for left > 0 {
			n, err := tx.purgeFlowRun(ctx, left)
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
	if err != nil {
		return false, fmt.Errorf("purge runs of flows: %w", err)
	}
	return more, nil
}

// purgeFlowRun deletes up to limit rows of one marked run, itself last. sql.ErrNoRows: there is none.
func (t *Tx) purgeFlowRun(ctx context.Context, limit int64) (deleted int64, err error) {
	r, err := t.q.NextErasingFlowRun(ctx)
	if err != nil {
		return 0, err
	}
	deleted, err = t.q.EraseFlowItems(ctx, r.Flow, r.ID, int32(limit))
	if err != nil || deleted >= limit {
		return deleted, err
	}
	if _, err := t.q.EraseFlowRunConnections(ctx, r.Flow, r.ID); err != nil {
		return deleted, err
	}
	n, err := t.q.EraseFlowRun(ctx, r.Flow, r.ID)
	return deleted + n, err
}
