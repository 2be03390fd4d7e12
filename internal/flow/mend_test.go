package flow_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/store"
)

// An input that is mended is what the item is worked on with.
func TestMendedInputIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: mapped\nconnections: {erp: {}}\nsteps:\n  - id: rows\n    each:\n      in: trigger.rows\n      steps:\n        - {id: map, transform: {name: \"${item.name}\"}}\n        - {id: made, write: {connection: erp, entity: items, op: create, data: \"${steps.map}\"}}\n", "erp")
	w.plan.Set(fault.Rule{Path: "items", Write: "*", Times: 1, Fault: fault.Fault{Status: 422}})
	r := w.run("mapped", `{"rows":[{"name":"Wrong"}]}`)
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "mapped", r.ID, flow.Retry{Items: []flow.ItemRef{{Step: "rows", N: 0}}, Input: json.RawMessage(`{"name":"Right"}`)})
	w.check(err)
	w.settle()
	if made := w.created("items"); made["Right"] != 1 {
		t.Errorf("the run is %s and made %v", w.read(r).State, made)
	}
}

// A new input that would do again what had its effect wants `+"`repeat`"+`, or a later step.
func TestMendedInputRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: twice\nconnections: {erp: {}}\nsteps:\n  - id: rows\n    each:\n      in: trigger.rows\n      steps:\n        - {id: made, write: {connection: erp, entity: items, op: create, data: {name: \"${item.name}\"}}}\n        - {id: bad, transform: \"${item.x.y}\"}\n", "erp")
	r := w.run("twice", `{"rows":[{"name":"Once"}]}`)
	q := flow.Retry{Items: []flow.ItemRef{{Step: "rows", N: 0}}, Input: json.RawMessage(`{"name":"Again","x":{"y":1}}`)}
	var p *problem.Error
	if _, _, err := w.app.Flows.Retry(w.acting(), w.project, "twice", r.ID, q); !errors.As(err, &p) || p.Code != problem.Conflict {
		t.Errorf("without repeat: %v", err)
	}
	q.From = "bad"
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "twice", r.ID, q)
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if made := w.created("items"); made["Once"] != 1 || made["Again"] != 0 {
		t.Errorf("it made %v", made)
	}
}

// An input with what covers a secret where people see it is refused.
func TestMendedInputKeepsSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
		Document: "flow: mend\nparameters: {key: {type: secret}}\nsteps:\n  - id: rows\n    each: {in: trigger.rows, steps: [{id: same, transform: {a: \"${item.a}\", b: \"${item.b + 1}\"}}]}\n",
		Format:   "yaml", Parameters: map[string]json.RawMessage{"key": json.RawMessage(`"much secret"`)}, By: "test",
	})
	w.check(err)
	r := w.run("mend", `{"rows":[{"a":"much secret","b":"x"}]}`)
	shown := strings.Replace(string(flow.Shown(w.items(r)[1].Input)), `"x"`, `1`, 1)
	_, _, err = w.app.Flows.Retry(w.acting(), w.project, "mend", r.ID, flow.Retry{Items: []flow.ItemRef{{Step: "rows", N: 0}}, Input: json.RawMessage(shown)})
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != problem.ValidationFailed || !strings.Contains(shown, "•••") {
		t.Errorf("the input %s: %v", shown, err)
	}
}
