package flow_test

import (
	"encoding/json"
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
	if !strings.Contains(string(r.Output), `"Welcome, •••","status":200`) {
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
