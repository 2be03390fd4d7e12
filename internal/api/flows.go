package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// FlowView is a flow as lists show it.
type FlowView struct {
	Name      string      `json:"name" example:"requisition-to-purchase-order"`
	Title     string      `json:"title"`
	Version   int64       `json:"version" doc:"Of its newest document; runs begin with that one."`
	Paused    bool        `json:"paused" doc:"Its trigger begins nothing; runs that are under way go on."`
	Trigger   flowTrigger `json:"trigger"`
	CreatedAt *time.Time  `json:"created_at"`
	UpdatedAt *time.Time  `json:"updated_at"`
}

// flowTrigger is what begins runs by itself, and what is known of it.
type flowTrigger struct {
	Kind      string     `json:"kind" enum:"manual,schedule,change,webhook"`
	NextAt    *time.Time `json:"next_at" doc:"When it is looked at next; null: it does nothing by itself, or rests."`
	FiredAt   *time.Time `json:"fired_at" doc:"When it last began a run."`
	Run       string     `json:"run" doc:"The run that it began last; empty: none."`
	SkippedAt *time.Time `json:"skipped_at" doc:"When it last should have begun a run, and did not."`
	Reason    *reason    `json:"reason" doc:"Why it rests, or skipped."`
}

func viewFlow(f store.Flow) FlowView {
	n := flow.NoteOf(&f)
	return FlowView{
		Name: f.Name, Title: f.Title, Version: f.Version, Paused: f.Paused, CreatedAt: moment(f.CreatedAt), UpdatedAt: moment(f.UpdatedAt),
		Trigger: flowTrigger{Kind: f.TriggerKind, NextAt: moment(flow.Next(&f)), FiredAt: moment(n.FiredAt), Run: n.Run, SkippedAt: moment(n.SkippedAt), Reason: reasonOf(n.Code, n.Detail)},
	}
}

// FlowDetail is a flow with its newest document and its settings.
type FlowDetail struct {
	FlowView
	FlowSettings
	Secrets  []string `json:"secrets" doc:"Names of the secret parameters that are set. Their values are sealed and never shown."`
	OpenRuns openRuns `json:"open_runs"`
	Document string   `json:"document"`
	Format   string   `json:"format" enum:"yaml,json"`
}

// FlowSettings are what a document leaves open.
type FlowSettings struct {
	Connections map[string]string `json:"connections" doc:"Ids of connections by role."`
	Parameters  object            `json:"parameters" doc:"Values by name, where they are not the document's defaults."`
}

func viewSettings(text json.RawMessage) (v FlowSettings, err error) {
	set, err := flow.SettingsOf(text)
	if err != nil {
		return v, err
	}
	v.Connections = set.Connections
	if v.Connections == nil {
		v.Connections = map[string]string{}
	}
	if len(set.Parameters) > 0 {
		v.Parameters = mustMarshal(set.Parameters)
	}
	return v, nil
}

// openRuns counts runs that have not ended, up to a thousand.
type openRuns struct {
	Queued  int64 `json:"queued"`
	Running int64 `json:"running"`
	Waiting int64 `json:"waiting"`
}

type flowsInput struct {
	ConnectionID string `query:"connection_id" doc:"Only flows in which this connection has a role."`
	PageInput
}

type FlowInput struct {
	Name string `path:"name" doc:"The flow's name." example:"requisition-to-purchase-order"`
}

type flowOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body FlowDetail
}

type resumeFlowInput struct {
	FlowInput
	Body resumeFlow
}

type resumeFlow struct {
	From string `json:"from,omitempty" enum:"now,start" doc:"Of a trigger that follows a stream: from now on, or from the beginning of the stream. Required where the stream was reset; else it goes on where it was."`
}

func (s *server) registerFlows() {
	see, change := access{controlPlane, connection.ScopeRead}, access{controlPlane, connection.ScopeFlows}
	register(s, see, huma.Operation{
		OperationID: "list-flows", Method: http.MethodGet, Path: "/v1/flows", Tags: []string{tagFlows}, Summary: "List the flows of the project, by name",
	}, s.listFlows)
	register(s, see, huma.Operation{
		OperationID: "get-flow", Method: http.MethodGet, Path: "/v1/flows/{name}", Tags: []string{tagFlows}, Summary: "Get a flow with its document and settings",
	}, func(ctx context.Context, in *FlowInput) (*flowOutput, error) {
		f, err := s.Flows.Flow(ctx, callerOf(ctx).project(), in.Name)
		return s.flowAnswer(ctx, f, err)
	})
	s.registerFlowDocuments()
	register(s, change, huma.Operation{
		OperationID: "delete-flow", Method: http.MethodDelete, Path: "/v1/flows/{name}", Tags: []string{tagFlows}, DefaultStatus: http.StatusNoContent,
		Summary: "Delete a flow with its versions and runs", Description: "409 conflict while runs are under way: cancel them first.",
	}, func(ctx context.Context, in *FlowInput) (*empty, error) {
		return &empty{}, s.Flows.Delete(ctx, callerOf(ctx).project(), in.Name)
	})
	register(s, access{controlPlane, connection.ScopeRun}, huma.Operation{
		OperationID: "pause-flow", Method: http.MethodPost, Path: "/v1/flows/{name}/pause", Tags: []string{tagFlows},
		Summary: "Let a flow's trigger begin nothing more", Description: "Runs that are under way go on. A trigger that follows a stream keeps its position.",
	}, func(ctx context.Context, in *FlowInput) (*flowOutput, error) {
		f, err := s.Flows.Pause(ctx, callerOf(ctx).project(), in.Name)
		return s.flowAnswer(ctx, f, err)
	})
	register(s, access{controlPlane, connection.ScopeRun}, huma.Operation{
		OperationID: "resume-flow", Method: http.MethodPost, Path: "/v1/flows/{name}/resume", Tags: []string{tagFlows},
		Summary: "Let a flow's trigger go on", RequestBody: example(map[string]any{"from": "now"}),
	}, func(ctx context.Context, in *resumeFlowInput) (*flowOutput, error) {
		f, err := s.Flows.Resume(ctx, callerOf(ctx).project(), in.Name, in.Body.From)
		return s.flowAnswer(ctx, f, err)
	})
	s.registerFlowVersions()
}

func (s *server) listFlows(ctx context.Context, in *flowsInput) (*page[FlowView], error) {
	project := callerOf(ctx).project()
	at := place{kind: idCursor, owner: project, subject: "flows", filters: in.ConnectionID}
	after, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	filter := store.FlowFilter{After: after, Limit: in.Limit + 1}
	if in.ConnectionID != "" {
		c, err := s.Store.Connection(ctx, project, in.ConnectionID)
		if err != nil {
			return nil, connectionError(in.ConnectionID, err)
		}
		filter.Connection = c.Scope()
	}
	found, err := s.Store.Flows(ctx, project, filter)
	if err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	return pageOf(s, at, in.Limit, found, viewFlow, endsAt(func(f store.Flow) string { return f.Name })), nil
}

// flowAnswer answers with a flow, unless what gave it failed.
func (s *server) flowAnswer(ctx context.Context, f *store.Flow, failed error) (*flowOutput, error) {
	if failed != nil {
		return nil, failed
	}
	d, err := s.detailFlow(ctx, f)
	if err != nil {
		return nil, err
	}
	return &flowOutput{ETag: versionTag(f.Version), Body: d}, nil
}

func (s *server) detailFlow(ctx context.Context, f *store.Flow) (d FlowDetail, err error) {
	v, err := s.Store.FlowVersion(ctx, f.ID, f.Version)
	if err != nil {
		return d, fmt.Errorf("read the document of a flow: %w", err)
	}
	d = FlowDetail{FlowView: viewFlow(*f), Document: v.Document, Format: v.Format}
	if d.FlowSettings, err = viewSettings(f.Settings); err != nil {
		return d, err
	}
	secrets, err := s.Flows.Secrets(ctx, f)
	if err != nil {
		return d, err
	}
	d.Secrets = list(secrets)
	open, err := s.Flows.Open(ctx, f)
	d.OpenRuns = openRuns(open)
	return d, err
}

// versionTag is the entity tag of a flow's version.
func versionTag(n int64) string { return strconv.Quote(strconv.FormatInt(n, 10)) }

// versionOf reads the version that If-Match names; 0: none does.
func versionOf(tag string) (int64, error) {
	if tag == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimSpace(tag), `"`), 10, 64)
	if err != nil || n < 1 {
		return 0, invalidParameter("If-Match", `Send the flow's version as its ETag gives it: "3".`)
	}
	return n, nil
}

type FlowVersionView struct {
	Version int64      `json:"version"`
	Format  string     `json:"format" enum:"yaml,json"`
	MadeAt  *time.Time `json:"made_at"`
	MadeBy  string     `json:"made_by" doc:"Id of the key or member who applied it."`
}

type flowVersionDetail struct {
	FlowVersionView
	Document string `json:"document"`
}

func viewVersion(v store.FlowVersion) FlowVersionView {
	return FlowVersionView{Version: v.Version, Format: v.Format, MadeAt: moment(v.MadeAt), MadeBy: v.MadeBy}
}

type flowVersionsInput struct {
	FlowInput
	PageInput
}

type flowVersionInput struct {
	FlowInput
	Version int64 `path:"version" minimum:"1" doc:"The version, from 1."`
}

func (s *server) registerFlowVersions() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-flow-versions", Method: http.MethodGet, Path: "/v1/flows/{name}/versions", Tags: []string{tagFlows}, Summary: "List the versions of a flow's document, newest first",
	}, s.listFlowVersions)
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-flow-version", Method: http.MethodGet, Path: "/v1/flows/{name}/versions/{version}", Tags: []string{tagFlows}, Summary: "Get a version of a flow's document",
	}, func(ctx context.Context, in *flowVersionInput) (*one[flowVersionDetail], error) {
		f, err := s.Flows.Flow(ctx, callerOf(ctx).project(), in.Name)
		if err != nil {
			return nil, err
		}
		v, err := s.Store.FlowVersion(ctx, f.ID, in.Version)
		if errors.Is(err, store.ErrNotFound) {
			return nil, problem.Newf(problem.NotFound, "The flow has no version %d; its newest is %d.", in.Version, f.Version)
		}
		if err != nil {
			return nil, fmt.Errorf("read a version of a flow: %w", err)
		}
		return &one[flowVersionDetail]{flowVersionDetail{viewVersion(*v), v.Document}}, nil
	})
}

func (s *server) listFlowVersions(ctx context.Context, in *flowVersionsInput) (*page[FlowVersionView], error) {
	f, err := s.Flows.Flow(ctx, callerOf(ctx).project(), in.Name)
	if err != nil {
		return nil, err
	}
	at := place{kind: idCursor, owner: f.ID, subject: "flow-versions"}
	var from position
	if in.Cursor != "" {
		if from, err = s.open(at, in.Cursor); err != nil {
			return nil, err
		}
	}
	all, err := s.Store.FlowVersions(ctx, f.ID, from.seq, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("read the versions of a flow: %w", err)
	}
	return pageOf(s, at, in.Limit, all, viewVersion, func(shown []store.FlowVersion) position { return position{seq: shown[len(shown)-1].Version} }), nil
}
