package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// shownStep is what the steps on top are called where people name an item.
func shownStep(step string) string {
	if step == "" {
		return "-"
	}
	return step
}

// Skip leaves an item out for good: one that failed, that was not begun, or that waits for time or for a record. It counts as skipped then.
func (s *Service) Skip(ctx context.Context, project, name, run string, ref ItemRef) error {
	f, _, err := s.runOf(ctx, project, name, run)
	if err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.WakeFlow(ctx, f.ID, s.Now()); err != nil {
			return err
		}
		r, err := tx.FlowRun(ctx, f.ID, run)
		if err != nil {
			return err
		}
		it, err := tx.FlowItem(ctx, f.ID, run, ref.Step, ref.N)
		if errors.Is(err, store.ErrNotFound) {
			return problem.Newf(problem.NotFound, "The run has no item %d of step %s.", ref.N, shownStep(ref.Step))
		}
		if err != nil {
			return err
		}
		if why := unskippable(r, it); why != "" {
			return problem.Newf(problem.Conflict, "Item %d of step %s cannot be skipped: %s", ref.N, shownStep(ref.Step), why)
		}
		if err := tx.MoveFlowItems(ctx, r, []store.FlowItemMove{it.Move(store.FlowItemSkipped)}, s.Now()); err != nil {
			return err
		}
		if err := s.goOnWithout(ctx, tx, r); err != nil {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: "flow.item-skipped", Target: "flow-run", TargetID: run, Fields: []string{fmt.Sprintf("%s/%d", ref.Step, ref.N)}})
	})
	if err != nil {
		return fmt.Errorf("skip an item of run %s: %w", run, err)
	}
	return nil
}

// unskippable says why an item of a run cannot be left out; empty: it can.
func unskippable(r *store.FlowRun, it *store.FlowItem) string {
	switch {
	case it.Step == "" && it.Status == store.FlowItemFailed:
		return "the steps on top are the run itself, and it has failed. Retry it, or begin another run."
	case it.Step == "" && r.State.Ended():
		return fmt.Sprintf("the steps on top are the run itself, and it is %s.", r.State)
	case it.Step == "":
		return "the steps on top are the run itself. Cancel the run to end it."
	case it.Status == store.FlowItemFailed, it.Status == store.FlowItemPending:
		return ""
	case it.Status.Final():
		return fmt.Sprintf("it is %s.", it.Status)
	case it.Waits == store.FlowWaitsTime, it.Waits == store.FlowWaitsClaim, it.Waits == store.FlowWaitsRecord:
		return ""
	case it.Waits == store.FlowWaitsOperation:
		return "its write may be applied yet. Decide about the write, or wait for its end."
	}
	return "something of it is under way. Wait for its end, or cancel the run."
}

// goOnWithout lets a run that has not ended see that one of its items was left out.
func (s *Service) goOnWithout(ctx context.Context, tx *store.Tx, r *store.FlowRun) error {
	if r.State.Ended() {
		return nil
	}
	r.DueAt = s.Now()
	if err := tx.SetFlowRun(ctx, r, s.Now()); err != nil {
		return err
	}
	return s.Waker.Wake(ctx, tx, store.LaneFlows, r.FlowID)
}
