package store

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Hold is why runs wait, and until when.
type Hold struct {
	Until        time.Time
	Code, Detail string
}

// HoldRuns lets the connection's runs that nobody works on wait; those that wait longer already stay as they are.
func (t *Tx) HoldRuns(ctx context.Context, sc Scope, h Hold) error {
	t.changedRuns(sc)
	return t.q.HoldRuns(ctx, queries.HoldRunsParams{
		Connection: sc.no, RetryAt: queries.At(h.Until), ReasonCode: h.Code, ReasonDetail: h.Detail,
	})
}

// FreeRuns ends the wait of the connection's runs that wait for this reason.
func (t *Tx) FreeRuns(ctx context.Context, sc Scope, code string) error {
	t.changedRuns(sc)
	if err := t.q.LockStreams(ctx, sc.no); err != nil { // before their runs: locks are taken in that order
		return err
	}
	return t.q.FreeRuns(ctx, sc.no, code)
}

// HoldRun frees the lease at the end of a slice, as ReleaseRun does; the run goes on from its checkpoint after the hold. ErrFenced.
func (s *Store) HoldRun(ctx context.Context, r *Run, h Hold) error {
	return s.Write(ctx, func(tx *Tx) error {
		tx.changedRuns(r.scope)
		n, err := tx.q.HoldRun(ctx, queries.HoldRunParams{
			Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, RetryAt: queries.At(h.Until), ReasonCode: h.Code, ReasonDetail: h.Detail,
		})
		return hit(n, err, ErrFenced)
	})
}
