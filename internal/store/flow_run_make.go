package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// NewFlowRun is a run to be inserted.
type NewFlowRun struct {
	ID          string
	Flow        *Flow
	Version     int64 // 0: the flow's newest
	TriggerKind string
	Input       []byte
	Settings    json.RawMessage // nil: the flow's
	Sealed      []byte          // with Settings nil: the flow's
	MainCounts  bool            // the flow has no each: the main thread is the run's one item
	Connections []Scope         // that it works with: where their data are erased, so is what it holds, and what runs hold that call it or that it calls
	Caller      string
	Parent      FlowItemKey
}

// InsertFlowRun makes a queued run with its main thread (step "", number 0), which is pending and due, and wakes the flow. Takes the flow's lock. ErrNotFound: the flow is gone. ErrConflict: the data of one of the connections are deleted.
func (t *Tx) InsertFlowRun(ctx context.Context, n NewFlowRun, now time.Time) (*FlowRun, error) {
	t.changedIn(ThingFlowRuns, n.Flow.ProjectID)
	if err := t.WakeFlow(ctx, n.Flow.ID, now); err != nil {
		return nil, fmt.Errorf("begin run %s: %w", n.ID, err)
	}
	if err := t.freshlySealed(ctx, &n); err != nil {
		return nil, fmt.Errorf("begin run %s: %w", n.ID, err)
	}
	if err := t.q.InsertFlowRun(ctx, newFlowRun(n, now)); err != nil {
		return nil, fmt.Errorf("begin run %s of flow %s: %w", n.ID, n.Flow.Name, err)
	}
	for _, sc := range slices.Compact(slices.SortedFunc(slices.Values(n.Connections), Scope.Compare)) {
		rows, err := t.q.InsertFlowRunConnection(ctx, n.Flow.ID, n.ID, sc.no)
		if err := hit(rows, err, ErrConflict); err != nil {
			return nil, fmt.Errorf("begin run %s of flow %s: %w", n.ID, n.Flow.Name, err)
		}
	}
	if err := t.shareConnections(ctx, n); err != nil {
		return nil, fmt.Errorf("begin run %s of flow %s: %w", n.ID, n.Flow.Name, err)
	}
	k := FlowStepKey{Flow: n.Flow.ID, Run: n.ID}
	if err := t.s.engine.Bulk.InsertFlowItems(ctx, t.tx, k, now, []FlowItem{{DueAt: now}}); err != nil {
		return nil, fmt.Errorf("begin run %s of flow %s: %w", n.ID, n.Flow.Name, err)
	}
	return getFlowRun(ctx, t.q, n.Flow.ID, n.ID)
}

// shareConnections makes a run that is called, and all that wait for it, be erased with each other's connections: they give each other data.
func (t *Tx) shareConnections(ctx context.Context, n NewFlowRun) error {
	if n.Parent.Run == "" {
		return nil
	}
	own := queries.ShareFlowRunConnectionsParams{Flow: n.Flow.ID, Run: n.ID, ParentFlow: n.Parent.Flow, ParentRun: n.Parent.Run}
	if err := t.q.TakeOverFlowRunConnections(ctx, queries.TakeOverFlowRunConnectionsParams{Flow: own.Flow, Run: own.Run, ParentFlow: own.ParentFlow, ParentRun: own.ParentRun}); err != nil {
		return err
	}
	for own.ParentRun != "" {
		if err := t.q.ShareFlowRunConnections(ctx, own); err != nil {
			return err
		}
		above, err := t.q.FlowRunParent(ctx, own.ParentFlow, own.ParentRun)
		if errors.Is(err, sql.ErrNoRows) { // it is deleted
			return nil
		}
		if err != nil {
			return err
		}
		own.ParentFlow, own.ParentRun = above.ParentFlow, above.ParentRun
	}
	return nil
}

// freshlySealed gives a run that takes over its flow's secrets those that the flow has now: they may be under another data key since it was read. The flow is locked.
func (t *Tx) freshlySealed(ctx context.Context, n *NewFlowRun) error {
	if n.Flow.Sealed == nil || n.Sealed != nil && !bytes.Equal(n.Sealed, n.Flow.Sealed) {
		return nil
	}
	row, err := t.q.FlowByID(ctx, n.Flow.ID)
	if err != nil {
		return orNotFound(err)
	}
	n.Sealed = row.Sealed
	if n.Settings == nil {
		n.Settings = n.Flow.Settings
	}
	return nil
}

func newFlowRun(n NewFlowRun, now time.Time) queries.InsertFlowRunParams {
	p := queries.InsertFlowRunParams{
		Flow: n.Flow.ID, ID: n.ID, ProjectID: n.Flow.ProjectID, Version: n.Version, TriggerKind: n.TriggerKind, Input: string(storableBytes(n.Input)),
		Settings: objectText(n.Settings), Sealed: n.Sealed, MainCounts: queries.Flag(n.MainCounts), CreatedAt: queries.At(now), Caller: Storable(n.Caller),
		ParentFlow: n.Parent.Flow, ParentRun: n.Parent.Run, ParentStep: n.Parent.Step, ParentN: n.Parent.N,
	}
	if n.Version == 0 {
		p.Version = n.Flow.Version
	}
	if n.Settings == nil {
		p.Settings, p.Sealed = objectText(n.Flow.Settings), n.Flow.Sealed
	}
	return p
}

// SetFlowRun stores State, StartedAt, DueAt, CancelRequested, Paused, the reason, Output, Retries and Faults of a run that is as it was read, but for its counts. One that begins gets StartedAt; one
// that ends gets FinishedAt, and loses DueAt. ErrConflict: somebody has changed it meanwhile, it is to end and has open items, or to go on and is erased. The caller has the flow's lock.
func (t *Tx) SetFlowRun(ctx context.Context, r *FlowRun, now time.Time) error {
	t.changedIn(ThingFlowRuns, r.ProjectID)
	next := *r
	next.settle(now)
	if r.Erased && !next.State.Ended() {
		return fmt.Errorf("run %s holds nothing any more with which it could go on: %w", r.ID, ErrConflict)
	}
	if next.State.Ended() {
		row, err := t.q.LockFlowRun(ctx, r.FlowID, r.ID)
		if err != nil {
			return fmt.Errorf("change run %s: %w", r.ID, noRows(err, ErrConflict))
		}
		if next.Counts = flowCountsFrom(row); next.Counts.Open() > 0 {
			return fmt.Errorf("change run %s: %d of its items are not final: %w", r.ID, next.Counts.Open(), ErrConflict)
		}
	}
	n, err := t.q.SetFlowRun(ctx, queries.SetFlowRunParams{
		State: string(next.State), StartedAt: queries.At(next.StartedAt), FinishedAt: queries.At(next.FinishedAt), DueAt: queries.At(next.DueAt),
		CancelRequested: queries.Flag(next.CancelRequested), Paused: queries.Flag(next.Paused), ReasonCode: next.ReasonCode, ReasonDetail: Storable(next.ReasonDetail),
		Output: string(storableBytes(next.Output)), Retries: next.Retries, Faults: next.Faults, Flow: r.FlowID, ID: r.ID, Change: r.change,
	})
	if err := hit(n, err, ErrConflict); err != nil {
		return fmt.Errorf("change run %s: %w", r.ID, err)
	}
	next.change++
	*r = next
	return nil
}

// settle gives the run the times that its state has.
func (r *FlowRun) settle(now time.Time) {
	if r.StartedAt.IsZero() && r.State != FlowRunQueued {
		r.StartedAt = now
		if !r.FinishedAt.IsZero() && r.FinishedAt.Before(now) { // it began and ended at once
			r.StartedAt = r.FinishedAt
		}
	}
	r.StartedAt, r.DueAt = micros(r.StartedAt), micros(r.DueAt)
	switch {
	case !r.State.Ended():
		r.FinishedAt = time.Time{}
	case r.FinishedAt.IsZero():
		r.FinishedAt = micros(now)
	}
	if r.State.Ended() {
		r.DueAt = time.Time{}
	}
}
