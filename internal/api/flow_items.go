package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// FlowItemView is an item of a run as lists show it.
type FlowItemView struct {
	Step      string         `json:"step" doc:"The step that took it in; - are the steps on top."`
	N         int64          `json:"n" doc:"Its number in the step, from 0."`
	Key       string         `json:"key" doc:"What tells it from others of the step."`
	Status    string         `json:"status" enum:"pending,running,ok,failed,skipped,cancelled"`
	Attempts  int64          `json:"attempts" doc:"How often it was begun."`
	Waits     string         `json:"waits" doc:"What it waits for: operation, request, notify, call, each, time, claim (another item makes the record of its key) or record (which it has made, and which no sync has brought yet); empty: nothing."`
	DueAt     *time.Time     `json:"due_at" doc:"When it goes on; null when it does not by itself."`
	Error     anything       `json:"error" doc:"Why it failed: a problem document. Its step says where."`
	Operation *itemOperation `json:"operation" doc:"The write that it waits for, or made last."`
	UpdatedAt *time.Time     `json:"updated_at"`
}

// itemOperation says where in the ledger of writes an item's write is.
type itemOperation struct {
	ID           string `json:"id" doc:"GET /v1/operations/{id}, with the header Busbar-Connection."`
	N            int64  `json:"n" doc:"Its item of the operation."`
	ConnectionID string `json:"connection_id"`
}

// flowItemDetail is an item with all that is known of it.
type flowItemDetail struct {
	FlowItemView
	Input  anything       `json:"input" doc:"What the steps see as item."`
	Output anything       `json:"output" doc:"The result of its last step."`
	Steps  []flowStepSeen `json:"steps" doc:"Results so far, in the order of the document."`
	Next   string         `json:"next" doc:"The step that comes next, or failed; empty: none."`
}

type flowStepSeen struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind" example:"write"`
	Result anything `json:"result"`
}

func viewFlowItem(it store.FlowItem) FlowItemView {
	v := FlowItemView{
		Step: shownStep(it.Step), N: it.N, Key: flow.ShownKey(it.Key), Status: string(it.Status), Attempts: it.Attempts, Waits: it.Waits, DueAt: moment(it.DueAt), Error: anything(it.Error), UpdatedAt: moment(it.UpdatedAt),
	}
	if it.Operation != "" {
		v.Operation = &itemOperation{it.Operation, it.OperationN, it.Connection}
	}
	return v
}

type flowItemsInput struct {
	FlowRunInput
	Step   string   `query:"step" doc:"Only items of this step; - is the one of the steps on top."`
	Status []string `query:"status" enum:"pending,running,ok,failed,skipped,cancelled" doc:"Only items with one of these statuses, separated by commas." example:"failed"`
	PageInput
}

type flowItemInput struct {
	FlowRunInput
	Step string `path:"step" doc:"The step that took it in; - for the steps on top."`
	N    int64  `path:"n" minimum:"0" doc:"Its number in the step."`
}

type retryFlowInput struct {
	FlowRunInput
	Body retryFlow
}

type retryFlow struct {
	Items    []flowItemName `json:"items,omitempty" maxItems:"500" doc:"Which failed items; none means all."`
	From     string         `json:"from,omitempty" doc:"Id of the step to go on from, which the items have come to before. Default: the one that failed; with input, the first."`
	Input    anything       `json:"input,omitempty" doc:"In place of the input of the one item that is named, which is worked on from its first step then, or from. Secrets in it are written out: one with ••• is refused."`
	Repeat   bool           `json:"repeat,omitempty" doc:"true: also steps that had an effect are done again, such as writes that were applied."`
	Continue bool           `json:"continue,omitempty" doc:"true: also what was cancelled when the run stopped, and the rest of its lists."`
}

type flowItemName struct {
	Step string `json:"step" example:"orders"`
	N    int64  `json:"n" minimum:"0"`
}

type retriedFlow struct {
	Retried int           `json:"retried" doc:"How many items were begun again."`
	Run     flowRunDetail `json:"run"`
}

func (s *server) registerFlowItems() {
	see := access{controlPlane, connection.ScopeRead}
	register(s, see, huma.Operation{
		OperationID: "list-flow-items", Method: http.MethodGet, Path: "/v1/flows/{name}/runs/{id}/items", Tags: []string{tagFlows},
		Summary: "List what became of each item of a run", Description: "By step and number.",
	}, s.listFlowItems)
	register(s, see, huma.Operation{
		OperationID: "get-flow-item", Method: http.MethodGet, Path: "/v1/flows/{name}/runs/{id}/items/{step}/{n}", Tags: []string{tagFlows},
		Summary: "Get an item with its input and the result of each step",
	}, s.getFlowItem)
	register(s, access{controlPlane, connection.ScopeRun}, huma.Operation{
		OperationID: "retry-flow-run", Method: http.MethodPost, Path: "/v1/flows/{name}/runs/{id}/retry", Tags: []string{tagFlows}, DefaultStatus: http.StatusAccepted,
		Summary:     "Begin failed items of a run again",
		Description: "They go on from the step that failed, with the results so far. The run must have ended.",
		RequestBody: example(map[string]any{"items": []any{map[string]any{"step": "orders", "n": 17}}}),
	}, s.retryFlowRun)
	s.registerFlowSkip()
}

func (s *server) registerFlowSkip() {
	register(s, access{controlPlane, connection.ScopeRun}, huma.Operation{
		OperationID: "skip-flow-item", Method: http.MethodPost, Path: "/v1/flows/{name}/runs/{id}/items/{step}/{n}/skip", Tags: []string{tagFlows},
		Summary: "Leave an item out for good", Description: "One that failed, that was not begun, or that waits for a time. It counts as skipped; the audit log says who did it. 409 conflict for any other.",
	}, func(ctx context.Context, in *flowItemInput) (*one[flowItemDetail], error) {
		if err := s.Flows.Skip(ctx, callerOf(ctx).project(), in.Name, in.ID, flow.ItemRef{Step: storedStep(in.Step), N: in.N}); err != nil {
			return nil, err
		}
		return s.getFlowItem(ctx, in)
	})
}

func (s *server) listFlowItems(ctx context.Context, in *flowItemsInput) (*page[FlowItemView], error) {
	f, r, err := s.Flows.Run(ctx, callerOf(ctx).project(), in.Name, in.ID)
	if err != nil {
		return nil, err
	}
	at := place{kind: idCursor, owner: f.ID, subject: "flow-items/" + r.ID, filters: fmt.Sprintf("step=%q&status=%q", in.Step, in.Status)}
	filter := store.FlowItemFilter{Limit: in.Limit + 1, Bare: true}
	if in.Cursor != "" {
		from, err := s.open(at, in.Cursor)
		if err != nil {
			return nil, err
		}
		filter.FromStep, filter.FromN = from.id, from.seq
	}
	if in.Step != "" {
		step := storedStep(in.Step)
		filter.Step = &step
	}
	for _, one := range slices.Compact(slices.Sorted(slices.Values(in.Status))) {
		filter.Statuses = append(filter.Statuses, store.FlowItemStatus(one))
	}
	items, err := s.Store.FlowItems(ctx, f.ID, r.ID, filter)
	if err != nil {
		return nil, fmt.Errorf("read the items of a run: %w", err)
	}
	end := func(shown []store.FlowItem) position {
		last := shown[len(shown)-1]
		return position{id: last.Step, seq: last.N + 1}
	}
	return pageOf(s, at, in.Limit, items, viewFlowItem, end), nil
}

func (s *server) getFlowItem(ctx context.Context, in *flowItemInput) (*one[flowItemDetail], error) {
	f, r, err := s.Flows.Run(ctx, callerOf(ctx).project(), in.Name, in.ID)
	if err != nil {
		return nil, err
	}
	it, err := s.Store.FlowItem(ctx, f.ID, r.ID, storedStep(in.Step), in.N)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchItem(in.Step, in.N)
	}
	if err != nil {
		return nil, fmt.Errorf("read an item: %w", err)
	}
	come, err := s.Flows.Progress(ctx, r, it)
	if err != nil {
		return nil, err
	}
	d := flowItemDetail{FlowItemView: viewFlowItem(*it), Input: anything(flow.Shown(it.Input)), Output: anything(flow.Shown(it.Output)), Steps: make([]flowStepSeen, len(come.Steps)), Next: come.Next}
	for i, step := range come.Steps {
		d.Steps[i] = flowStepSeen{step.ID, step.Kind, anything(step.Result)}
	}
	return &one[flowItemDetail]{d}, nil
}

func (s *server) retryFlowRun(ctx context.Context, in *retryFlowInput) (*one[retriedFlow], error) {
	q := flow.Retry{From: in.Body.From, Repeat: in.Body.Repeat, Continue: in.Body.Continue}
	for _, it := range in.Body.Items {
		q.Items = append(q.Items, flow.ItemRef{Step: storedStep(it.Step), N: it.N})
	}
	if len(in.Body.Input) > 0 {
		q.Input = json.RawMessage(in.Body.Input)
	}
	r, n, err := s.Flows.Retry(ctx, callerOf(ctx).project(), in.Name, in.ID, q)
	v, err := s.runAnswer(ctx, in.Name, r, err)
	if err != nil {
		return nil, err
	}
	return &one[retriedFlow]{retriedFlow{n, v.Body}}, nil
}
