package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// RequestRun makes a queued run, or gives the queued or running one that covers it already (same or stronger mode); created tells which.
// A stronger request than the running one queues behind it; a stronger request than the queued one upgrades the queued run. A queued run that
// waits for its retry goes ahead at once unless the schedule asks. ErrNotFound: no such stream.
func (t *Tx) RequestRun(ctx context.Context, sc Scope, entity string, mode Mode, trigger Trigger, id string, now time.Time) (r *Run, created bool, err error) {
	if mode.rank() == 0 {
		return nil, false, fmt.Errorf("request a run of %s: no mode %q", entity, mode)
	}
	t.changedRuns(sc)
	st, err := t.q.LockStream(ctx, sc.no, entity)
	if err != nil {
		return nil, false, fmt.Errorf("request a run of %s: %w", entity, orNotFound(err))
	}
	active, err := t.q.ActiveRunsOfStream(ctx, sc.no, st.Stream)
	if err != nil {
		return nil, false, err
	}
	running, queued := split(active)
	switch {
	case running != nil && Mode(running.Mode).covers(mode) && !bool(running.CancelRequested):
		return runFrom(sc, entity, *running), false, t.askFor(ctx, running, trigger)
	case queued != nil && Mode(queued.Mode).covers(mode):
		id, err = queued.ID, t.hurry(ctx, queued, trigger)
	case queued != nil:
		id, err = queued.ID, t.upgrade(ctx, queued, mode, trigger)
	default:
		created, err = true, t.q.InsertRun(ctx, queries.InsertRunParams{
			Connection: sc.no, ID: id, Stream: st.Stream, Mode: string(mode), Cause: string(trigger), RequestedAt: queries.At(now), Dormant: st.Dormant,
		})
	}
	if err != nil {
		return nil, false, fmt.Errorf("request a run of %s: %w", entity, err)
	}
	r, err = getRun(ctx, t.q, sc, id)
	return r, created, err
}

// split tells the running run from the queued one; there is at most one of each.
func split(active []queries.Run) (running, queued *queries.Run) {
	for i := range active {
		if active[i].State == string(RunRunning) {
			running = &active[i]
		} else {
			queued = &active[i]
		}
	}
	return running, queued
}

func (t *Tx) hurry(ctx context.Context, queued *queries.Run, trigger Trigger) error {
	if trigger == TriggerSchedule {
		return nil
	}
	return t.q.HurryRun(ctx, causeOf(queued, trigger), queued.Connection, queued.ID)
}

// askFor notes that somebody waits for a run that is under way.
func (t *Tx) askFor(ctx context.Context, running *queries.Run, trigger Trigger) error {
	cause := causeOf(running, trigger)
	if cause == running.Cause {
		return nil
	}
	return t.q.AskForRun(ctx, cause, running.Connection, running.ID)
}

// causeOf is the cause of a run for which one more asks: somebody who waits for it counts more than somebody who does not.
func causeOf(r *queries.Run, trigger Trigger) string {
	if Trigger(r.Cause).Lane() == LaneAsked {
		return r.Cause
	}
	return string(trigger)
}

// upgrade makes a queued run stronger: what a weaker attempt at it had seen no longer counts.
func (t *Tx) upgrade(ctx context.Context, queued *queries.Run, mode Mode, trigger Trigger) error {
	if err := t.q.DeleteSeen(ctx, queued.Connection, queued.ID); err != nil {
		return err
	}
	if err := t.q.DeleteQuarantine(ctx, queued.Connection, queued.ID); err != nil {
		return err
	}
	return t.q.UpgradeRun(ctx, queries.UpgradeRunParams{Connection: queued.Connection, ID: queued.ID, Mode: string(mode), Cause: causeOf(queued, trigger)})
}
