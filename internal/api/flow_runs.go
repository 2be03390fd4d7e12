package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// FlowRunView is a run of a flow as lists show it.
type FlowRunView struct {
	ID              string           `json:"id"`
	Flow            string           `json:"flow" doc:"The flow's name."`
	Version         int64            `json:"version" doc:"Of the flow's document, with which it began."`
	State           string           `json:"state" enum:"queued,running,waiting,completed,failed,cancelled" doc:"completed: all that was taken in was worked through; counts says what of it failed. failed: it ended before."`
	Trigger         string           `json:"trigger" enum:"manual,schedule,change,webhook,call"`
	Counts          store.FlowCounts `json:"counts" doc:"Items by status; in is always the sum of the others."`
	Progress        float64          `json:"progress" doc:"Share of what was taken in that has ended, from 0 to 1."`
	Paused          bool             `json:"paused"`
	CancelRequested bool             `json:"cancel_requested"`
	Reason          *reason          `json:"reason" doc:"Why it waits, failed or was cancelled."`
	Retries         int64            `json:"retries" doc:"How often somebody began items again."`
	CreatedAt       *time.Time       `json:"created_at"`
	StartedAt       *time.Time       `json:"started_at"`
	FinishedAt      *time.Time       `json:"finished_at"`
	DueAt           *time.Time       `json:"due_at" doc:"When it goes on; null when it does not by itself."`
	Caller          string           `json:"caller" doc:"Id of the key or member who began it; else what did."`
}

// byItself gives when a run goes on by itself; zero: it does not.
func byItself(r *store.FlowRun) time.Time {
	if r.Paused {
		return time.Time{}
	}
	return r.DueAt
}

// flowRunDetail is a run with what it was given and gave.
type flowRunDetail struct {
	FlowRunView
	FlowSettings
	Input  anything       `json:"input" doc:"What its trigger brought; null: nothing."`
	Output anything       `json:"output" doc:"The result of its last step."`
	Erased bool           `json:"erased" doc:"Input, output and what its items held were erased with the data of a connection."`
	Parent *flowItemRef   `json:"parent" doc:"The item of another run that waits for its end; null: none does."`
	Steps  []flowStepView `json:"steps" doc:"Items by step; - are the steps on top."`
}

// flowItemRef names an item of a run.
type flowItemRef struct {
	Flow string `json:"flow"`
	Run  string `json:"run"`
	Step string `json:"step"`
	N    int64  `json:"n"`
}

type flowStepView struct {
	Step   string           `json:"step"`
	Counts store.FlowCounts `json:"counts"`
}

func viewFlowRun(name string, r *store.FlowRun) FlowRunView {
	v := FlowRunView{
		ID: r.ID, Flow: name, Version: r.Version, State: string(r.State), Trigger: r.TriggerKind, Counts: r.Counts, Paused: r.Paused, CancelRequested: r.CancelRequested,
		Reason: reasonOf(r.ReasonCode, r.ReasonDetail), Retries: r.Retries, CreatedAt: moment(r.CreatedAt), StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt),
		DueAt: moment(byItself(r)), Caller: r.Caller,
	}
	if r.Counts.In > 0 {
		v.Progress = float64(r.Counts.In-r.Counts.Open()) / float64(r.Counts.In)
	}
	return v
}

type FlowRunsInput struct {
	State string `query:"state" enum:"queued,running,waiting,completed,failed,cancelled" doc:"Only runs in this state."`
	PageInput
}

type runsOfFlowInput struct {
	FlowInput
	FlowRunsInput
}

type runsOfProjectInput struct {
	Flow string `query:"flow" doc:"Only runs of the flow of this name."`
	FlowRunsInput
}

type FlowRunInput struct {
	FlowInput
	ID string `path:"id" doc:"The run."`
}

type startFlowInput struct {
	FlowInput
	Body startFlow
}

type startFlow struct {
	Input       anything          `json:"input,omitempty" doc:"What steps see as trigger.input."`
	Parameters  object            `json:"parameters,omitempty" doc:"Values by name, in place of the flow's own. Secret ones cannot be given here."`
	Connections map[string]string `json:"connections,omitempty" doc:"Ids by role, in place of the flow's own."`
}

// flowRunAnswer is a run that goes on in the background.
type flowRunAnswer struct {
	Location string `header:"Location" doc:"Where the run is."`
	Body     flowRunDetail
}

func (s *server) registerFlowRuns() {
	see, run := access{controlPlane, connection.ScopeRead}, access{controlPlane, connection.ScopeRun}
	register(s, see, huma.Operation{
		OperationID: "list-runs-of-flows", Method: http.MethodGet, Path: "/v1/flow-runs", Tags: []string{tagFlows}, Summary: "List the runs of all flows, newest first",
	}, s.listRunsOfProject)
	register(s, see, huma.Operation{
		OperationID: "list-flow-runs", Method: http.MethodGet, Path: "/v1/flows/{name}/runs", Tags: []string{tagFlows}, Summary: "List the runs of a flow, newest first",
	}, func(ctx context.Context, in *runsOfFlowInput) (*page[FlowRunView], error) {
		f, err := s.Flows.Flow(ctx, callerOf(ctx).project(), in.Name)
		if err != nil {
			return nil, err
		}
		return s.pageOfRuns(ctx, f, in.FlowRunsInput)
	})
	register(s, run, huma.Operation{
		OperationID: "start-flow", Method: http.MethodPost, Path: "/v1/flows/{name}/runs", Tags: []string{tagFlows}, DefaultStatus: http.StatusAccepted,
		Summary: "Begin a run of a flow", RequestBody: example(map[string]any{"input": map[string]any{"since": "2026-11-01"}}),
		Description: "It goes on in the background. Send an Idempotency-Key, so that a request that is repeated begins one run. 409 conflict where the flow's document says to skip a run while others are under way.",
	}, s.startFlow)
	register(s, see, huma.Operation{
		OperationID: "get-flow-run", Method: http.MethodGet, Path: "/v1/flows/{name}/runs/{id}", Tags: []string{tagFlows}, Summary: "Get a run of a flow, with its counts step by step",
	}, func(ctx context.Context, in *FlowRunInput) (*one[flowRunDetail], error) {
		f, r, err := s.Flows.Run(ctx, callerOf(ctx).project(), in.Name, in.ID)
		if err != nil {
			return nil, err
		}
		return s.runAnswer(ctx, f.Name, r, nil)
	})
	s.registerFlowRunActs(run)
}

// registerFlowRunActs adds what is done to a run.
func (s *server) registerFlowRunActs(need access) {
	add := func(verb, summary, description string, do func(ctx context.Context, project, name, run string) (*store.FlowRun, error)) {
		register(s, need, huma.Operation{
			OperationID: verb + "-flow-run", Method: http.MethodPost, Path: "/v1/flows/{name}/runs/{id}/" + verb, Tags: []string{tagFlows}, Summary: summary, Description: description,
		}, func(ctx context.Context, in *FlowRunInput) (*one[flowRunDetail], error) {
			r, err := do(ctx, callerOf(ctx).project(), in.Name, in.ID)
			return s.runAnswer(ctx, in.Name, r, err)
		})
	}
	add("cancel", "Cancel what a run has not begun", "What was sent is waited for, and what had its effect stays. 409 conflict when the run has ended.", s.Flows.Cancel)
	add("pause", "Let a run begin nothing more", "What is under way ends. 409 conflict when the run has ended.", s.Flows.PauseRun)
	add("resume", "Let a paused run go on", "409 conflict when the run has ended.", s.Flows.ResumeRun)
}

func (s *server) listRunsOfProject(ctx context.Context, in *runsOfProjectInput) (*page[FlowRunView], error) {
	if in.Flow == "" {
		return s.pageOfRuns(ctx, nil, in.FlowRunsInput)
	}
	f, err := s.Flows.Flow(ctx, callerOf(ctx).project(), in.Flow)
	if err != nil {
		return nil, err
	}
	return s.pageOfRuns(ctx, f, in.FlowRunsInput)
}

// pageOfRuns lists the runs of a flow, or of the caller's project.
func (s *server) pageOfRuns(ctx context.Context, f *store.Flow, in FlowRunsInput) (*page[FlowRunView], error) {
	project := callerOf(ctx).project()
	filter := store.FlowRunFilter{Project: project, State: store.FlowRunState(in.State), Limit: in.Limit + 1}
	at, names := place{kind: idCursor, owner: project, subject: "flow-runs", filters: in.State}, flowNames{}
	if f != nil {
		filter.Flow, at.owner, names[f.ID] = f.ID, f.ID, f.Name
	}
	var err error
	if filter.Before, err = s.before(at, in.Cursor); err != nil {
		return nil, err
	}
	all, err := s.Store.FlowRuns(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("read runs of flows: %w", err)
	}
	for i := range all {
		if _, err := names.of(ctx, s.Store, all[i].FlowID); err != nil {
			return nil, err
		}
	}
	view := func(r store.FlowRun) FlowRunView { return viewFlowRun(names[r.FlowID], &r) }
	return pageOf(s, at, in.Limit, all, view, endsAt(func(r store.FlowRun) string { return r.ID })), nil
}

// flowNames are the names of flows by id.
type flowNames map[string]string

// of gives a flow's name; "" of one that is gone.
func (n flowNames) of(ctx context.Context, st *store.Store, id string) (string, error) {
	if name, ok := n[id]; ok {
		return name, nil
	}
	f, err := st.FlowByID(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		n[id] = ""
	case err != nil:
		return "", fmt.Errorf("read flow: %w", err)
	default:
		n[id] = f.Name
	}
	return n[id], nil
}

func (s *server) startFlow(ctx context.Context, in *startFlowInput) (*flowRunAnswer, error) {
	values, err := parametersOf(in.Body.Parameters)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	b := flow.Begin{Input: json.RawMessage(in.Body.Input), Parameters: values, Connections: in.Body.Connections, Caller: who.id()}
	r, err := s.Flows.Start(ctx, who.project(), in.Name, b)
	v, err := s.runAnswer(ctx, in.Name, r, err)
	if err != nil {
		return nil, err
	}
	return &flowRunAnswer{Location: flowRunPath(in.Name, r.ID), Body: v.Body}, nil
}

// runAnswer answers with a run, unless what gave it failed.
func (s *server) runAnswer(ctx context.Context, name string, r *store.FlowRun, failed error) (*one[flowRunDetail], error) {
	if failed != nil {
		return nil, failed
	}
	d := flowRunDetail{FlowRunView: viewFlowRun(name, r), Input: anything(flow.Shown(r.Input)), Output: anything(flow.Shown(r.Output)), Erased: r.Erased}
	var err error
	if d.FlowSettings, err = viewSettings(flow.Shown(r.Settings)); err != nil {
		return nil, err
	}
	if r.Parent.Flow != "" {
		parent, err := flowNames{}.of(ctx, s.Store, r.Parent.Flow)
		if err != nil {
			return nil, err
		}
		d.Parent = &flowItemRef{Flow: parent, Run: r.Parent.Run, Step: shownStep(r.Parent.Step), N: r.Parent.N}
	}
	d.Steps, err = s.stepsOf(ctx, r)
	return &one[flowRunDetail]{d}, err
}

// stepsOf counts a run's items by step, in the order in which the document has the steps.
func (s *server) stepsOf(ctx context.Context, r *store.FlowRun) ([]flowStepView, error) {
	counts, err := s.Store.FlowStepCounts(ctx, r.FlowID, r.ID)
	if err != nil {
		return nil, fmt.Errorf("count the items of a run: %w", err)
	}
	order, err := s.Flows.Threads(ctx, r)
	if err != nil {
		return nil, err
	}
	out := []flowStepView{}
	for _, step := range order {
		if c, ok := counts[step]; ok {
			out = append(out, flowStepView{shownStep(step), c})
		}
	}
	return out, nil
}

func flowRunPath(name, id string) string { return flowPath(name) + "/runs/" + id }

// mainThread is what the steps on top are called where an item is named.
const mainThread = "-"

func shownStep(step string) string {
	if step == "" {
		return mainThread
	}
	return step
}

func storedStep(step string) string {
	if step == mainThread {
		return ""
	}
	return step
}

// noSuchItem says that a run has no item of this name.
func noSuchItem(step string, n int64) error {
	return problem.Newf(problem.NotFound, "The run has no item %d of step %s. Items are numbered from 0; the steps on top are item 0 of step -.", n, quote(step))
}
