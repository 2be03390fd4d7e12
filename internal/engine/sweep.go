package engine

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// stepRows is how many rows a housekeeping transaction touches.
const stepRows = 500

// sweepGone deletes what a run that read everything in its range did not see. A suspicious number of them is held back. A run over a period
// deletes only when it has also caught up with what changed before, whatever its age: a record may have left the period. Pages that may have
// skipped records are no evidence.
func (s *runSlice) sweepGone(ctx context.Context) error {
	bounded := !s.run.HistoryFrom.IsZero()
	if !s.readsAll() || s.entity.Deletions != "sweep" || bounded && !s.cp.CaughtUp || s.cp.Skipping {
		return nil
	}
	found, err := s.worker.Store.OpenSweep(ctx, s.run)
	if err != nil {
		return fmt.Errorf("open the sweep of run %s: %w", s.run.ID, err)
	}
	if bounded && !s.cp.Undated {
		found.SpareUndated()
	}
	missing, inRange, err := found.Count(ctx)
	if err != nil || missing == 0 {
		return err
	}
	if err := s.mayDelete(missing, inRange); err != nil {
		return err
	}
	for {
		_, done, err := found.Delete(ctx, stepRows, s.worker.Now())
		if err != nil || done {
			return err
		}
	}
}

// mayDelete refuses deletions that more likely come from a lost permission or a fault than from people: more than 20 % (and more than
// ten), or all. A reset, which is asked for by a person, is not held.
func (s *runSlice) mayDelete(missing, inRange int64) error {
	if s.cp.Unidentified > 0 {
		return &unproved{problem.ReasonUnidentifiedRecords, fmt.Sprintf("%d records came without a usable id, so what is missing cannot be told; nothing was deleted.", s.cp.Unidentified)}
	}
	if s.run.Mode == store.Reset {
		return nil
	}
	if missing == inRange || missing > 10 && missing*5 > inRange {
		return &unproved{problem.ReasonDeletionsHeld, fmt.Sprintf("%d of %d records are gone from the system's answer; nothing was deleted. Check the login's permissions. If they are really gone, run a reset of %s.", missing, inRange, s.run.Entity)}
	}
	return nil
}
