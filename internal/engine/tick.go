package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Bounds of one tick, so that it stays short however much is due.
const (
	dueAtOnce    = 500
	dueRounds    = 10
	wakeAtOnce   = 500
	crowdedLooks = 10 // one in so many
	deleteAtOnce = 10
)

// Tick does what time brings: makes the runs that are due, wakes connections whose work nobody has (a retry that has come, a worker that
// died), and takes a step of each deletion of data that was asked for.
func (w *Worker) Tick(ctx context.Context) error {
	return errors.Join(w.followClock(ctx), w.makeDueRuns(ctx), w.wakeBacklog(ctx), w.deleteData(ctx))
}

// clockBack is how far the clock may go back before it counts: less is a correction.
const clockBack = time.Minute

// followClock notices that the clock went back since the last look.
func (w *Worker) followClock(ctx context.Context) error {
	now := w.Now()
	before := w.lastLook.Swap(&now)
	if before == nil || before.Sub(now) < clockBack {
		return nil
	}
	w.Log.Warn("the clock went back; schedules follow it", "by", before.Sub(now))
	return w.Store.ShiftSchedules(ctx, now, before.Sub(now))
}

// makeDueRuns makes the due streams' runs, as many as one look allows.
func (w *Worker) makeDueRuns(ctx context.Context) error {
	for range dueRounds {
		if n, err := w.makeSomeDueRuns(ctx); err != nil || n < dueAtOnce {
			return err
		}
	}
	return nil
}

// makeSomeDueRuns makes due streams' runs, sets their next time and wakes their connections, in one transaction. n is how many were due.
func (w *Worker) makeSomeDueRuns(ctx context.Context) (n int, err error) {
	err = w.Store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.DueStreams(ctx, w.Now(), dueAtOnce)
		if err != nil {
			return fmt.Errorf("list due streams: %w", err)
		}
		n = len(due)
		slices.SortFunc(due, func(a, b store.Due) int { return a.Scope.Compare(b.Scope) })
		var woken []string
		for i, d := range due {
			if err := lockSeveral(ctx, tx, due, i); err != nil {
				return err
			}
			claimed, err := w.makeDueRun(ctx, tx, d)
			if err != nil {
				return fmt.Errorf("schedule %s of connection %s: %w", d.Entity, d.Scope.ConnectionID(), err)
			}
			if claimed {
				woken = append(woken, d.Scope.ConnectionID())
			}
		}
		return w.Waker.Wake(ctx, tx, store.LaneScheduled, woken...)
	})
	return n, err
}

// lockSeveral takes the locks of a connection's streams together, at the first of several that are due.
func lockSeveral(ctx context.Context, tx *store.Tx, due []store.Due, i int) error {
	sc := due[i].Scope
	if i > 0 && due[i-1].Scope == sc || i+1 == len(due) || due[i+1].Scope != sc {
		return nil
	}
	return tx.LockStreams(ctx, sc)
}

// makeDueRun makes the run unless another process did; a time that was missed is made up for once.
func (w *Worker) makeDueRun(ctx context.Context, tx *store.Tx, d store.Due) (claimed bool, err error) {
	schedule, err := ParseSchedule(d.Schedule)
	if err != nil {
		w.Log.Error("a stored schedule cannot be read; the stream syncs only when asked", "connection", d.Scope.ConnectionID(), "entity", d.Entity, "error", err)
	}
	if next, inside := afterWindow(d, w.Now()); inside {
		_, err := tx.ClaimDue(ctx, d, next)
		return false, err
	}
	claimed, err = tx.ClaimDue(ctx, d, schedule.Next(w.Now(), Spread(d.Scope.ConnectionID(), d.Entity)))
	if err != nil || !claimed {
		return false, err
	}
	id, err := uuid.NewV7FromReader(w.Rand)
	if err != nil {
		return false, err
	}
	_, _, err = tx.RequestRun(ctx, d.Scope, d.Entity, w.scheduledMode(d), store.TriggerSchedule, id.String(), w.Now())
	return true, err
}

// scheduledMode is incremental, and once a day full: only a full read finds deletions, and commits that came later than the
// lookback.
func (w *Worker) scheduledMode(d store.Due) store.Mode {
	if since := w.Now().Sub(d.FullTriedAt); since > fullEvery || since < 0 {
		return store.Full
	}
	return store.Incremental
}

// wakeBacklog wakes connections that have runs to take and perhaps no wake-up. While a lane is crowded its runs wait for their turn and need none, so
// that it is looked at seldom.
func (w *Worker) wakeBacklog(ctx context.Context) error {
	look := w.looks.Add(1)
	for _, lane := range []store.Lane{store.LaneAsked, store.LaneScheduled} {
		crowded, err := w.crowded(ctx, lane)
		if err != nil {
			return err
		}
		if crowded && look%crowdedLooks != 0 {
			continue
		}
		if err := w.wakeAll(ctx, lane); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) crowded(ctx context.Context, lane store.Lane) (bool, error) {
	if w.Crowded == nil {
		return false, nil
	}
	return w.Crowded(ctx, lane)
}

func (w *Worker) wakeAll(ctx context.Context, lane store.Lane) error {
	scopes, err := w.Store.Backlog(ctx, lane, w.Now(), wakeAtOnce)
	if err != nil {
		return fmt.Errorf("list connections with work: %w", err)
	}
	if len(scopes) == 0 {
		return nil
	}
	ids := make([]string, len(scopes))
	for i, sc := range scopes {
		ids[i] = sc.ConnectionID()
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error { return w.Waker.Wake(ctx, tx, lane, ids...) })
}

func (w *Worker) deleteData(ctx context.Context) error {
	scopes, err := w.Store.ConnectionsToDelete(ctx, deleteAtOnce)
	if err != nil {
		return err
	}
	var errs []error
	for _, sc := range scopes {
		if _, err := w.Store.DeleteDataStep(ctx, sc, stepRows); err != nil {
			errs = append(errs, fmt.Errorf("delete data of connection %s: %w", sc.ConnectionID(), err))
		}
	}
	if err := w.Store.FinishDeletions(ctx, w.Now()); err != nil {
		errs = append(errs, fmt.Errorf("finish the deletion of data: %w", err))
	}
	return errors.Join(errs...)
}
