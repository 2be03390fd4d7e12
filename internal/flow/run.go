package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// work is one run in the hands of a turn.
type work struct {
	*turn
	run     *store.FlowRun
	prog    *machine.Program
	conns   map[string]*store.Connection // by role
	frame   machine.Frame                // of the steps on top
	main    *thread
	seen    map[string]any // the results of the steps on top, see outer
	listed  listed
	secrets secret.Credentials
	mask    secret.Mask // of the secrets
	veil    secret.Veil // of the secrets too
}

// run carries a run on as far as it goes now. What goes wrong with one run holds up no other: it rests, says why, and is looked at again.
func (t *turn) run(r *store.FlowRun) error {
	mine, f := *t, *t.flow // each run brings its own flow up to date
	mine.flow = &f
	w := &work{turn: &mine, run: r}
	err := w.goOn()
	var p *pause
	switch {
	case err == nil, errors.Is(err, store.ErrConflict): // somebody has changed the run meanwhile: it is read anew
		return nil
	case errors.As(err, &p):
		return w.rest(p)
	case errors.Is(err, store.ErrFenced), t.work.Err() != nil, t.lease.Allowed() != nil, errors.Is(err, store.ErrFull):
		return err
	}
	t.Log.Error("a run of a flow cannot go on; it is looked at again", "flow", t.flow.Name, "run", r.ID, "error", err)
	return w.fault()
}

func (w *work) goOn() (err error) {
	defer func() { // one run that finds a fault of ours takes no other with it
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if w.run.CancelRequested && w.run.Faults >= patience {
		return w.abandon()
	}
	rest, err := w.open()
	if err != nil {
		return err
	}
	if w.run.CancelRequested {
		if err := errors.Join(w.cancel(), w.readMain()); err != nil { // it may have ended the steps on top
			return err
		}
	} else if rest != nil {
		return rest
	}
	for w.over.Err() == nil && w.lease.Allowed() == nil {
		moved, err := w.step()
		if err != nil {
			return err
		}
		switch {
		case w.run.State.Ended():
			return nil
		case !moved:
			w.run.Faults = 0
			return w.settle()
		case w.run.Behind(): // perhaps it is paused, or to be cancelled
			return nil
		}
		w.run.Faults = 0
	}
	return nil
}

// open reads what the run works with. rest says why it cannot go on now.
func (w *work) open() (rest *pause, err error) {
	if w.prog, err = w.Service.program(w.turn.work, w.flow.ID, w.run.Version); err != nil {
		return nil, err
	}
	if w.secrets, err = w.Service.open(w.turn.work, w.flow, w.run.Sealed); err != nil {
		return nil, err
	}
	w.mask, w.veil = w.secrets.Mask(), w.secrets.Veil()
	w.run.Input = w.veil.Lift(w.run.Input)
	s, err := SettingsOf(w.run.Settings)
	if err != nil {
		return nil, err
	}
	s = s.through(w.veil.Lift)
	if w.frame, err = w.frameOf(s); err != nil {
		return nil, err
	}
	if w.conns, rest, err = w.connections(w.turn.work, w.flow.ProjectID, w.prog.Flow(), s); err != nil {
		return nil, err
	}
	if err := w.readMain(); err != nil || len(w.main.item.Input) == 0 {
		return rest, err
	}
	w.run.Input = w.veil.Lift(w.main.item.Input) // a person has mended it
	w.frame, err = w.frameOf(s)
	w.main.frame = w.frame
	return rest, err
}

// readMain reads how far the steps on top have come.
func (w *work) readMain() error {
	item, err := w.Store.FlowItem(w.turn.work, w.flow.ID, w.run.ID, "", 0)
	if err != nil {
		return fmt.Errorf("read the steps on top: %w", err)
	}
	w.main, err = w.thread(item)
	w.seen = nil
	return err
}

// frameOf is what the steps on top see of the run.
func (w *work) frameOf(s Settings) (f machine.Frame, err error) {
	params, err := s.parameters(w.prog.Flow(), w.secrets)
	if err != nil {
		return f, err
	}
	input, err := lang.Decode(orNull(w.run.Input))
	if err != nil {
		return f, fmt.Errorf("read the input: %w", err)
	}
	return machine.Frame{Params: params, Trigger: triggerSeen(w.run, input), Run: map[string]any{
		"id": w.run.ID, "flow": w.flow.Name, "version": w.run.Version, "now": w.run.CreatedAt.UTC().Format(time.RFC3339Nano),
	}}, nil
}

// triggerSeen is what expressions see as trigger: the input's members, with what kind of trigger it was, and when.
func triggerSeen(r *store.FlowRun, input any) map[string]any {
	seen := map[string]any{"kind": r.TriggerKind, "at": r.CreatedAt.UTC().Format(time.RFC3339Nano), "input": input}
	if members, ok := input.(map[string]any); ok {
		for name, v := range members {
			if _, taken := seen[name]; !taken {
				seen[name] = v
			}
		}
	}
	return seen
}

// commit stores a unit under the fence of the flow's lease.
func (w *work) commit(do func(ctx context.Context, tx *store.Tx) error) error {
	if err := w.lease.Allowed(); err != nil {
		return err
	}
	before := *w.run
	err := w.Store.Write(w.turn.work, func(tx *store.Tx) error {
		*w.run = before // the transaction may be done again
		if err := tx.HoldFlow(w.turn.work, w.flow); err != nil {
			return err
		}
		return do(w.turn.work, tx)
	})
	if err != nil {
		*w.run = before
	}
	return err
}

// step does one unit of the run: what can go on of its threads. moved: there may be more.
func (w *work) step() (moved bool, err error) {
	items, err := w.runnable()
	if err != nil {
		return false, err
	}
	threads, err := w.threads(items)
	if err != nil {
		return false, err
	}
	if len(threads) > 0 {
		return w.unit(threads)
	}
	if each := w.main.each(); each != nil {
		return w.feed(each)
	}
	return false, nil
}

// settle stores what the run has come to when nothing can go on now.
func (w *work) settle() error {
	return w.commit(func(ctx context.Context, tx *store.Tx) error {
		if w.run.Counts.Open() == 0 && w.main.item.Status.Final() {
			it := w.main.item
			return w.end(ctx, tx, it.Status, it.Error, it.Output)
		}
		due, err := tx.NextFlowItem(ctx, w.flow.ID, w.run.ID)
		if err != nil {
			return err
		}
		if each := w.main.each(); each != nil && each.NextAt.After(w.Now()) && (due.IsZero() || each.NextAt.Before(due)) {
			due = each.NextAt
		}
		if err := w.waits(ctx, tx); err != nil {
			return err
		}
		if w.run.DueAt = due; w.run.ReasonCode == problem.ReasonWaitsForTime && !due.IsZero() {
			w.run.ReasonDetail = "It goes on at " + due.UTC().Format(time.RFC3339) + "."
		}
		return tx.SetFlowRun(ctx, w.run, w.Now())
	})
}

// waits tells a run in which something is under way from one that waits for time, for a record or for a person.
func (w *work) waits(ctx context.Context, tx *store.Tx) error {
	w.run.State, w.run.ReasonCode, w.run.ReasonDetail = store.FlowRunWaiting, problem.ReasonWaitsForTime, ""
	items, err := tx.FlowItems(ctx, w.flow.ID, w.run.ID, store.FlowItemFilter{Statuses: []store.FlowItemStatus{store.FlowItemRunning}, Limit: itemsAtOnce, Bare: true})
	if err != nil {
		return err
	}
	for _, it := range items {
		switch {
		case it.Waits == store.FlowWaitsTime, it.Waits == store.FlowWaitsEach:
		case it.Waits == store.FlowWaitsOperation && len(it.Error) > 0: // see written
			w.run.ReasonCode, w.run.ReasonDetail = problem.ReasonWaitsForPerson, problem.FromDocument(it.Error).Detail
		case it.Waits == store.FlowWaitsClaim, it.Waits == store.FlowWaitsRecord:
			if w.run.ReasonCode == problem.ReasonWaitsForTime {
				w.run.ReasonCode, w.run.ReasonDetail = problem.ReasonWaitsForRecord, problem.FromDocument(it.Error).Detail
			}
		default:
			w.run.State, w.run.ReasonCode, w.run.ReasonDetail = store.FlowRunRunning, "", ""
			return nil
		}
	}
	return nil
}

// end stores the end of a run, whose steps on top have come to this, which follows from what its threads have come to, and lets the flow that called it go on.
func (w *work) end(ctx context.Context, tx *store.Tx, status store.FlowItemStatus, fault, output []byte) error {
	r := w.run
	r.State, r.DueAt, r.FinishedAt = store.FlowRunCompleted, time.Time{}, w.Now()
	r.ReasonCode, r.ReasonDetail = "", ""
	switch {
	case r.CancelRequested:
		r.State, r.ReasonCode, r.ReasonDetail = store.FlowRunCancelled, problem.ReasonCancelled, "It was asked to end."
	case status == store.FlowItemFailed:
		p := problem.FromDocument(fault)
		r.State, r.ReasonCode, r.ReasonDetail = store.FlowRunFailed, problem.ReasonStepFailed, p.Detail
		if p.Code == problem.FlowStopped {
			r.ReasonCode = problem.ReasonFlowStopped
		}
	}
	r.Output = output
	if err := tx.SetFlowRun(ctx, r, w.Now()); err != nil {
		return err
	}
	if err := tx.UnqueueFlowRuns(ctx, w.flow.ID, w.atOnce(), w.Now()); err != nil {
		return err
	}
	return w.wakeCaller(ctx, tx, r)
}

func orNull(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("null")
	}
	return text
}
