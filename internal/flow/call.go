package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// child is the run that a thread has called.
type child struct {
	Flow string `json:"flow"` // id
	Run  string `json:"run"`
}

// deepest is how many flows may wait for each other in a row.
const deepest = 8

// callable gives the flow that a thread calls; a problem: it cannot be called.
func (w *work) callable(th *thread) (*store.Flow, error) {
	f, err := w.Store.Flow(w.turn.work, w.flow.ProjectID, th.effect.Flow)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.Newf(problem.CalledFlowFailed, "There is no flow %q in this project.", th.effect.Flow)
	}
	if err != nil {
		return nil, fmt.Errorf("read flow %s: %w", th.effect.Flow, err)
	}
	for depth, r := 1, w.run; r.Parent.Run != ""; depth++ {
		if depth == deepest {
			return nil, problem.Newf(problem.CalledFlowFailed, "Flows call each other %d deep; one of them calls itself, perhaps by way of others.", deepest)
		}
		r, err = w.Store.FlowRun(w.turn.work, r.Parent.Flow, r.Parent.Run)
		if errors.Is(err, store.ErrNotFound) { // it is deleted, and nobody waits any more
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the calling run: %w", err)
		}
	}
	return f, w.refused(f, th)
}

// refused says why a called flow does not take what it is given, as a problem; nil: it does.
func (w *work) refused(f *store.Flow, th *thread) error {
	b, err := callOf(th)
	if err != nil {
		return err
	}
	return w.takes(w.turn.work, f, b)
}

// callOf is what a run begins with that a thread calls.
func callOf(th *thread) (Begin, error) {
	b := Begin{Kind: callKind, Input: th.effect.Input}
	if len(th.effect.Parameters) > 0 {
		if err := json.Unmarshal(th.effect.Parameters, &b.Parameters); err != nil {
			return b, problem.New(problem.CalledFlowFailed, "The parameters of a call must be an object: a value by the name of each.")
		}
	}
	return b, nil
}

// call makes the run that a thread calls, in the transaction that stores the thread.
func (w *work) call(ctx context.Context, tx *store.Tx, th *thread) error {
	b, err := callOf(th)
	if err != nil {
		return err
	}
	f, err := tx.LockFlow(ctx, th.callee.ID)
	if err != nil {
		return err
	}
	b.Secrets, b.Caller, b.Parent = w.secrets, w.run.ID, store.FlowItemKey{Flow: w.flow.ID, Run: w.run.ID, Step: th.item.Step, N: th.item.N}
	r, err := w.begin(ctx, tx, f, b)
	if err != nil {
		return err
	}
	th.state.Child = &child{Flow: r.FlowID, Run: r.ID}
	return nil
}

// wakeCaller lets the item go on that waits for a run to end. One that waits for something else by now goes on waiting.
func (w *work) wakeCaller(ctx context.Context, tx *store.Tx, r *store.FlowRun) error {
	p := r.Parent
	if p.Run == "" {
		return nil
	}
	if err := tx.WakeFlow(ctx, p.Flow, w.Now()); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	it, err := tx.FlowItem(ctx, p.Flow, p.Run, p.Step, p.N)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || it.Waits != store.FlowWaitsCall {
		return err
	}
	var s state
	if err := json.Unmarshal(it.Thread, &s); err != nil {
		return fmt.Errorf("read item %d of step %q of run %s: %w", p.N, p.Step, p.Run, err)
	}
	if s.Child == nil || s.Child.Run != r.ID {
		return nil
	}
	if err := tx.WakeFlowItem(ctx, p, w.Now()); err != nil {
		return err
	}
	return w.Waker.Wake(ctx, tx, store.LaneFlows, p.Flow)
}

// returned lets a thread take the end of the run that it called. on: it has ended.
func (w *work) returned(th *thread) (on bool, err error) {
	c := th.state.Child
	if c == nil {
		return false, fmt.Errorf("item %d of step %q waits for a run that nobody made", th.item.N, th.item.Step)
	}
	r, err := w.Store.FlowRun(w.turn.work, c.Flow, c.Run)
	switch {
	case errors.Is(err, store.ErrNotFound):
		w.take(th, machine.Result{Failure: problem.Newf(problem.CalledFlowFailed, "The run %s is not kept any more.", c.Run)})
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read run %s: %w", c.Run, err)
	case !r.State.Ended():
		return false, nil
	}
	th.state.Child = nil
	if r.State != store.FlowRunCompleted {
		detail := fmt.Sprintf("The run %s is %s.", r.ID, r.State)
		if r.ReasonDetail != "" {
			detail += " " + r.ReasonDetail
		}
		w.take(th, machine.Result{Failure: problem.New(problem.CalledFlowFailed, detail).With("run", r.ID)})
		return true, nil
	}
	output, ok, err := w.given(w.turn.work, r, r.Output)
	if err != nil {
		return false, err
	}
	if !ok {
		w.take(th, machine.Result{Failure: problem.Newf(problem.CalledFlowFailed, "A secret of the called flow is in the output of its run %s; a flow gives none away.", r.ID).With("run", r.ID)})
		return true, nil
	}
	text, err := json.Marshal(map[string]any{"run": r.ID, "state": r.State, "counts": r.Counts, "output": json.RawMessage(orNull(output))})
	if err != nil {
		return false, fmt.Errorf("write the result of run %s: %w", r.ID, err)
	}
	if _, err := lang.Decode(text); err != nil {
		w.take(th, machine.Result{Failure: problem.Newf(problem.CalledFlowFailed, "The output of the run %s cannot be read: %s.", r.ID, err).With("run", r.ID)})
		return true, nil
	}
	w.take(th, machine.Result{Value: text})
	return true, nil
}
