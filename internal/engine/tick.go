package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Bounds of one tick, so that it stays short however much is due.
const (
	dueAtOnce    = 500
	wakeAtOnce   = 500
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
	return w.Store.ShiftSchedules(ctx, before.Sub(now))
}

// makeDueRuns makes the due streams' runs, sets their next time and wakes their connections, in one transaction.
func (w *Worker) makeDueRuns(ctx context.Context) error {
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		due, err := tx.DueStreams(ctx, w.Now(), dueAtOnce)
		if err != nil {
			return fmt.Errorf("list due streams: %w", err)
		}
		for _, d := range due {
			if err := w.makeDueRun(ctx, tx, d); err != nil {
				return fmt.Errorf("schedule %s of connection %s: %w", d.Entity, d.Scope.ConnectionID(), err)
			}
		}
		return nil
	})
}

func (w *Worker) makeDueRun(ctx context.Context, tx *store.Tx, d store.Due) error {
	id, err := uuid.NewV7FromReader(w.Rand)
	if err != nil {
		return err
	}
	if _, _, err := tx.RequestRun(ctx, d.Scope, d.Entity, w.scheduledMode(d), store.TriggerSchedule, id.String(), w.Now()); err != nil {
		return err
	}
	var set store.StreamSettings
	schedule, err := ParseSchedule(d.Schedule)
	if err != nil {
		w.Log.Error("a stored schedule cannot be read; the stream syncs only when asked", "connection", d.Scope.ConnectionID(), "entity", d.Entity, "error", err)
	}
	next := schedule.Next(w.Now(), Spread(d.Scope.ConnectionID(), d.Entity))
	set.NextRunAt = &next
	if err := tx.UpdateStream(ctx, d.Scope, d.Entity, set); err != nil {
		return err
	}
	return w.Waker.Wake(ctx, tx, d.Scope.ConnectionID())
}

// scheduledMode is incremental, and once a day full: only a full read finds deletions, and commits that came later than the
// lookback.
func (w *Worker) scheduledMode(d store.Due) store.Mode {
	if since := w.Now().Sub(d.FullTriedAt); since > fullEvery || since < 0 {
		return store.Full
	}
	return store.Incremental
}

func (w *Worker) wakeBacklog(ctx context.Context) error {
	scopes, err := w.Store.ConnectionsWithRunnableRuns(ctx, w.Now(), wakeAtOnce)
	if err != nil || len(scopes) == 0 {
		return err
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		for _, sc := range scopes {
			if err := w.Waker.Wake(ctx, tx, sc.ConnectionID()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Worker) deleteData(ctx context.Context) error {
	scopes, err := w.Store.ConnectionsToDelete(ctx, deleteAtOnce)
	if err != nil {
		return err
	}
	for _, sc := range scopes {
		if _, err := w.Store.DeleteDataStep(ctx, sc, stepRows); err != nil {
			return fmt.Errorf("delete data of connection %s: %w", sc.ConnectionID(), err)
		}
	}
	return nil
}
