package flow_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/store"
)

const withASecret = `
flow: asks
parameters:
  key: {type: secret, required: true}
  address: {type: text, required: true}
steps:
  - id: asked
    request: {method: GET, url: "${params.address}", headers: {X-Api-Key: "${params.key}"}}
  - id: seen
    transform: {said: "${steps.asked.body.said}", status: "${steps.asked.status}"}
`

// A secret reaches whom it is for, is stored nowhere but sealed, and no step sees it in what another gave. It outlives a rotation of data keys, as do runs that began before.
func TestSecretsOfAFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.plan.Set(fault.Rule{Path: "vendors", When: func(r *http.Request) bool { return r.Header.Get("X-Api-Key") == erp.DefaultKey }, Fault: fault.Fault{Body: `{"said": "Welcome, ` + erp.DefaultKey + `"}`}})
	address, _ := json.Marshal(w.sim.URL() + "/vendors")
	key, _ := json.Marshal(erp.DefaultKey)
	a, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
		Document: withASecret, Format: "yaml", Parameters: map[string]json.RawMessage{"key": key, "address": address}, By: "test",
	})
	w.check(err)
	before := w.run("asks", "")
	w.hidesTheKey(before)
	was, err := w.app.Store.ProjectDataKey(t.Context(), w.project)
	w.check(err)
	w.check(w.app.Keys.RotateData(w.acting()))
	for range 5 {
		w.check(w.app.Keys.Tick(t.Context()))
	}
	now, err := w.app.Store.ProjectDataKey(t.Context(), w.project)
	w.check(err)
	if string(now) == string(was) {
		t.Fatal("the data key was not rotated")
	}
	w.hidesTheKey(w.run("asks", ""))
	f, err := w.app.Store.FlowByID(t.Context(), a.Flow.ID)
	w.check(err)
	if again := secret.SealedBy(w.read(before).Sealed); again != secret.SealedBy(f.Sealed) || again == secret.SealedBy(before.Sealed) {
		t.Error("what a run keeps is still under the key before")
	}
}

func (w *world) hidesTheKey(r *store.FlowRun) {
	w.Helper()
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if !strings.Contains(string(flow.Shown(r.Output)), `"Welcome, •••","status":200`) {
		w.Errorf("the output is %s", r.Output)
	}
	stored := string(r.Output) + string(r.Settings)
	for _, it := range w.items(r) {
		stored += string(it.Thread) + string(it.Input) + string(it.Output) + string(it.Error)
	}
	if strings.Contains(stored, erp.DefaultKey) {
		w.Errorf("what is stored: %s", stored)
	}
}

const pinned = `
flow: pins
connections: {erp: {}}
parameters: {pin: {type: secret, required: true}}
steps:
  - id: rows
    each:
      in: trigger.rows
      key: item.name
      steps:
        - {id: named, transform: {name: "${item.name}", n: "${item.n}"}}
        - {id: item, write: {connection: erp, entity: items, op: create, data: {name: "${steps.named.name}"}}}
  - id: sum
    transform: {first: "${trigger.rows[0].n + 1}"}
`

// Data that look like a secret are written as they are, and shown without it.
func TestSecretChangesNoRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
		Document: pinned, Format: "yaml", Connections: map[string]string{"erp": w.id}, Parameters: map[string]json.RawMessage{"pin": json.RawMessage(`"1200"`)}, By: "test",
	})
	w.check(err)
	r := w.run("pins", `{"rows":[{"name":"Valve 1200 mm","n":1200},{"name":"Valve 1300 mm","n":1}]}`)
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 2, OK: 2})
	if made := w.created("items"); made["Valve 1200 mm"] != 1 || made["Valve 1300 mm"] != 1 {
		t.Errorf("written is %v", made)
	}
	if got := string(flow.Shown(r.Output)); got != `{"first":1201}` && got != `{"first":"•••"}` {
		t.Errorf("the output is %s", got)
	}
	path := "/v1/flows/pins/runs/" + r.ID
	for _, it := range w.items(r) {
		shown, _ := json.Marshal([]any{w.call("GET", path, nil), w.call("GET", fmt.Sprintf("%s/items/%s/%d", path, cmp.Or(it.Step, "-"), it.N), nil)})
		if strings.Contains(string(shown), "1200 mm") || strings.Contains(string(shown), "\ue000") {
			t.Errorf("shown is %s", shown)
		}
	}
}

// A secret that a flow gives to one that it calls is stored nowhere but sealed there too, whatever the parameter is called and wherever it comes out.
func TestSecretOfACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nparameters: {key: {type: text}, token: {type: secret}}\nsteps: [{id: same, transform: {a: \"${params.key}\"}}]\n")
	const plain = "correct-horse-battery"
	_, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
		Document: "flow: outer\nparameters: {key: {type: secret, required: true}}\nsteps:\n  - {id: called, call: {flow: inner, parameters: {key: \"${params.key}\", token: \"${params.key}\"}}}\n" +
			"  - {id: back, transform: {a: \"${steps.called.output.a}\", whole: \"${hasSuffix(steps.called.output.a, 'battery')}\"}}\n",
		Format: "yaml", Parameters: map[string]json.RawMessage{"key": json.RawMessage(`"` + plain + `"`)}, By: "test",
	})
	w.check(err)
	outer := w.run("outer", "")
	w.ended(outer, store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if got := string(flow.Shown(outer.Output)); got != `{"a":"•••","whole":true}` {
		t.Errorf("the output is %s", got)
	}
	for _, r := range append(w.runs("inner"), *outer) {
		stored := string(r.Settings) + string(r.Input) + string(r.Output)
		for _, it := range w.items(&r) {
			stored += it.Key + string(it.Thread) + string(it.Input) + string(it.Output) + string(it.Error)
		}
		if strings.Contains(stored, plain) || len(r.Sealed) == 0 {
			t.Errorf("stored with run %s: %s", r.ID, stored)
		}
	}
}

// What looks like a mark in data is data, with a secret and without, also when it is given by a called flow.
func TestMarksInDataOfACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	for i, parameters := range []string{"{}", "{key: {type: secret}}"} {
		given := map[string]json.RawMessage{}
		if i > 0 {
			given["key"] = json.RawMessage(`"much secret"`)
		}
		_, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
			Document: fmt.Sprintf("flow: inner%d\nparameters: %s\nsteps: [{id: same, transform: {a: \"${trigger.input}\"}}]\n", i, parameters), Format: "yaml", Parameters: given, By: "test",
		})
		w.check(err)
		w.apply(fmt.Sprintf("flow: outer%d\nsteps:\n  - {id: called, call: {flow: inner%d, input: \"${trigger.input}\"}}\n  - {id: same, transform: {same: \"${steps.called.output.a == trigger.input}\"}}\n", i, i))
		for _, text := range []string{"plain", "\ue000", "a\ue000=\ue001b", "\ue0000.key\ue001", "\ue0000.none\ue001"} {
			in, _ := json.Marshal(text)
			r := w.run(fmt.Sprintf("outer%d", i), string(in))
			if r.State != store.FlowRunCompleted || string(r.Output) != `{"same":true}` {
				t.Errorf("inner%d %+q: %s %s %s", i, text, r.State, r.Output, r.ReasonDetail)
			}
		}
	}
}
