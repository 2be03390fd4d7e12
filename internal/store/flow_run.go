package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FlowRunState is a state of a run of a flow.
type FlowRunState string

// The states of a flow's run.
const (
	FlowRunQueued    FlowRunState = "queued"
	FlowRunRunning   FlowRunState = "running"
	FlowRunWaiting   FlowRunState = "waiting"
	FlowRunCompleted FlowRunState = "completed"
	FlowRunFailed    FlowRunState = "failed"
	FlowRunCancelled FlowRunState = "cancelled"
)

// Ended says that nothing happens in the run by itself any more.
func (s FlowRunState) Ended() bool {
	return s == FlowRunCompleted || s == FlowRunFailed || s == FlowRunCancelled
}

// FlowCounts counts a run's items by status. In is always the sum of the others.
type FlowCounts struct {
	In        int64 `json:"in"`
	Pending   int64 `json:"pending"`
	Running   int64 `json:"running"`
	OK        int64 `json:"ok"`
	Failed    int64 `json:"failed"`
	Skipped   int64 `json:"skipped"`
	Cancelled int64 `json:"cancelled"`
}

// Open is how many items are not final.
func (c FlowCounts) Open() int64 { return c.Pending + c.Running }

// FlowRun is one run of a flow, by the version and the settings with which it began.
type FlowRun struct {
	FlowID, ID, ProjectID            string
	Version                          int64
	State                            FlowRunState
	TriggerKind                      string
	Input                            []byte // JSON; nil: none
	Settings                         json.RawMessage
	Sealed                           []byte
	MainCounts                       bool // its main thread is its one item
	Counts                           FlowCounts
	CreatedAt, StartedAt, FinishedAt time.Time
	DueAt                            time.Time // when some item can go on; zero: nothing by itself
	CancelRequested, Paused          bool
	ReasonCode, ReasonDetail         string // why it waits, failed or was cancelled
	Caller                           string
	Output                           []byte      // JSON; nil: none
	Parent                           FlowItemKey // the thread that waits for its end; zero: none does
	Retries                          int64       // times that a person began items again
	Faults                           int64       // times in a row that it could not go on, by a fault of ours
	Erased                           bool        // what it was given and gave was erased with the data of a connection

	change int64 // of the row, as it was read
	behind bool  // somebody else has changed the row since: known when its items were counted
}

// Behind says that somebody else has changed the run since it was read, as far as the last change of its items could see.
func (r *FlowRun) Behind() bool { return r.behind }

// FlowItemKey names an item of a run of a flow.
type FlowItemKey struct {
	Flow, Run, Step string
	N               int64
}

// FlowRunFilter narrows a list of runs; zero fields do not filter, but one of Project and Flow is given. Order: newest first by id (UUIDv7).
type FlowRunFilter struct {
	Project, Flow string // Flow: an id
	State         FlowRunState
	Before        string // id: only older ones
	Limit         int
}

// FlowRun gives a run. ErrNotFound.
func (s *Store) FlowRun(ctx context.Context, flow, id string) (*FlowRun, error) {
	return getFlowRun(ctx, s.read, flow, id)
}

// FlowRun gives a run as the transaction sees it. ErrNotFound.
func (t *Tx) FlowRun(ctx context.Context, flow, id string) (*FlowRun, error) {
	return getFlowRun(ctx, t.q, flow, id)
}

func getFlowRun(ctx context.Context, q *queries.Queries, flow, id string) (*FlowRun, error) {
	row, err := q.FlowRun(ctx, Storable(flow), Storable(id))
	if err != nil {
		return nil, fmt.Errorf("run %s of flow %s: %w", id, flow, orNotFound(err))
	}
	return flowRunFrom(row), nil
}

// FlowRuns lists the runs of a project or of a flow.
func (s *Store) FlowRuns(ctx context.Context, f FlowRunFilter) (out []FlowRun, err error) {
	var rows []queries.FlowRun
	state, before := Storable(string(f.State)), Storable(before(f.Before))
	if f.Flow != "" {
		rows, err = s.read.FlowRunsOfFlow(ctx, queries.FlowRunsOfFlowParams{Flow: f.Flow, Before: before, State: state, MaxRows: atMost(f.Limit)})
	} else {
		rows, err = s.read.FlowRunsOfProject(ctx, queries.FlowRunsOfProjectParams{ProjectID: f.Project, Before: before, State: state, MaxRows: atMost(f.Limit)})
	}
	if err != nil {
		return nil, fmt.Errorf("list runs of flows: %w", err)
	}
	return flowRunsFrom(rows), nil
}

// FlowRunsOpen lists a flow's runs that have not ended, oldest first.
func (s *Store) FlowRunsOpen(ctx context.Context, flow string, limit int) ([]FlowRun, error) {
	return flowRunsOpen(ctx, s.read, flow, limit)
}

// FlowRunsOpen lists them as the transaction sees them.
func (t *Tx) FlowRunsOpen(ctx context.Context, flow string, limit int) ([]FlowRun, error) {
	return flowRunsOpen(ctx, t.q, flow, limit)
}

func flowRunsOpen(ctx context.Context, q *queries.Queries, flow string, limit int) ([]FlowRun, error) {
	rows, err := q.FlowRunsOpen(ctx, flow, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what is under way of flow %s: %w", flow, err)
	}
	return flowRunsFrom(rows), nil
}

// FlowRunAhead is one of a flow's runs that have not ended.
type FlowRunAhead struct {
	ID     string
	Queued bool // it waits for others to end
}

// FlowRunsAhead lists a flow's runs that have not ended, oldest first, by what tells which may go on.
func (s *Store) FlowRunsAhead(ctx context.Context, flow string, limit int) ([]FlowRunAhead, error) {
	return flowRunsAhead(ctx, s.read, flow, limit)
}

// FlowRunsAhead lists them as the transaction sees them.
func (t *Tx) FlowRunsAhead(ctx context.Context, flow string, limit int) ([]FlowRunAhead, error) {
	return flowRunsAhead(ctx, t.q, flow, limit)
}

func flowRunsAhead(ctx context.Context, q *queries.Queries, flow string, limit int) ([]FlowRunAhead, error) {
	rows, err := q.FlowRunsAhead(ctx, flow, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what is under way of flow %s: %w", flow, err)
	}
	return each(rows, func(r queries.FlowRunsAheadRow) FlowRunAhead {
		return FlowRunAhead{ID: r.ID, Queued: FlowRunState(r.State) == FlowRunQueued && r.DueAt.IsZero() && !bool(r.Paused)}
	}), nil
}

// UnqueueFlowRuns lets the first of a flow's runs go on that wait for others to end. The caller has the flow's lock.
func (t *Tx) UnqueueFlowRuns(ctx context.Context, flow string, first int, now time.Time) error {
	if err := t.q.UnqueueFlowRuns(ctx, queries.At(now), flow, atMost(first)); err != nil {
		return fmt.Errorf("let queued runs of flow %s go on: %w", flow, err)
	}
	return nil
}

// RunnableFlowRuns lists a flow's runs in which something can go on, those that waited longest first. One that a person has paused goes on only to be cancelled.
func (s *Store) RunnableFlowRuns(ctx context.Context, flow string, now time.Time, limit int) ([]FlowRun, error) {
	rows, err := s.read.RunnableFlowRuns(ctx, flow, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what can go on of flow %s: %w", flow, err)
	}
	return flowRunsFrom(rows), nil
}

// NextFlowRun gives when the first of a flow's runs can go on; zero: none does by itself. Of those that are not due at the end of a turn it is when to wake the flow.
func (s *Store) NextFlowRun(ctx context.Context, flow string) (time.Time, error) {
	times, err := s.read.NextFlowRun(ctx, flow)
	if err != nil || len(times) == 0 {
		return time.Time{}, err
	}
	return times[0].Time, nil
}

func flowRunsFrom(rows []queries.FlowRun) []FlowRun {
	return each(rows, func(r queries.FlowRun) FlowRun { return *flowRunFrom(r) })
}

func flowRunFrom(r queries.FlowRun) *FlowRun {
	return &FlowRun{
		FlowID: r.Flow, ID: r.ID, ProjectID: r.ProjectID, Version: r.Version, State: FlowRunState(r.State), TriggerKind: r.TriggerKind, Input: bytesOf(r.Input),
		Settings: json.RawMessage(r.Settings), Sealed: r.Sealed, MainCounts: bool(r.MainCounts), Counts: flowCountsFrom(r),
		CreatedAt: r.CreatedAt.Time, StartedAt: r.StartedAt.Time, FinishedAt: r.FinishedAt.Time, DueAt: r.DueAt.Time, CancelRequested: bool(r.CancelRequested), Paused: bool(r.Paused),
		ReasonCode: r.ReasonCode, ReasonDetail: r.ReasonDetail, Caller: r.Caller, Output: bytesOf(r.Output),
		Parent: FlowItemKey{Flow: r.ParentFlow, Run: r.ParentRun, Step: r.ParentStep, N: r.ParentN}, Retries: r.Retries, Faults: r.Faults, Erased: bool(r.Erased), change: r.Change,
	}
}

func flowCountsFrom(r queries.FlowRun) FlowCounts {
	return FlowCounts{In: r.InCount, Pending: r.PendingCount, Running: r.RunningCount, OK: r.OkCount, Failed: r.FailedCount, Skipped: r.SkippedCount, Cancelled: r.CancelledCount}
}
