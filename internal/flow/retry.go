package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// ItemRef names an item of a run; the steps on top are step "", number 0.
type ItemRef struct {
	Step string `json:"step"`
	N    int64  `json:"n"`
}

// Retry is what is begun again.
type Retry struct {
	Items    []ItemRef       // none: all that failed
	From     string          // id of the step; empty: the one that failed, with a new input the first
	Input    json.RawMessage // in place of the one item's own; nil: as it is
	Repeat   bool            // also steps whose writes were applied
	Continue bool            // also what was cancelled because the flow stopped, and the rest of its list
}

// retryAtOnce bounds what one transaction begins again.
const retryAtOnce = 500

// Retry begins failed items of a run again. It gives how many.
func (s *Service) Retry(ctx context.Context, project, name, run string, q Retry) (r *store.FlowRun, n int, err error) {
	f, r, err := s.runOf(ctx, project, name, run)
	if err != nil {
		return nil, 0, err
	}
	p, err := s.program(ctx, f.ID, r.Version)
	if err != nil {
		return nil, 0, err
	}
	known, err := s.runSecrets(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	again := &retrying{Service: s, flow: f, prog: p, veil: known.Veil(), hasSecrets: len(known.Names()) > 0, Retry: q}
	if err := again.check(r); err != nil {
		return nil, 0, err
	}
	for more := true; more; {
		at := again.from
		err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
			again.from = at // the transaction may be done again
			if err := tx.WakeFlow(ctx, f.ID, s.Now()); err != nil {
				return err
			}
			if r, err = tx.FlowRun(ctx, f.ID, run); err != nil {
				return err
			}
			if n > 0 && r.CancelRequested { // since the part before
				more = false
				return nil
			}
			var taken int
			if taken, more, err = again.some(ctx, tx, r, n == 0); err != nil || taken == 0 {
				return err
			}
			again.done = n + taken
			if err := s.Waker.Wake(ctx, tx, store.LaneFlows, f.ID); err != nil || n > 0 {
				return err
			}
			return audit.Note(ctx, tx, audit.Act{Action: "flow.run-retried", Target: "flow-run", TargetID: run})
		})
		if err != nil {
			return nil, n, fmt.Errorf("retry items of run %s: %w", run, err)
		}
		n = again.done
	}
	if n == 0 {
		return nil, 0, again.nothing(r)
	}
	return r, n, nil
}

// retrying is one request to begin items again.
type retrying struct {
	*Service
	Retry
	flow       *store.Flow
	prog       *machine.Program
	veil       secret.Veil
	hasSecrets bool // the run
	done       int
	from       ItemRef // of all that failed: this one and later ones
}

func (q *retrying) check(r *store.FlowRun) error {
	switch {
	case q.From != "" && q.prog.Flow().Step(q.From) == nil:
		return problem.New(problem.ValidationFailed, "There is no such step; see errors.").At("/from", problem.Unknown, fmt.Sprintf("Version %d of the flow has no step %q.", r.Version, q.From))
	case !r.State.Ended():
		return problem.Newf(problem.Conflict, "The run is %s. Its items can be retried when it has ended, or cancel it first.", r.State)
	case r.Erased:
		return problem.New(problem.Conflict, "What the run worked with was erased with the data of a connection.")
	}
	return q.checkInput()
}

// nothing says why nothing was begun again.
func (q *retrying) nothing(r *store.FlowRun) error {
	if n := r.Counts.Cancelled; n > 0 && !q.Continue {
		return problem.Newf(problem.Conflict, "Nothing of this run has failed, and %s cancelled. Send `continue: true` (--continue) to go on with what was cancelled.", counted(n))
	}
	return problem.New(problem.Conflict, "Nothing of this run has failed; there is nothing to retry.")
}

func counted(n int64) string {
	if n == 1 {
		return "1 item was"
	}
	return fmt.Sprintf("%d items were", n)
}

// some begins some items again; more says that there may be others.
func (q *retrying) some(ctx context.Context, tx *store.Tx, r *store.FlowRun, first bool) (n int, more bool, err error) {
	items, more, err := q.items(ctx, tx, r)
	if err != nil {
		return 0, false, err
	}
	var moves []store.FlowItemMove
	for i := range items {
		m, err := q.again(&items[i])
		if err != nil {
			return 0, false, err
		}
		moves = append(moves, m)
	}
	if len(moves) == 0 {
		return 0, more, nil
	}
	if err := tx.MoveFlowItems(ctx, r, moves, q.Now()); err != nil {
		return 0, false, err
	}
	if r.State, r.DueAt, r.CancelRequested, r.ReasonCode, r.ReasonDetail = store.FlowRunRunning, q.Now(), false, "", ""; first {
		r.Retries++
	}
	return len(moves), more, tx.SetFlowRun(ctx, r, q.Now())
}

// items gives failed ones that are to be begun again: those that are named, or the next of all.
func (q *retrying) items(ctx context.Context, tx *store.Tx, r *store.FlowRun) (items []store.FlowItem, more bool, err error) {
	if len(q.Items) > 0 {
		if q.done > 0 {
			return nil, false, nil
		}
		for _, ref := range q.Items {
			it, err := tx.FlowItem(ctx, r.FlowID, r.ID, ref.Step, ref.N)
			if errors.Is(err, store.ErrNotFound) {
				return nil, false, problem.Newf(problem.NotFound, "The run has no item %d of step %s.", ref.N, shownStep(ref.Step))
			}
			if err != nil {
				return nil, false, err
			}
			if it.Status == store.FlowItemCancelled {
				return nil, false, problem.Newf(problem.Conflict, "Item %d of step %s is cancelled. Send `continue: true` (--continue) and name no item, to go on with all that was cancelled.", ref.N, shownStep(ref.Step))
			}
			if it.Status != store.FlowItemFailed {
				return nil, false, problem.Newf(problem.Conflict, "Item %d of step %s is %s; only failed ones are retried.", ref.N, shownStep(ref.Step), it.Status)
			}
			items = append(items, *it)
		}
		return items, false, nil
	}
	statuses := []store.FlowItemStatus{store.FlowItemFailed}
	if q.Continue {
		statuses = append(statuses, store.FlowItemCancelled)
	}
	all, err := tx.FlowItems(ctx, r.FlowID, r.ID, store.FlowItemFilter{Statuses: statuses, FromStep: q.from.Step, FromN: q.from.N, Limit: retryAtOnce, Bare: true})
	if err != nil {
		return nil, false, err
	}
	size := 0
	for _, bare := range all {
		if size > bytesAhead {
			return items, true, nil
		}
		q.from = ItemRef{bare.Step, bare.N + 1}
		it, err := tx.FlowItem(ctx, r.FlowID, r.ID, bare.Step, bare.N)
		if err != nil {
			return nil, false, err
		}
		size += lengthOf(it)
		if q.doubt(it) != "" && !q.Repeat {
			continue
		}
		if it.Step != "" || q.Continue || r.MainCounts || problem.FromDocument(it.Error).Code != problem.FlowStopped {
			items = append(items, *it)
		}
	}
	return items, len(all) == retryAtOnce, nil
}

// doubt says why an item that failed is begun again only with `repeat`; "" for no reason.
func (q *retrying) doubt(it *store.FlowItem) string {
	if it.Status != store.FlowItemFailed {
		return ""
	}
	switch code := problem.FromDocument(it.Error).Code; {
	case len(it.Thread) == 0:
		return "its list could not tell whether it is wanted. Send `repeat: true` if it is, or mend the record and begin another run."
	case code == problem.RequestOutcomeUnknown:
		return "nobody knows whether its request had its effect. Look in the other system; send `repeat: true` to send it again."
	case code == problem.WriteOutcomeUnknown:
		return "nobody knows what became of its write. Look in the system; send `repeat: true` to write it again."
	case code == problem.CalledFlowFailed:
		return "it called another run, which may have done a part. Retry that run; or send `repeat: true` to call the flow anew."
	}
	return ""
}

// again makes the move that begins an item again, from the step that failed or from another.
func (q *retrying) again(it *store.FlowItem) (m store.FlowItemMove, err error) {
	if doubt := q.doubt(it); doubt != "" && !q.Repeat {
		return m, problem.Newf(problem.Conflict, "Item %d of step %s is not retried just so: %s", it.N, shownStep(it.Step), doubt)
	}
	th := state{Thread: machine.Begin()}
	if len(it.Thread) > 0 {
		if err := json.Unmarshal(q.veil.Lift(it.Thread), &th); err != nil {
			return m, fmt.Errorf("read item %d of step %q: %w", it.N, it.Step, err)
		}
	}
	from := q.begins(it)
	if th.Claim = nil; th.Left != "" && from != "" {
		if !q.Repeat {
			return m, problem.Newf(problem.Conflict, "Item %d of step %s was cancelled before it could take what came of its last step. Leave `from` and `input` out, or send `repeat: true` to do that once more.", it.N, shownStep(it.Step))
		}
		th.Left = ""
	}
	if th.Left == "" {
		th.Failed, th.Resting, th.Target, th.Child = 0, false, nil, nil
	}
	if from != "" {
		if err := q.back(it, &th, from); err != nil {
			return m, err
		}
	}
	if m = it.Move(store.FlowItemPending); q.Input != nil {
		m.Input = q.veil.Cover(q.Input)
	}
	if m.Error, m.Output, m.Waits, m.DueAt = nil, nil, th.Left, q.Now(); th.Left == "" {
		m.Operation, m.OperationN, m.Connection = "", 0, ""
	}
	if it.Status == store.FlowItemCancelled && it.Step != "" {
		m.DueAt = time.Time{} // the steps on top begin it in its batch
	}
	text, err := json.Marshal(th)
	m.Thread = q.veil.Cover(text)
	return m, err
}

// writes gives those of the steps that have an effect outside.
func (q *retrying) writes(ids []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool {
		switch q.prog.Flow().Step(id).Kind {
		case lang.StepWrite, lang.StepRequest, lang.StepNotify, lang.StepCall:
			return false
		}
		return true
	})
}

// runOf gives a run of a flow by their names. The error is a *problem.Error where there is none.
func (s *Service) runOf(ctx context.Context, project, name, run string) (*store.Flow, *store.FlowRun, error) {
	f, err := s.Flow(ctx, project, name)
	if err != nil {
		return nil, nil, err
	}
	r, err := s.Store.FlowRun(ctx, f.ID, run)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, problem.Newf(problem.NotFound, "The flow %s has no run %q, or it is not kept any more.", name, run)
	}
	return f, r, err
}

// Flow gives a flow of a project. The error is a *problem.Error where there is none.
func (s *Service) Flow(ctx context.Context, project, name string) (*store.Flow, error) {
	f, err := s.Store.Flow(ctx, project, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.Newf(problem.NotFound, "There is no flow %q in your project.", name)
	}
	return f, err
}
