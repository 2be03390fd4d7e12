package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// runView is a sync run as it is served.
type runView struct {
	ID              string       `json:"id"`
	Entity          string       `json:"entity" example:"purchase-orders"`
	Mode            string       `json:"mode" enum:"incremental,full,reset"`
	Trigger         string       `json:"trigger" enum:"schedule,manual,connect,webhook"`
	State           string       `json:"state" enum:"queued,running,complete,incomplete,failed,cancelled"`
	Counts          store.Counts `json:"counts"`
	Expected        *int64       `json:"expected" doc:"How many records the source says there are for this run; null when it does not."`
	RequestedAt     *time.Time   `json:"requested_at"`
	StartedAt       *time.Time   `json:"started_at"`
	FinishedAt      *time.Time   `json:"finished_at"`
	RetryAt         *time.Time   `json:"retry_at" doc:"Queued again after a failure: not before."`
	Attempt         int          `json:"attempt"`
	Since           *time.Time   `json:"since" doc:"Only what changed since, on the source's clock; null: everything."`
	HistoryFrom     *time.Time   `json:"history_from" doc:"Begin of the historical period; null: everything."`
	CancelRequested bool         `json:"cancel_requested"`
	Error           *reason      `json:"error" doc:"Why it is incomplete or failed."`
	HeldDeletions   *heldView    `json:"held_deletions" doc:"Deletions that this run found or confirmed and that were held back; null when there are none, or later runs settled them."`
}

// reason is why something is not well.
type reason struct {
	Code   string `json:"code" doc:"A stable word; /docs/problems/#reasons lists them." example:"system-unreachable"`
	Detail string `json:"detail" doc:"For a person, with what to do."`
}

func reasonOf(code, detail string) *reason {
	if code == "" && detail == "" {
		return nil
	}
	return &reason{code, detail}
}

func viewRun(r store.Run) runView {
	v := runView{
		ID: r.ID, Entity: r.Entity, Mode: string(r.Mode), Trigger: string(r.Trigger), State: string(r.State), Counts: r.Counts,
		RequestedAt: moment(r.RequestedAt), StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt),
		RetryAt: moment(r.RetryAt), Attempt: r.Attempt, Since: moment(r.Since), HistoryFrom: moment(r.HistoryFrom),
		CancelRequested: r.CancelRequested, Error: reasonOf(r.ReasonCode, r.ReasonDetail),
	}
	if r.Expected >= 0 {
		v.Expected = &r.Expected
	}
	return v
}

func viewRuns(runs []store.Run) []runView {
	views := make([]runView, len(runs))
	for i, r := range runs {
		views[i] = viewRun(r)
	}
	return views
}

type runsInput struct {
	Entity string `query:"entity" doc:"Only runs of this entity." example:"purchase-orders"`
	State  string `query:"state" enum:"queued,running,complete,incomplete,failed,cancelled" doc:"Only runs in this state."`
	PageInput
}

type runInput struct {
	ID string `path:"id" doc:"The run."`
}

func (s *server) registerRuns() {
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-sync-runs", Method: http.MethodGet, Path: "/v1/sync-runs", Tags: []string{tagSyncs},
		Summary: "List sync runs, newest first",
	}, s.listRuns)
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-sync-run", Method: http.MethodGet, Path: "/v1/sync-runs/{id}", Tags: []string{tagSyncs},
		Summary: "Get a sync run",
	}, s.getRun)
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "cancel-sync-run", Method: http.MethodPost, Path: "/v1/sync-runs/{id}/cancel", Tags: []string{tagSyncs},
		Summary:     "Cancel a sync run",
		Description: "A queued run is cancelled at once, a running one at the end of its page; what it stored stays. A run that has ended is left as it is.",
	}, s.cancelRun)
}

func (s *server) getRun(ctx context.Context, in *runInput) (*one[runView], error) {
	r, err := s.run(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.oneRun(ctx, callerOf(ctx).connection, r)
}

// oneRun shows a run with what it holds.
func (s *server) oneRun(ctx context.Context, c *store.Connection, r *store.Run) (*one[runView], error) {
	held, err := s.heldBy(ctx, c)
	if err != nil {
		return nil, err
	}
	return &one[runView]{held.view(*r)}, nil
}

func (s *server) listRuns(ctx context.Context, in *runsInput) (*page[runView], error) {
	c := callerOf(ctx).connection
	if in.Entity != "" && s.Model.Entity(in.Entity) == nil {
		return nil, s.unknownParameterEntity(in.Entity)
	}
	at := place{kind: idCursor, owner: c.ID, subject: "sync-runs", filters: "entity=" + in.Entity + "&state=" + in.State}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	runs, err := s.Store.Runs(ctx, c.Scope(), store.RunFilter{Before: before, Entity: in.Entity, State: store.RunState(in.State), Limit: in.Limit + 1})
	if err != nil {
		return nil, fmt.Errorf("read sync runs: %w", err)
	}
	held, err := s.heldBy(ctx, c)
	if err != nil {
		return nil, err
	}
	return pageOf(s, at, in.Limit, runs, held.view, endsAt(func(r store.Run) string { return r.ID })), nil
}

func (s *server) run(ctx context.Context, id string) (*store.Run, error) {
	r, err := s.Store.Run(ctx, callerOf(ctx).connection.Scope(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("This connection has no sync run %s.", quote(id))}
	}
	if err != nil {
		return nil, fmt.Errorf("read sync run: %w", err)
	}
	return r, nil
}

func (s *server) cancelRun(ctx context.Context, in *runInput) (*one[runView], error) {
	c := callerOf(ctx).connection
	r, err := s.Syncs.Cancel(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return s.oneRun(ctx, c, r)
}
