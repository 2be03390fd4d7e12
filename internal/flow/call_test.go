package flow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// A call that cannot be made fails its step: the run does not try for ever.
func TestCallRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nparameters: {typo: {type: number, default: 1}}\nsteps: [{id: sum, transform: {a: 1}}]\n")
	w.apply("flow: outer\nsteps: [{id: called, call: {flow: inner, parameters: {typo: 5}}}]\n")
	w.apply("flow: inner\nparameters: {by: {type: number, default: 1}}\nsteps: [{id: sum, transform: {a: 1}}]\n")
	r := w.run("outer", "")
	for range 20 {
		w.clock.add(time.Hour)
		w.settle()
	}
	if r = w.read(r); !r.State.Ended() {
		t.Errorf("after 20 hours the run is %s (%s)", r.State, r.ReasonCode)
	}
}

// An output that is nested as deep as may be is no reason to die.
func TestDeepOutput(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nsteps: [{id: same, transform: \"${reduce(1..100, [#acc], 0)}\"}]\n")
	w.apply("flow: outer\nsteps: [{id: called, call: {flow: inner}}, {id: seen, transform: {a: \"${run.id}\"}}]\n")
	r := w.run("outer", "")
	if r.State != store.FlowRunFailed || r.ReasonCode != "step-failed" {
		t.Errorf("it is %s (%s %s)", r.State, r.ReasonCode, r.ReasonDetail)
	}
}

// A write of what the connection does not hold fails: the run does not ask for ever.
func TestWriteOfWhatIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: orders\nconnections: {erp: {}}\nsteps: [{id: made, write: {connection: erp, entity: purchase-requisitions, op: create, data: {number: \"1\"}}}]\n", "erp")
	r := w.run("orders", "")
	for range 5 {
		w.clock.add(time.Hour)
		w.settle()
	}
	if r = w.read(r); !r.State.Ended() {
		t.Errorf("after five hours the run is %s (%s %s)", r.State, r.ReasonCode, r.ReasonDetail)
	}
}

// A run that another one called goes on at once, however many are under way: whoever called it waits for it.
func TestCalledRunsDoNotQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nruns: {at_once: 1}\nsteps: [{id: rest, wait: {for: 10m}}]\n")
	w.apply("flow: outer\nsteps: [{id: rows, each: {in: 1..3, steps: [{id: called, call: {flow: inner}}]}}]\n")
	r := w.run("outer", "")
	for _, called := range w.runs("inner") {
		if called.State != store.FlowRunWaiting {
			t.Errorf("a called run is %s", called.State)
		}
	}
	w.clock.add(11 * time.Minute)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 3, OK: 3})
}

// A called run that is retried when nobody waits for it any more cuts nobody's wait short.
func TestRetriedCallCutsNoWaitShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nsteps: [{id: same, transform: \"${trigger.input.x.y}\"}]\n")
	w.apply("flow: outer\nsteps:\n  - {id: called, call: {flow: inner}, on_error: continue}\n  - {id: rest, wait: {for: 24h}}\n")
	outer := w.run("outer", "")
	inner := w.runs("inner")[0]
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "inner", inner.ID, flow.Retry{Items: []flow.ItemRef{{Step: "", N: 0}}, Input: json.RawMessage(`{"x":{"y":1}}`)})
	w.check(err)
	w.settle()
	if outer = w.read(outer); outer.State != store.FlowRunWaiting {
		t.Errorf("a wait of 24h is over at once: the run is %s", outer.State)
	}
}
