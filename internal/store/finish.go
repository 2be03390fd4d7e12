package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Finish ends a run.
type Finish struct {
	State                    RunState
	ReasonCode, ReasonDetail string
	CursorAt                 time.Time // complete: the new cursor; zero leaves it
	Full                     bool      // it read everything: LastFullAt when complete, FullTriedAt however it ended
	NextRunAt                time.Time // zero: none
	RetryAt                  time.Time // failed with a retry: the run goes back to queued until then
	Held                     *HeldChange
}

// FinishRun ends the run (or, with RetryAt, queues it again) and updates the stream (cursor, last success, failures, error, next run) in one
// transaction. A run that was asked to cancel is not queued again but cancelled; one that has a stronger run queued behind it leaves the retry to that one. ErrFenced, ErrDecided.
func (t *Tx) FinishRun(ctx context.Context, r *Run, f Finish, now time.Time) error {
	f.ReasonDetail = Storable(f.ReasonDetail)
	t.changedRuns(r.scope)
	if f.State == RunComplete { // before the stream and the run: locks are taken in that order
		t.changed(ThingConnections, r.scope)
		if err := t.q.SetConnectionSuccess(ctx, queries.At(now), r.scope.no); err != nil {
			return fmt.Errorf("finish run %s: %w", r.ID, err)
		}
	}
	st, err := t.q.LockStream(ctx, r.scope.no, r.Entity)
	if err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, noRows(err, ErrFenced))
	}
	state, err := t.endState(ctx, r, f)
	if err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	if err := t.endRun(ctx, r, f, state, now); err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	if err := t.q.FinishStream(ctx, finished(st, r, f, state, now)); err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	if err := t.settleFindings(ctx, r, f, state); err != nil {
		return fmt.Errorf("finish run %s: %w", r.ID, err)
	}
	if state != RunQueued {
		t.tallyRuns(r.scope.no, state, 1, now)
	}
	r.State, r.ReasonCode, r.ReasonDetail = state, f.ReasonCode, f.ReasonDetail
	return nil
}

// settleFindings stores what the run's sweep made of held deletions, and lets go of the quarantine that the run has made old.
func (t *Tx) settleFindings(ctx context.Context, r *Run, f Finish, state RunState) error {
	if f.Held != nil {
		if err := t.changeHeld(ctx, r, f.Held); err != nil {
			return err
		}
	}
	if state == RunComplete && f.Full {
		return t.dropOldQuarantine(ctx, r)
	}
	return nil
}

// endState checks the fence and decides what becomes of the run.
func (t *Tx) endState(ctx context.Context, r *Run, f Finish) (RunState, error) {
	row, err := t.q.FenceRun(ctx, r.fence())
	switch {
	case err != nil:
		return "", noRows(err, ErrFenced)
	case f.RetryAt.IsZero():
		return f.State, nil
	case bool(row.CancelRequested):
		return RunCancelled, nil
	}
	active, err := t.q.ActiveRunsOfStream(ctx, r.scope.no, r.stream)
	if err != nil {
		return "", err
	}
	if _, queued := split(active); queued != nil {
		return f.State, t.q.DelayQueuedRun(ctx, queries.At(f.RetryAt), r.scope.no, r.stream)
	}
	return RunQueued, nil
}

func (t *Tx) endRun(ctx context.Context, r *Run, f Finish, state RunState, now time.Time) error {
	p := queries.FinishRunParams{
		Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch,
		State: string(state), ReasonCode: f.ReasonCode, ReasonDetail: f.ReasonDetail, FinishedAt: queries.At(now),
	}
	if state == RunQueued {
		p.FinishedAt, p.RetryAt = queries.Time{}, queries.At(f.RetryAt)
	}
	n, err := t.q.FinishRun(ctx, p)
	if err := hit(n, err, ErrFenced); err != nil || state == RunQueued {
		return err
	}
	return t.q.DeleteSeen(ctx, r.scope.no, r.ID)
}

// finished is the stream after the run.
func finished(st queries.Stream, r *Run, f Finish, state RunState, now time.Time) queries.FinishStreamParams {
	p := queries.FinishStreamParams{
		Connection: st.Connection, Stream: st.Stream, LastRun: st.LastRun, CursorAt: st.CursorAt, LastSuccessAt: st.LastSuccessAt, LastFullAt: st.LastFullAt, FullTriedAt: st.FullTriedAt,
		Failures: st.Failures, ErrorCode: st.ErrorCode, ErrorDetail: st.ErrorDetail, NextRunAt: queries.At(f.NextRunAt),
	}
	if state != RunQueued {
		p.LastRun = r.ID
	}
	if state != RunQueued && f.Full {
		p.FullTriedAt = queries.At(now)
	}
	switch state {
	case RunComplete:
		p.LastSuccessAt, p.Failures, p.ErrorCode, p.ErrorDetail = queries.At(now), 0, "", ""
		if !f.CursorAt.IsZero() {
			p.CursorAt = queries.At(f.CursorAt)
		}
		if f.Full {
			p.LastFullAt = queries.At(now)
		}
	case RunFailed, RunIncomplete, RunQueued:
		p.Failures, p.ErrorCode, p.ErrorDetail = st.Failures+1, f.ReasonCode, f.ReasonDetail
	}
	return p
}
