package store

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// BeginReset raises the stream's epoch and forgets tombstones in small steps; call again until done. Idempotent within a run. ErrFenced.
func (s *Store) BeginReset(ctx context.Context, r *Run, limit int) (done bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		done, err = tx.beginReset(ctx, r, max(limit, 1))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("reset %s: %w", r.Entity, err)
	}
	return done, nil
}

func (t *Tx) beginReset(ctx context.Context, r *Run, limit int) (done bool, err error) {
	t.changed(ThingRecords, r.scope)
	t.changedRuns(r.scope)
	st, err := t.q.LockStream(ctx, r.scope.no, r.Entity)
	if err != nil {
		return false, noRows(err, ErrFenced)
	}
	if _, err := t.q.FenceRun(ctx, r.fence()); err != nil {
		return false, noRows(err, ErrFenced)
	}
	if st.ResetRun != r.ID {
		if err := t.q.RaiseEpoch(ctx, r.ID, r.scope.no, r.stream); err != nil {
			return false, err
		}
	}
	n, err := t.forgetTombstones(ctx, r, limit)
	return n < limit, err
}

// forgetTombstones leaves those that the run itself made: they are news.
func (t *Tx) forgetTombstones(ctx context.Context, r *Run, limit int) (int, error) {
	k := r.key()
	rows, err := t.q.Tombstones(ctx, queries.TombstonesParams{Connection: k.Connection, Stream: k.Stream, UpTo: r.StartSeq, MaxRows: atMost(limit)})
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if err := t.q.DeleteBody(ctx, k.Connection, k.Stream, row.Seq); err != nil {
			return 0, err
		}
		if err := t.q.DeleteHead(ctx, k.Connection, k.Stream, row.ID); err != nil {
			return 0, err
		}
	}
	return len(rows), t.countRecords(ctx, k, 0, -int64(len(rows)))
}
