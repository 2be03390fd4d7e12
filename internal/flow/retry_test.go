package flow_test

import (
	"encoding/json"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// What a list could not judge is judged before it is worked on.
func TestRetryOfWhatTheListCouldNotJudge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.apply(`
flow: judged
connections: {erp: {}}
steps:
  - id: vendors
    list: {connection: erp, entity: vendors, where: 'record.custom_fields.nothing.there > 100'}
  - id: each
    each:
      in: vendors
      steps: [{id: item, write: {connection: erp, entity: items, op: create, data: {name: "${item.name}"}}}]
`, "erp")
	r := w.run("judged", "")
	_, n, err := w.app.Flows.Retry(w.acting(), w.project, "judged", r.ID, flow.Retry{})
	w.settle()
	if made := w.created("items"); len(made) != 0 {
		t.Errorf("retry of %d (%v): records that the condition never let through made %v", n, err, made)
	}
}

// A retry from a step does nothing in a way of a branch that the item did not take.
func TestRetryFromAnotherWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: ways
connections: {erp: {}}
steps:
  - id: way
    branch:
      - if: trigger.input.left
        steps: [{id: left, write: {connection: erp, entity: items, op: create, data: {name: "Left"}}}]
      - else: true
        steps: [{id: right, write: {connection: erp, entity: items, op: create, data: {name: "Right"}}}]
  - id: bad
    transform: "${trigger.input.missing.name}"
`, "erp")
	r := w.run("ways", `{"left": true}`)
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "ways", r.ID, flow.Retry{From: "right"})
	w.settle()
	if made := w.created("items"); made["Right"] != 0 || err == nil {
		t.Errorf("a retry without repeat from the way not taken: %v; made %v", err, made)
	}
}

// A new input for the steps on top counts.
func TestRetryWithAnotherInputOnTop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: top\nsteps: [{id: bad, transform: {a: \"${trigger.input.x.y}\"}}]\n")
	r := w.run("top", `{}`)
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "top", r.ID, flow.Retry{Items: []flow.ItemRef{{}}, Input: json.RawMessage(`{"x":{"y":1}}`)})
	w.settle()
	if now := w.read(r); err == nil && now.State != store.FlowRunCompleted {
		t.Errorf("the retry with a mended input was taken, and the run is %s (%s)", now.State, now.ReasonDetail)
	}
}

// A retry of a called flow that failed half way does not write again what was written.
func TestRetryOfACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: inner
connections: {erp: {}}
steps:
  - id: item
    write: {connection: erp, entity: items, op: create, data: {name: "Once"}}
  - id: bad
    transform: "${trigger.input.missing.name}"
`, "erp")
	w.apply("flow: outer\nsteps: [{id: called, call: {flow: inner, input: {a: 1}}}]\n")
	r := w.run("outer", "")
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "outer", r.ID, flow.Retry{})
	w.settle()
	if made := w.created("items"); made["Once"] != 1 {
		t.Errorf("a retry without repeat (%v) made it %d times", err, made["Once"])
	}
}

// Steps on top that are begun again from an each take nothing in twice.
func TestRetryFromEachTakesNothingInTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: from\nsteps:\n  - {id: rows, each: {in: trigger.rows, steps: [{id: same, transform: \"${item}\"}]}}\n  - {id: bad, transform: \"${trigger.x.y}\"}\n")
	r := w.run("from", `{"rows":[1,2,3]}`)
	w.ended(r, store.FlowRunFailed, store.FlowCounts{In: 3, OK: 3})
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "from", r.ID, flow.Retry{Items: []flow.ItemRef{{Step: "", N: 0}}, From: "rows"})
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunFailed, store.FlowCounts{In: 3, OK: 3})
}
