package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// blankFlowRuns takes from runs that worked with the connection all that they were given and gave; a run that was under way is cancelled. Counts stay.
func (t *Tx) blankFlowRuns(sc Scope, now time.Time) func(ctx context.Context, _ int64, limit int32) (int64, error) {
	return func(ctx context.Context, _ int64, limit int32) (all int64, err error) {
		for left := int64(limit); left > 0; {
			next, err := t.q.NextFlowRunOfConnection(ctx, sc.no)
			if errors.Is(err, sql.ErrNoRows) {
				break
			}
			if err == nil {
				err = t.blankFlowRun(ctx, next.Flow, next.Run, now)
			}
			if err != nil {
				return all, err
			}
			n, err := t.blankFlowItems(ctx, sc, next, left)
			if all += n; err != nil {
				return all, err
			}
			left -= max(n, 1)
		}
		return all, nil
	}
}

// blankFlowRun does what is done once for a run.
func (t *Tx) blankFlowRun(ctx context.Context, flow, run string, now time.Time) error {
	if _, err := t.q.LockFlow(ctx, flow); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	row, err := t.q.LockFlowRun(ctx, flow, run)
	if errors.Is(err, sql.ErrNoRows) || err == nil && bool(row.Erased) { // of a flow that is deleted, or begun already
		return nil
	}
	if err != nil {
		return err
	}
	r := flowRunFrom(row)
	if !r.State.Ended() {
		if err := t.endErasedRun(ctx, r, now); err != nil {
			return err
		}
	}
	_, err = t.q.BlankFlowRun(ctx, flow, run)
	return err
}

// endErasedRun cancels a run that cannot go on without what is erased, and wakes whoever waits for it.
func (t *Tx) endErasedRun(ctx context.Context, r *FlowRun, now time.Time) error {
	var by FlowCounts
	for _, status := range []FlowItemStatus{FlowItemPending, FlowItemRunning} {
		for main := range int64(2) {
			n, err := t.q.EndErasedFlowItems(ctx, queries.EndErasedFlowItemsParams{Flow: r.FlowID, Run: r.ID, Status: string(status), Main: main})
			if err != nil {
				return err
			}
			if main == 0 || r.MainCounts {
				*by.of(status) -= n
				by.Cancelled += n
			}
		}
	}
	if err := t.countFlowItems(ctx, r, by); err != nil {
		return err
	}
	err := t.q.EndErasedFlowRun(ctx, queries.EndErasedFlowRunParams{Now: queries.At(now), ReasonCode: ReasonDisconnected, Flow: r.FlowID, ID: r.ID})
	if err == nil {
		err = t.WakeFlow(ctx, r.FlowID, now) // others may have waited for it to end
	}
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	if err != nil || r.Parent.Run == "" {
		return err
	}
	if err := t.WakeFlowItem(ctx, r.Parent, now); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// blankFlowItems blanks up to limit items from where the last step ended.
func (t *Tx) blankFlowItems(ctx context.Context, sc Scope, at queries.NextFlowRunOfConnectionRow, limit int64) (int64, error) {
	behind, err := t.q.FlowItemBehind(ctx, queries.FlowItemBehindParams{Flow: at.Flow, Run: at.Run, FromStep: at.ErasedStep, FromN: at.ErasedN, Many: int32(limit)})
	if err != nil {
		return 0, err
	}
	if len(behind) == 0 {
		n, err := t.q.BlankFlowItems(ctx, queries.BlankFlowItemsParams{Flow: at.Flow, Run: at.Run, FromStep: at.ErasedStep, FromN: at.ErasedN})
		if err != nil {
			return 0, err
		}
		return n, t.q.LeaveFlowRun(ctx, sc.no, at.Flow, at.Run)
	}
	to := behind[0]
	n, err := t.q.BlankFlowItemsUpTo(ctx, queries.BlankFlowItemsUpToParams{Flow: at.Flow, Run: at.Run, FromStep: at.ErasedStep, FromN: at.ErasedN, ToStep: to.Step, ToN: to.N})
	if err != nil {
		return 0, err
	}
	return n, t.q.SetErasedFlowItems(ctx, queries.SetErasedFlowItemsParams{ErasedStep: to.Step, ErasedN: to.N, Connection: sc.no, Flow: at.Flow, Run: at.Run})
}
