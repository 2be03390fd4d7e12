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
// skipped records are no evidence. A single record that the system says is gone when it is asked for would be evidence of its own; no driver
// asks for single records yet.
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
	if err != nil {
		return err
	}
	if missing > 0 && s.cp.Unidentified > 0 {
		return &unproved{problem.ReasonUnidentifiedRecords, fmt.Sprintf("%d records came without a usable id, so what is missing cannot be told; nothing was deleted.", s.cp.Unidentified)}
	}
	return s.judge(ctx, found, missing, inRange)
}

// judge decides what becomes of the missing records, together with what earlier sweeps have held back. A reset, which is asked for by a person,
// deletes them all. Nothing is deleted while a person has to decide.
func (s *runSlice) judge(ctx context.Context, found *store.Sweep, missing, inRange int64) error {
	now, held, agreed := s.worker.Now(), found.Held(), found.Agreed()
	switch {
	case s.run.Mode == store.Reset:
		s.held = found.Dissolve()
	case suspicious(missing-agreed, inRange-agreed):
		s.held = found.Hold(now)
		return heldBack(s.run.Entity, s.run.ID, missing, inRange)
	case held == nil:
	case held.Decision == store.DecisionRejected:
		s.held = found.KeepRejected()
	case held.Decision == store.DecisionApproved:
		s.held = found.CarryOut(now)
	case suspicious(missing, min(inRange, held.InRange)):
		s.held = found.Confirm(now)
		return heldBack(s.run.Entity, held.Run, agreed, min(inRange, held.InRange))
	default:
		s.held = found.Dissolve()
	}
	return s.deleteMissing(ctx, found)
}

// deleteMissing deletes in steps what may be deleted.
func (s *runSlice) deleteMissing(ctx context.Context, found *store.Sweep) error {
	for {
		_, done, err := found.Delete(ctx, stepRows, s.worker.Now())
		if err != nil || done {
			return err
		}
	}
}

// suspicious says that so many deletions more likely come from a lost permission or a fault than from people: more than 20 % (and more than ten),
// or all.
func suspicious(missing, of int64) bool {
	return missing > 0 && (missing == of || missing > 10 && missing*5 > of)
}

// heldBack says what is held and what a person can do.
func heldBack(entity, runID string, missing, of int64) error {
	return &unproved{problem.ReasonDeletionsHeld, fmt.Sprintf("%d of %d records of %s are gone from the system's answer; nothing was deleted. %s", missing, of, entity, problem.DecideOnDeletions(runID))}
}
