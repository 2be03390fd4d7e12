package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// ApproveDeletions lets the deletions go through that a run holds: it asks for a full run, which deletes those that are still missing, and gives
// that run. Deletions that were carried out give the run that did it. *problem.Error: not-found, conflict, and those of Request.
func (s *Service) ApproveDeletions(ctx context.Context, c *store.Connection, runID string) (run *store.Run, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		held, err := s.decide(ctx, tx, c, runID, store.DecisionApproved)
		if err != nil {
			return err
		}
		if run, err = s.carrying(ctx, tx, c, held); err != nil {
			return err
		}
		return note(ctx, tx, c, "deletions_approved", "run", runID)
	})
	return run, err
}

// carrying gives the run that carries approved deletions out, or did.
func (s *Service) carrying(ctx context.Context, tx *store.Tx, c *store.Connection, held store.HeldDeletions) (*store.Run, error) {
	if held.CarriedRun != "" {
		return tx.Run(ctx, c.Scope(), held.CarriedRun)
	}
	runs, err := s.RequestTx(ctx, tx, c, []string{held.Entity}, store.Full, store.TriggerManual)
	if err != nil {
		return nil, err
	}
	return &runs[0], nil
}

// RejectDeletions keeps the records whose deletions a run holds: later sweeps leave them alone, until they come back or somebody approves after all.
// *problem.Error: not-found, conflict.
func (s *Service) RejectDeletions(ctx context.Context, c *store.Connection, runID string) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := s.decide(ctx, tx, c, runID, store.DecisionRejected); err != nil {
			return err
		}
		return note(ctx, tx, c, "deletions_rejected", "run", runID)
	})
}

// decide stores a decision. What the hold was to the stream, an error, is over with it.
func (s *Service) decide(ctx context.Context, tx *store.Tx, c *store.Connection, runID string, d store.Decision) (held store.HeldDeletions, err error) {
	if _, err := tx.LockConnection(ctx, c.ID); err != nil { // before the stream: locks are taken in that order
		return held, fmt.Errorf("lock connection %s: %w", c.ID, err)
	}
	run, err := tx.Run(ctx, c.Scope(), runID)
	if errors.Is(err, store.ErrNotFound) {
		return held, noSuchRun()
	}
	if err != nil {
		return held, fmt.Errorf("read run %s: %w", runID, err)
	}
	held, err = tx.DecideHeld(ctx, run, d, s.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return held, problem.New(problem.Conflict, "This run holds no deletions, or not any more: the records came back, or a later sweep found others missing. GET /v1/syncs shows what is held now, and by which run.")
	case errors.Is(err, store.ErrConflict):
		return held, problem.New(problem.Conflict, fmt.Sprintf("These deletions were %s and carried out by run %s; that cannot be taken back. A record that is still in the system comes back with the next full sync.", held.Decision, held.CarriedRun))
	case err != nil:
		return held, err
	}
	return held, tx.Forgive(ctx, run, problem.ReasonDeletionsHeld)
}

func noSuchRun() error {
	return problem.New(problem.NotFound, "This connection has no sync run of that id. GET /v1/sync-runs lists them.")
}
