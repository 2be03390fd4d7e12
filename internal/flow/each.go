package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// reading is how far the list of an each is read and worked through.
type reading struct {
	Step    string           `json:"step"`
	Cursor  cursor           `json:"cursor"`
	Read    bool             `json:"read,omitempty"`    // to its end
	Ahead   int              `json:"ahead,omitempty"`   // bytes that were taken in and are not begun, roughly
	Stopped bool             `json:"stopped,omitempty"` // nothing more is begun
	NextAt  time.Time        `json:"next_at,omitzero"`  // when the next batch may begin
	Fault   json.RawMessage  `json:"fault,omitempty"`   // for which the list cannot be read
	Base    store.FlowCounts `json:"base"`              // of the run when the each began
}

// each is the reading that the steps on top wait for; nil: they do not.
func (th *thread) each() *reading {
	if th.item.Waits != store.FlowWaitsEach {
		return nil
	}
	return th.state.Each
}

// counts are those of the each alone. Where those of other steps may have changed since it began, all are counted: items were begun again, or some that had failed before may be left out.
func (w *work) counts(r *reading) (store.FlowCounts, error) {
	if w.run.Retries > 0 || r.Base.Failed > 0 {
		all, err := w.Store.FlowStepCounts(w.turn.work, w.flow.ID, w.run.ID)
		return all[r.Step], err
	}
	now, b := w.run.Counts, r.Base
	return store.FlowCounts{
		In: now.In - b.In, Pending: now.Pending - b.Pending, Running: now.Running - b.Running, OK: now.OK - b.OK, Failed: now.Failed - b.Failed, Skipped: now.Skipped - b.Skipped,
		Cancelled: now.Cancelled - b.Cancelled,
	}, nil
}

// waitingBatches bounds how many batches of items wait for time while others begin.
const waitingBatches = 10

// feed begins the next batch of an each, reads on in its list, or ends it. moved: it did.
func (w *work) feed(r *reading) (moved bool, err error) {
	e := w.prog.Flow().Step(r.Step).Each
	c, err := w.counts(r)
	if err != nil {
		return false, err
	}
	if w.run.CancelRequested {
		if c.Running > 0 {
			return false, nil
		}
		w.main.effect = machine.Effect{Kind: machine.End, Status: machine.Cancelled}
		return true, w.carry([]*thread{w.main})
	}
	if !r.Stopped && stops(e, c) {
		return true, w.stop(r)
	}
	if c.Running > 0 {
		held, err := w.held(r, e)
		if err != nil || held || r.Stopped {
			return false, err
		}
	}
	if r.Stopped || r.NextAt.After(w.Now()) {
		if c.Running == 0 && c.Pending == 0 && (r.Stopped || r.Read) {
			return true, w.conclude(r, c)
		}
		return false, nil
	}
	if c.Pending == 0 {
		r.Ahead = 0
	}
	if !r.Read && c.Pending < int64(e.BatchSize) && r.Ahead < bytesAhead {
		return true, w.readOn(r, e)
	}
	if c.Pending > 0 {
		return true, w.batch(r, e)
	}
	if c.Running > 0 {
		return false, nil
	}
	return true, w.conclude(r, c)
}

// stops says that an each with these counts begins nothing more.
func stops(e *lang.Each, c store.FlowCounts) bool {
	switch limit := e.MaxFailures; {
	case c.Failed == 0:
		return false
	case e.OnError == lang.Stop:
		return true
	case limit.Count > 0:
		return c.Failed > limit.Count
	case limit.Share > 0:
		return c.Running == 0 && float64(c.Failed) > limit.Share*float64(c.In-c.Pending)
	}
	return false
}

// held says that a batch is under way: something of it waits for more than time or a sync, or too much waits.
func (w *work) held(r *reading, e *lang.Each) (bool, error) {
	most := waitingBatches * e.BatchSize
	items, err := w.Store.FlowItems(w.turn.work, w.flow.ID, w.run.ID, store.FlowItemFilter{
		Step: &r.Step, Statuses: []store.FlowItemStatus{store.FlowItemRunning}, Limit: most, Bare: true,
	})
	if err != nil {
		return false, fmt.Errorf("look at the batch under way: %w", err)
	}
	for _, it := range items {
		if it.Waits != store.FlowWaitsTime && it.Waits != store.FlowWaitsRecord {
			return true, nil
		}
	}
	return len(items) == most, nil
}

// stop cancels what was not begun.
func (w *work) stop(r *reading) error {
	return w.keep(r, func(ctx context.Context, tx *store.Tx) error {
		r.Stopped = true
		return w.cancelItems(ctx, tx, &r.Step)
	})
}

// keep stores a reading with what else do stores.
func (w *work) keep(r *reading, do func(ctx context.Context, tx *store.Tx) error) error {
	before := *r
	var m store.FlowItemMove
	err := w.commit(func(ctx context.Context, tx *store.Tx) error {
		*r = before
		if err := do(ctx, tx); err != nil {
			return err
		}
		var err error
		if m, err = w.move(w.main); err != nil {
			return err
		}
		return tx.MoveFlowItems(ctx, w.run, []store.FlowItemMove{m}, w.Now())
	})
	if err != nil {
		*r = before
		return err
	}
	w.main.stored(m)
	return nil
}

// batch begins the next items.
func (w *work) batch(r *reading, e *lang.Each) error {
	if e.Delay > 0 {
		err := w.keep(r, func(context.Context, *store.Tx) error {
			r.NextAt = w.Now().Add(e.Delay)
			return nil
		})
		if err != nil {
			return err
		}
	}
	items, err := w.Store.FlowItems(w.turn.work, w.flow.ID, w.run.ID, store.FlowItemFilter{
		Step: &r.Step, Statuses: []store.FlowItemStatus{store.FlowItemPending}, Limit: e.BatchSize,
	})
	if err != nil {
		return fmt.Errorf("read the next batch: %w", err)
	}
	threads, err := w.threads(items)
	if err != nil {
		return err
	}
	r.Ahead = 0
	_, err = w.unit(threads)
	return err
}

// conclude ends an each, and lets the steps on top go on.
func (w *work) conclude(r *reading, c store.FlowCounts) error {
	result := machine.Result{}
	if r.Fault == nil && !r.Stopped {
		w.main.state.Each = nil
	}
	switch {
	case r.Fault != nil:
		result.Failure = problem.FromDocument(r.Fault)
	case r.Stopped:
		detail := fmt.Sprintf("%d of %d items failed; nothing more was begun.", c.Failed, c.In)
		if !r.Read {
			detail += " The list was not read to its end."
		}
		result.Failure = problem.New(problem.FlowStopped, detail)
	default:
		text, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("write the counts: %w", err)
		}
		result.Value = text
	}
	w.take(w.main, result)
	return w.carry([]*thread{w.main})
}
