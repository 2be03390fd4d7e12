package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
)

type testFlowInput struct {
	FlowInput
	Body testFlow
}

type testFlow struct {
	Document    string                `json:"document,omitempty" maxLength:"1000000" doc:"YAML or JSON, in place of the flow's newest; the flow need not be there then."`
	Format      string                `json:"format,omitempty" enum:"yaml,json" default:"yaml"`
	Connections map[string]string     `json:"connections,omitempty" doc:"Ids by role, in place of the flow's own."`
	Parameters  object                `json:"parameters,omitempty" doc:"Values by name, in place of the flow's own."`
	Input       anything              `json:"input,omitempty" doc:"What steps see as trigger.input. Default: of a trigger that follows a stream, its first records as changes."`
	Items       map[string][]anything `json:"items,omitempty" doc:"Items by each step, in place of the first of its list."`
	Records     []string              `json:"records,omitempty" maxItems:"50" doc:"Ids of records that the trigger's stream and the flow's lists are to give, in place of their first."`
	Most        int                   `json:"most,omitempty" minimum:"1" maximum:"50" doc:"Items of each list, or changes. Default: 5."`
}

// testedFlow is what a run would do.
type testedFlow struct {
	Threads []testedThread `json:"threads" doc:"The steps on top first, then those of each item."`
	Nothing string         `json:"nothing" doc:"Why nothing was tested, and what to give; empty: something was."`
}

type testedThread struct {
	Step   string       `json:"step" doc:"The step whose item it is; - are the steps on top."`
	N      int64        `json:"n"`
	Key    string       `json:"key"`
	Input  anything     `json:"input"`
	Status string       `json:"status" enum:"ok,failed,skipped"`
	Error  anything     `json:"error" doc:"A problem document; null: it does not fail."`
	Steps  []testedStep `json:"steps"`
}

type testedStep struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind" example:"write"`
	Result anything `json:"result"`
	Would  anything `json:"would" doc:"What it would send; null: nothing."`
}

func viewReport(r *flow.Report) testedFlow {
	out := testedFlow{Nothing: r.Nothing, Threads: make([]testedThread, len(r.Threads))}
	for i, t := range r.Threads {
		v := testedThread{Step: shownStep(t.Step), N: t.N, Key: t.Key, Input: anything(t.Input), Status: t.Status, Error: anything(t.Error), Steps: make([]testedStep, len(t.Steps))}
		for n, step := range t.Steps {
			v.Steps[n] = testedStep{ID: step.ID, Kind: step.Kind, Result: anything(step.Result)}
			if step.Would != nil {
				v.Steps[n].Would = mustMarshal(step.Would)
			}
		}
		out.Threads[i] = v
	}
	return out
}

func (s *server) registerFlowTests() {
	registerAs(s, access{controlPlane, connection.ScopeFlows}, manner{keyed: true}, huma.Operation{
		OperationID: "test-flow", Method: http.MethodPost, Path: "/v1/flows/{name}/test", Tags: []string{tagFlows},
		Summary: "Say what a run would do",
		Description: "The steps are done on the first items of each list and the first records of the trigger's stream, or on those that are given. Writes are checked and not sent, requests and notices are shown and not sent, waits are passed over. " +
			"Nothing is stored. 200 whatever the verdict on its items.",
		RequestBody: example(map[string]any{"items": map[string]any{"orders": []any{map[string]any{"number": "PR-1"}}}}),
	}, s.testFlow)
}

func (s *server) testFlow(ctx context.Context, in *testFlowInput) (*one[testedFlow], error) {
	values, err := parametersOf(in.Body.Parameters)
	if err != nil {
		return nil, err
	}
	t := flow.Test{
		Document: in.Body.Document, Format: FlowDocument{Format: in.Body.Format}.format(), Connections: in.Body.Connections, Parameters: values, Input: json.RawMessage(in.Body.Input),
		Items: map[string][]json.RawMessage{}, Records: in.Body.Records, Most: in.Body.Most,
	}
	for step, items := range in.Body.Items {
		t.Items[step] = make([]json.RawMessage, len(items))
		for i, one := range items {
			t.Items[step][i] = json.RawMessage(one)
		}
	}
	report, err := s.Flows.Try(ctx, callerOf(ctx).project(), in.Name, t)
	if err != nil {
		return nil, flowError(err)
	}
	return &one[testedFlow]{viewReport(report)}, nil
}
