package flowtest

import (
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// apply applies a document under its name.
func (w *world) apply(name, document string, roles map[string]string, parameters object) {
	w.Helper()
	connections := map[string]string{}
	for role, system := range roles {
		connections[role] = w.ids[system]
	}
	given := map[string]json.RawMessage{}
	for p, v := range parameters {
		text, err := json.Marshal(v)
		w.check(err)
		given[p] = text
	}
	project, err := w.app.Store.FirstProject(w.Context())
	w.check(err)
	_, err = w.app.Flows.Apply(w.acting(), project, flow.Application{Name: name, Document: document, Format: "yaml", Connections: connections, Parameters: given, By: "test"})
	w.check(err)
}

// example applies a flow of examples/flows.
func (w *world) example(name string, roles map[string]string, parameters object) {
	w.Helper()
	w.apply(name, document(w.T, name), roles, parameters)
}

// run begins a run and gives what it has come to.
func (w *world) run(name string, input any) string {
	w.Helper()
	project, err := w.app.Store.FirstProject(w.Context())
	w.check(err)
	text, err := json.Marshal(input)
	w.check(err)
	r, err := w.app.Flows.Start(w.acting(), project, name, flow.Begin{Input: text, Caller: "test"})
	w.check(err)
	w.settle()
	r, err = w.app.Store.FlowRun(w.Context(), r.FlowID, r.ID)
	w.check(err)
	c := r.Counts
	return fmt.Sprintf("%s: in %d, ok %d, failed %d, skipped %d", r.State, c.In, c.OK, c.Failed, c.Skipped)
}

// runs gives a flow's runs, newest first.
func (w *world) runs(name string) []store.FlowRun {
	w.Helper()
	project, err := w.app.Store.FirstProject(w.Context())
	w.check(err)
	f, err := w.app.Store.Flow(w.Context(), project, name)
	w.check(err)
	runs, err := w.app.Store.FlowRuns(w.Context(), store.FlowRunFilter{Project: project, Flow: f.ID, Limit: 100})
	w.check(err)
	return runs
}

// newest gives a flow's newest run.
func (w *world) newest(name string) *store.FlowRun {
	w.Helper()
	runs := w.runs(name)
	if len(runs) == 0 {
		w.Fatalf("flow %s has no run", name)
	}
	f, err := w.app.Store.FlowRun(w.Context(), runs[0].FlowID, runs[0].ID)
	w.check(err)
	return f
}

// items gives what a run took in.
func (w *world) items(r *store.FlowRun) []store.FlowItem {
	w.Helper()
	items, err := w.app.Store.FlowItems(w.Context(), r.FlowID, r.ID, store.FlowItemFilter{Limit: 100})
	w.check(err)
	return items
}

// show logs what became of the items of every run of a flow.
func (w *world) show(name string) {
	w.Helper()
	for _, r := range w.runs(name) {
		w.Logf("%s %s %+v", r.ID, r.State, r.Counts)
		for _, it := range w.items(&r) {
			w.Logf("  %s %d %s %.300s %.900s waits %s", it.Step, it.N, it.Status, it.Error, it.Thread, it.Waits)
		}
	}
}

// failure tells in words why an item of the newest run failed.
func (w *world) failure(name string, n int64) string {
	w.Helper()
	for _, it := range w.items(w.newest(name)) {
		if it.Step != "" && it.N == n {
			return problem.FromDocument(it.Error).Detail
		}
	}
	return ""
}
