package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/store"
)

// lookEvery is how often a turn that may have to end looks whether somebody waits.
const lookEvery = time.Second

// leaveWithin is how long a turn waits for the database to come back; a turn and this are shorter than any job may take.
const leaveWithin = 20 * time.Second

// errMore says that work came in before a turn's end was stored.
var errMore = errors.New("work is left")

// turn is one connection's time with a worker, in one lane.
type turn struct {
	*Worker
	lane store.Lane
	over context.Context // ends when the turn does; nothing is broken off by it
	took bool            // it had a run
}

// Work gives a connection one turn: it works on its runs in their order until nothing is left or the turn is over. more says that work is left.
func (w *Worker) Work(ctx context.Context, connectionID string, done func(*store.Tx) error) (more bool, err error) {
	return w.work(ctx, store.LaneScheduled, connectionID, done)
}

// WorkAsked does the same in a lane of its own for what somebody waits for: runs that were asked for, the quick ones first. To end, it calls done
// and then looks once more for runs, in one transaction: done holds off new requests for a turn until then.
func (w *Worker) WorkAsked(ctx context.Context, connectionID string, done func(*store.Tx) error) (more bool, err error) {
	return w.work(ctx, store.LaneAsked, connectionID, done)
}

func (w *Worker) work(ctx context.Context, lane store.Lane, connectionID string, done func(*store.Tx) error) (more bool, err error) {
	over, end := context.WithTimeout(ctx, w.Turn)
	defer end()
	t := &turn{Worker: w, lane: lane, over: over}
	if w.Crowded != nil {
		go t.shorten(end)
	}
	for {
		conn, err := w.Store.ConnectionForWork(ctx, connectionID)
		if errors.Is(err, store.ErrNotFound) {
			return false, w.Store.Write(ctx, done)
		}
		if err != nil {
			return false, fmt.Errorf("read connection %s: %w", connectionID, err)
		}
		if inBlackout(conn, w.Now()) != nil {
			return t.waitFor(ctx, conn, done)
		}
		worked, err := t.workOne(ctx, conn)
		if err != nil || over.Err() != nil {
			return err == nil, err
		}
		if !worked {
			return t.finish(ctx, conn, done)
		}
		t.took = true
	}
}

// workOne takes the first run that can be had and gives it what is left of the turn.
func (t *turn) workOne(ctx context.Context, conn *store.Connection) (worked bool, err error) {
	if !mayWork(conn) {
		return false, nil
	}
	runs, err := t.Store.RunnableRuns(ctx, conn.Scope(), t.Now())
	if err != nil {
		return false, fmt.Errorf("list the runs of connection %s: %w", conn.ID, err)
	}
	for _, run := range t.mine(runs) {
		l := lease.New(ctx)
		leased, err := t.Store.AcquireRun(ctx, &run, t.Owner, t.Now().Add(lease.For), t.Now())
		if errors.Is(err, store.ErrConflict) {
			l.End()
			continue
		}
		if err != nil {
			l.End()
			return false, fmt.Errorf("take run %s: %w", run.ID, err)
		}
		return true, t.slice(ctx, conn, leased, l)
	}
	return false, nil
}

// mine gives the runs that the lane works on, in its order.
func (t *turn) mine(runs []store.Run) []store.Run {
	if t.lane != store.LaneAsked {
		return runs
	}
	runs = slices.DeleteFunc(runs, func(r store.Run) bool { return r.Trigger.Lane() != store.LaneAsked })
	slices.SortStableFunc(runs, func(a, b store.Run) int { return long(a) - long(b) })
	return runs
}

// long is 1 for a run that may take long.
func long(r store.Run) int {
	if r.Mode == store.Incremental {
		return 0
	}
	return 1
}

// finish ends the turn unless a run came in meanwhile. done comes first: it takes what every request for a turn takes last. In the lane for which
// nobody waits, a run that comes in at the last moment is left to the next look at the backlog.
func (t *turn) finish(ctx context.Context, conn *store.Connection, done func(*store.Tx) error) (more bool, err error) {
	if !t.took { // perhaps whoever was to work has ended the last run and died before it said so
		if err := t.Connections.Settled(ctx, conn); err != nil {
			return false, fmt.Errorf("settle connection %s: %w", conn.ID, err)
		}
	}
	if t.lane == store.LaneScheduled {
		return false, nil
	}
	err = t.Store.Write(ctx, func(tx *store.Tx) error {
		if err := done(tx); err != nil {
			return err
		}
		runs, err := tx.RunnableRuns(ctx, conn.Scope(), t.Now())
		if err == nil && len(t.mine(runs)) > 0 && mayWork(conn) {
			return errMore
		}
		return err
	})
	if errors.Is(err, errMore) {
		return true, nil
	}
	return false, err
}

// slice works on one run under its lease and settles what became of it.
func (t *turn) slice(ctx context.Context, conn *store.Connection, run *store.Run, l *lease.Lease) error {
	over, yield := context.WithCancel(t.over)
	defer yield()
	if t.lane == store.LaneAsked && long(*run) > 0 {
		go t.yieldToQuick(over, conn, yield)
	}
	log := t.Log.With("connection", conn.ID, "entity", run.Entity, "run", run.ID)
	log.Debug("sync run taken", "lane", t.lane, "attempt", run.Attempt, "pages", run.Counts.Pages)
	t.keep(l, *run)
	s := &runSlice{worker: t.Worker, conn: conn, run: run, turn: over}
	err := s.advance(budget.WithPriority(l.Context(), priority(run)))
	if cause := l.End(); cause != nil && (ctx.Err() == nil || errors.Is(cause, lease.ErrOver)) {
		err = cause // the lease ended or a cancel came while a call was under way
	}
	switch {
	case errors.Is(err, store.ErrFenced), errors.Is(err, lease.ErrOver):
		log.Warn("sync run lost: its lease was over before it could be renewed; nothing more was stored, and whoever takes it goes on from there")
	case t.away(err):
		log.Warn("sync run left: the database does not answer", "error", err)
		return t.leave(ctx, run, err)
	}
	if err = s.settle(ctx, err); t.away(err) {
		return t.leave(ctx, run, err)
	}
	return err
}

// away says that it was the database that did not answer, not the system.
func (t *turn) away(err error) bool {
	var call *driver.Error
	return t.Store.Away(err) && !errors.As(err, &call)
}

// leave frees the lease of a run that the database left in the middle, as soon as it is back, so that the run goes on at once; a lease that
// cannot be freed ends by itself.
func (t *turn) leave(ctx context.Context, run *store.Run, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	lookUntil(ctx, 0, func() bool {
		err = notFenced(t.Store.ReleaseRun(ctx, run))
		return !t.Store.Away(err)
	})
	return err
}

// shorten ends a turn that has lasted for the short time as soon as others wait for one.
func (t *turn) shorten(end func()) {
	lookUntil(t.over, t.ShortTurn, func() bool {
		crowded, err := t.Crowded(t.over, t.lane)
		if err == nil && crowded {
			end()
		}
		return crowded
	})
}

// yieldToQuick ends the slice of a long run when somebody asks for a quick one of the same connection.
func (t *turn) yieldToQuick(over context.Context, conn *store.Connection, yield func()) {
	lookUntil(over, lookEvery, func() bool {
		runs, err := t.Store.RunnableRuns(over, conn.Scope(), t.Now())
		runs = t.mine(runs)
		quick := err == nil && len(runs) > 0 && long(runs[0]) == 0
		if quick {
			yield()
		}
		return quick
	})
}

// lookUntil looks after a first wait and then regularly, until a look says that it was the last or ctx ends.
func lookUntil(ctx context.Context, first time.Duration, look func() (last bool)) {
	wait := time.NewTimer(first)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if look() {
			return
		}
		wait.Reset(lookEvery)
	}
}
