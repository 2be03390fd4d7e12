package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// cancel ends what has nothing under way, and asks what has to end. What was sent is not undone: its threads end when it is known what became of it.
func (w *work) cancel() error {
	if err := w.cancelPending(); err != nil {
		return err
	}
	items, err := w.Store.FlowItems(w.turn.work, w.flow.ID, w.run.ID, store.FlowItemFilter{Statuses: []store.FlowItemStatus{store.FlowItemRunning}, Limit: waitingBatches * itemsAtOnce})
	if err != nil {
		return err
	}
	var moves []store.FlowItemMove
	asked := map[string]bool{}
	for i := range items {
		it := &items[i]
		switch {
		case it.Waits == store.FlowWaitsTime, it.Waits == store.FlowWaitsClaim, it.Waits == "" && it.Step != "":
			moves = append(moves, it.Move(store.FlowItemCancelled))
		case it.Waits == store.FlowWaitsOperation && !asked[it.Operation]:
			asked[it.Operation] = true
			if err := w.cancelOperation(it); err != nil {
				return err
			}
		case it.Waits == store.FlowWaitsCall:
			if err := w.cancelCalled(it); err != nil {
				return err
			}
		}
	}
	if len(moves) == 0 {
		return nil
	}
	err = w.commit(func(ctx context.Context, tx *store.Tx) error { return tx.MoveFlowItems(ctx, w.run, moves, w.Now()) })
	for _, m := range moves {
		if err == nil && m.Step == "" {
			w.main.stored(m)
		}
	}
	return err
}

func (w *work) cancelPending() error {
	return w.commit(func(ctx context.Context, tx *store.Tx) error {
		return w.cancelItems(ctx, tx, nil)
	})
}

// cancelItems cancels the pending items of a step, of every step when it is nil.
func (w *work) cancelItems(ctx context.Context, tx *store.Tx, step *string) error {
	_, err := tx.CancelFlowItems(ctx, w.run, step, false, nil, w.Now())
	return err
}

// cancelOperation asks the ledger of writes to leave out what it has not sent.
func (w *work) cancelOperation(it *store.FlowItem) error {
	conn, err := w.Store.Connection(w.turn.work, w.flow.ProjectID, it.Connection)
	if err != nil {
		return nil // it is gone, and what waits for it learns that
	}
	o, err := w.Store.Operation(w.turn.work, conn.Scope(), it.Operation)
	if err != nil || o.CancelRequested || o.DueAt.IsZero() {
		return nil
	}
	if _, err := w.Writes.Cancel(audit.Myself(w.turn.work, "flow "+w.flow.Name, w.Now()), conn, it.Operation); err != nil {
		return fmt.Errorf("cancel its writes: %w", err)
	}
	return nil
}

// cancelCalled asks the run that a thread waits for to end.
func (w *work) cancelCalled(it *store.FlowItem) error {
	th, err := w.thread(it)
	if err != nil || th.state.Child == nil {
		return err
	}
	c := th.state.Child
	return w.Store.Write(w.turn.work, func(tx *store.Tx) error { return w.requestCancel(w.turn.work, tx, c.Flow, c.Run) })
}

// requestCancel notes that a run is to be cancelled, and wakes its flow. One that has ended is left as it is.
func (s *Service) requestCancel(ctx context.Context, tx *store.Tx, flow, run string) error {
	if err := tx.WakeFlow(ctx, flow, s.Now()); errors.Is(err, store.ErrNotFound) { // it is deleted
		return nil
	} else if err != nil {
		return err
	}
	r, err := tx.FlowRun(ctx, flow, run)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || r.State.Ended() || r.CancelRequested {
		return err
	}
	r.CancelRequested, r.DueAt = true, s.Now()
	if err := tx.SetFlowRun(ctx, r, s.Now()); err != nil {
		return err
	}
	return s.Waker.Wake(ctx, tx, store.LaneFlows, flow)
}
