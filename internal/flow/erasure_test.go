package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// erase deletes the data of the connection.
func (w *world) erase() {
	w.Helper()
	w.call("POST", "/v1/connections/"+w.id+"/disconnect", nil)
	w.call("POST", "/v1/connections/"+w.id+"/delete-data", nil)
	for range 20 {
		w.check(w.app.Step(w.Context(), w.id))
		w.clock.add(time.Minute)
	}
}

// holdsNothing says that nothing is left of what runs of a flow were given and gave.
func (w *world) holdsNothing(flow string) {
	w.Helper()
	for _, r := range w.runs(flow) {
		left := string(r.Input) + string(r.Output) + r.ReasonDetail + strings.TrimSuffix(string(r.Settings), "{}")
		for _, it := range w.items(&r) {
			left += string(it.Input) + string(it.Output) + string(it.Thread) + string(it.Error)
		}
		if left != "" || !r.Erased {
			w.Errorf("the run of %s still holds %.200s", flow, left)
		}
	}
}

// Where data of a connection are erased, so is what was given to runs that were called, to those that these called, and what came back to runs that use no connection.
func TestErasureReachesCalledFlows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.apply("flow: innermost\nsteps: [{id: same, transform: {a: \"${trigger.input}\"}}]\n")
	w.apply("flow: inner\nparameters: {who: {type: text}}\nsteps: [{id: called, call: {flow: innermost, input: \"${params.who}\"}}]\n")
	w.apply(`
flow: reads
connections: {erp: {}}
steps:
  - id: vendors
    list: {connection: erp, entity: vendors}
  - id: each
    each:
      in: vendors
      steps: [{id: called, call: {flow: inner, parameters: {who: "${item.name}"}}}]
`, "erp")
	w.apply("flow: calls\nsteps: [{id: got, call: {flow: reads}}]\n")
	w.apply("flow: calls-that\nsteps: [{id: got, call: {flow: calls}}, {id: other, call: {flow: innermost, input: '${steps.got.output}'}}]\n")
	w.ended(w.run("calls-that", ""), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	apart := w.run("innermost", `"nothing of theirs"`)
	if n := len(w.runs("innermost")); n != 4 {
		t.Fatalf("%d runs of the innermost flow", n)
	}
	w.erase()
	for _, flow := range []string{"reads", "inner", "calls", "calls-that"} {
		w.holdsNothing(flow)
	}
	erased := 0
	for _, r := range w.runs("innermost") {
		if r.Erased {
			erased++
		}
	}
	if r := w.read(apart); erased != 3 || string(r.Input) != `"nothing of theirs"` {
		t.Errorf("%d runs of the innermost flow are erased; the one apart was given %s", erased, r.Input)
	}
}

// What is noted of a trigger goes with the data that it followed.
func TestErasureBlanksTriggers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	a := w.apply(changesToItems, "erp")
	w.edit(0, "New name")
	w.sync()
	w.settle()
	before, err := w.app.Store.FlowByID(t.Context(), a.Flow.ID)
	w.check(err)
	w.erase()
	f, err := w.app.Store.FlowByID(t.Context(), a.Flow.ID)
	w.check(err)
	if before.Cursor == "" || len(before.TriggerNote) < 3 || f.Cursor != "" || string(f.TriggerNote) != "{}" {
		t.Errorf("of the trigger was known %s %s, and is known %s %s", before.Cursor, before.TriggerNote, f.Cursor, f.TriggerNote)
	}
	w.holdsNothing("changes-to-items")
}
