package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// WorkerConfig is what a Worker needs.
type WorkerConfig struct {
	Turn     time.Duration // how long one turn of a flow may take
	LastStep time.Duration // how long what is under way at its end may take to end
}

// Worker carries runs out in the background. Safe for concurrent use.
type Worker struct {
	*Service
	WorkerConfig
	ticks atomic.Int64
}

// NewWorker gives the Worker of a Service's runs.
func NewWorker(s *Service, c WorkerConfig) *Worker { return &Worker{Service: s, WorkerConfig: c} }

const (
	wakeAtOnce = 500 // flows in one look at the backlog
	runsAtOnce = 100 // runs of a flow in one pass
	runsBeside = 8   // of them side by side

	itemsAtOnce = 500 // of a run
)

// errMore says that work came in before a turn's end was stored.
var errMore = errors.New("work is left")

// turn is one flow's time with a worker.
type turn struct {
	*Worker
	over  context.Context // ends when the turn does: nothing new begins
	work  context.Context // ends some time later, and with the lease
	lease *lease.Lease
	flow  *store.Flow
}

// Work gives a flow one turn: it works on its runs until nothing can go on or the turn is over. more says that work is left. To end, it calls done and then looks once more for runs, in
// one transaction: done holds off new requests for a turn until then.
func (w *Worker) Work(ctx context.Context, flowID string, done func(*store.Tx) error) (more bool, err error) {
	l := lease.New(ctx)
	f, err := w.Store.AcquireFlow(ctx, flowID, w.Owner, w.Now().Add(lease.For), w.Now())
	if err != nil {
		_ = l.End()
		if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			return false, w.Store.Write(ctx, done)
		}
		return false, fmt.Errorf("take flow %s: %w", flowID, err)
	}
	t := &turn{Worker: w, lease: l, flow: f}
	kept := *f
	l.Keep(func(ctx context.Context) error { return w.Store.RenewFlow(ctx, &kept, w.Now().Add(lease.For)) }, fenced)
	var end, broken context.CancelFunc
	t.over, end = context.WithTimeout(ctx, w.Turn)
	defer end()
	t.work, broken = context.WithTimeout(context.WithoutCancel(l.Context()), w.Turn+w.LastStep)
	defer broken()
	stop := context.AfterFunc(l.Context(), broken)
	defer stop()
	err = t.passes()
	if lost := l.End(); lost != nil || errors.Is(err, store.ErrFenced) {
		return false, w.Store.Write(context.WithoutCancel(ctx), done)
	}
	return t.finish(done, err)
}

func fenced(err error) bool { return errors.Is(err, store.ErrFenced) }

// passes works on the runs that can go on, until none can.
func (t *turn) passes() error {
	if err := t.wakeQueued(); err != nil {
		return err
	}
	for t.over.Err() == nil {
		runs, err := t.Store.RunnableFlowRuns(t.work, t.flow.ID, t.Now(), runsAtOnce)
		if err != nil {
			return fmt.Errorf("list the runs of flow %s: %w", t.flow.ID, err)
		}
		if runs, err = t.admitted(runs); err != nil || len(runs) == 0 {
			return err
		}
		var all errgroup.Group
		all.SetLimit(runsBeside)
		for i := range runs {
			all.Go(func() error { return t.run(&runs[i]) })
		}
		if err := all.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// finish frees the lease and ends the turn, unless a run can go on by now.
func (t *turn) finish(done func(*store.Tx) error, failed error) (more bool, err error) {
	ctx := context.WithoutCancel(t.over)
	next, err := t.Store.NextFlowRun(ctx, t.flow.ID)
	if err != nil {
		return false, errors.Join(failed, err)
	}
	if failed == nil {
		err = t.Store.Write(ctx, func(tx *store.Tx) error {
			if err := tx.HoldFlow(ctx, t.flow); err != nil { // before the job: everybody takes their locks in this order
				return err
			}
			if err := done(tx); err != nil {
				return err
			}
			left, err := tx.ReleaseFlow(ctx, t.flow, next)
			if err == nil && !left.WakeAt.IsZero() && !left.WakeAt.After(t.Now()) {
				return errMore
			}
			return err
		})
		if !errors.Is(err, errMore) {
			return false, err
		}
	}
	err = t.Store.Write(ctx, func(tx *store.Tx) error { _, err := tx.ReleaseFlow(ctx, t.flow, next); return err })
	return failed == nil, errors.Join(failed, err)
}

// atOnce is how many runs of the flow may be under way: what its document says, one where that cannot be opened.
func (t *turn) atOnce() int {
	p, err := t.program(t.work, t.flow.ID, t.flow.Version)
	if err != nil {
		t.Log.Error("the document of a flow cannot be opened", "flow", t.flow.Name, "error", err)
		return 1
	}
	return p.Flow().Runs.AtOnce
}

// admitted gives those of the runs that may be worked on: no more than the flow's document allows are under way at once, the oldest first. The others wait until one ends. A run that
// another one called is always worked on: that one waits for it.
func (t *turn) admitted(runs []store.FlowRun) ([]store.FlowRun, error) {
	if len(runs) == 0 {
		return nil, nil
	}
	open, err := t.Store.FlowRunsAhead(t.work, t.flow.ID, t.atOnce())
	if err != nil {
		return nil, err
	}
	first := map[string]bool{}
	for _, r := range open {
		first[r.ID] = true
	}
	var may, wait []store.FlowRun
	for _, r := range runs {
		if first[r.ID] || !r.StartedAt.IsZero() || r.CancelRequested || r.Parent.Run != "" {
			may = append(may, r)
		} else {
			wait = append(wait, r)
		}
	}
	return may, t.queue(wait, open)
}

// wakeQueued lets runs go on that wait for another one to end, should that have ended in another way than here.
func (t *turn) wakeQueued() error {
	most := t.atOnce()
	open, err := t.Store.FlowRunsAhead(t.work, t.flow.ID, most)
	if err != nil || !slices.ContainsFunc(open, func(r store.FlowRunAhead) bool { return r.Queued }) {
		return err
	}
	return t.Store.Write(t.work, func(tx *store.Tx) error {
		if err := tx.HoldFlow(t.work, t.flow); err != nil {
			return err
		}
		return tx.UnqueueFlowRuns(t.work, t.flow.ID, most, t.Now())
	})
}

// queue lets runs wait until one of the flow ends, and says so. Which is the oldest may change meanwhile.
func (t *turn) queue(runs []store.FlowRun, open []store.FlowRunAhead) error {
	if len(runs) == 0 {
		return nil
	}
	return t.Store.Write(t.work, func(tx *store.Tx) error {
		if err := tx.HoldFlow(t.work, t.flow); err != nil {
			return err
		}
		for i := range runs {
			r := runs[i]
			r.DueAt, r.ReasonCode = time.Time{}, problem.ReasonOthersRun
			r.ReasonDetail = fmt.Sprintf("As many runs of the flow are under way as its document allows. When this one was queued, the oldest of them was %s.", open[0].ID)
			if err := tx.SetFlowRun(t.work, &r, t.Now()); err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return nil
	})
}
