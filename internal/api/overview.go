package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// What bounds the overview, whatever a project holds.
const (
	mostStreams   = 10_000             // looked at
	mostWaiting   = 1000               // counted of one kind
	shownWaiting  = 5                  // named of one kind
	shownWorst    = 8                  // streams
	shownFailures = 10                 // runs and operations
	failuresSince = 7 * 24 * time.Hour // how long a failure is news, and a failed item of a flow is thought to wait
	shownHours    = 24
	shownDays     = 14
)

// overviewView tells how a project is.
type overviewView struct {
	At          *time.Time          `json:"at"`
	Well        bool                `json:"well" doc:"Nothing fails, nothing is late and nothing waits for a person."`
	Connections connectionCounts    `json:"connections"`
	Streams     streamCounts        `json:"streams"`
	Worst       []streamTroubleView `json:"worst_streams" doc:"The streams that fail or are late, worst first; up to 8."`
	Waiting     []waitingView       `json:"waiting" doc:"What waits for a person: every kind, also those of which nothing waits."`
	Failures    []failureView       `json:"failures" doc:"The runs and operations of the last 7 days that failed, latest first; up to 10, and of one connection up to 10 runs."`
	Activity    activityView        `json:"activity"`
}

func (s *server) registerOverview() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-overview", Method: http.MethodGet, Path: "/v1/overview", Tags: []string{tagProject},
		Summary: "Is everything well in this project, and if not, what is to be done",
		Description: "Connections by status, streams by freshness, what waits for a person and where it is decided, what failed and why, and what happened over time. " +
			"What it costs does not grow with the records, runs and operations that there are.",
	}, s.overview)
}

func (s *server) overview(ctx context.Context, _ *struct{}) (*one[overviewView], error) {
	project, now := callerOf(ctx).project(), s.Now()
	v := overviewView{At: moment(now)}
	states, err := s.Store.CountedConnections(ctx, project)
	if err != nil {
		return nil, err
	}
	v.Connections = countConnections(states)
	streams, err := s.Store.StreamsOfProject(ctx, project, mostStreams+1)
	if err != nil {
		return nil, err
	}
	v.Streams, v.Worst = judgeStreams(streams, now)
	if v.Waiting, err = s.waiting(ctx, project, states, streams); err != nil {
		return nil, err
	}
	if v.Failures, err = s.failures(ctx, project); err != nil {
		return nil, err
	}
	if v.Activity, err = s.activity(ctx, project, now); err != nil {
		return nil, err
	}
	v.Well = v.well()
	return &one[overviewView]{v}, nil
}

// well says that nothing of what the overview shows needs anybody.
func (v *overviewView) well() bool {
	idle := !slices.ContainsFunc(v.Waiting, func(w waitingView) bool { return w.Count > 0 })
	return idle && v.Connections.Unreachable+v.Connections.Degraded+v.Streams.Failing+v.Streams.Late == 0
}

// failureView is a run or an operation that failed.
type failureView struct {
	Kind           string     `json:"kind" enum:"sync_run,operation"`
	ID             string     `json:"id" doc:"Of the run or the operation."`
	At             *time.Time `json:"at"`
	ConnectionID   string     `json:"connection_id"`
	ConnectionName string     `json:"connection_name"`
	Entity         string     `json:"entity" example:"purchase-orders"`
	State          string     `json:"state" example:"failed"`
	Failed         int64      `json:"failed" doc:"Of an operation: items that failed, or of which nobody knows yet."`
	Total          int64      `json:"total" doc:"Of an operation: items."`
	Error          *reason    `json:"error" doc:"Why; of an operation, why the first of its items."`
}

// failures lists the latest failures of runs and operations.
func (s *server) failures(ctx context.Context, project string) ([]failureView, error) {
	since := s.Now().Add(-failuresSince)
	runs, err := s.Store.FailedRuns(ctx, project, since, shownFailures)
	if err != nil {
		return nil, err
	}
	operations, err := s.Store.OperationsOfProject(ctx, project, store.OperationFilter{Failed: true, Limit: shownFailures})
	if err != nil {
		return nil, err
	}
	all := []failureView{}
	for _, r := range runs {
		all = append(all, failureView{
			Kind: "sync_run", ID: r.Run.ID, At: moment(r.Run.FinishedAt), ConnectionID: r.ConnectionID, ConnectionName: r.ConnectionName, Entity: r.Entity,
			State: string(r.Run.State), Error: reasonOf(r.Run.ReasonCode, r.Run.ReasonDetail),
		})
	}
	for _, o := range operations {
		if o.Operation.CreatedAt.Before(since) {
			break
		}
		f, err := s.failedOperation(ctx, o)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b failureView) int { return cmp.Or(b.At.Compare(*a.At), cmp.Compare(a.ID, b.ID)) })
	return all[:min(len(all), shownFailures)], nil
}

// failedOperation shows an operation with the error of its first failed item.
func (s *server) failedOperation(ctx context.Context, o store.OperationOf) (failureView, error) {
	c := o.Operation.Counts
	at := o.Operation.FinishedAt
	if at.IsZero() {
		at = o.Operation.CreatedAt
	}
	f := failureView{
		Kind: "operation", ID: o.Operation.ID, At: moment(at), ConnectionID: o.ConnectionID, ConnectionName: o.ConnectionName, Entity: o.Entity,
		State: string(o.Operation.State), Failed: c.Rejected + c.NeedsHuman + c.Unknown + c.Reconciling, Total: o.Operation.Total,
	}
	items, err := s.Store.Items(ctx, &o.Operation, store.ItemFilter{
		Statuses: []store.ItemStatus{store.ItemRejected, store.ItemNeedsHuman, store.ItemUnknown, store.ItemReconciling}, Limit: 1, Bare: true,
	})
	if err != nil || len(items) == 0 {
		return f, err
	}
	var why reason
	_ = json.Unmarshal(items[0].Error, &why) // our own text; empty: none is known
	f.Error = reasonOf(why.Code, why.Detail)
	return f, nil
}
