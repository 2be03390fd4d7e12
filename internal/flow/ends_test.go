package flow_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

const twoWrites = `
flow: two-writes
connections: {erp: {}}
steps:
  - id: first
    write: {connection: erp, entity: items, op: create, data: {name: "First"}}
  - id: second
    write: {connection: erp, entity: items, op: create, data: {name: "Second"}}
`

// A run that is cancelled reads no more of its list and begins nothing more.
func TestCancelReadsNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows(""), "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "rows-to-items", flow.Begin{Input: json.RawMessage(numbered(450)), Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // the first five are an operation now
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "rows-to-items", r.ID)
	w.check(err)
	w.settle()
	now := w.read(r)
	if made := w.created("items"); len(made) > 5 {
		t.Errorf("the run is %s with %+v, and %d items were made after it was cancelled", now.State, now.Counts, len(made))
	}
}

// Cancelling a run while a write of an item is under way begins no further write of that item.
func TestCancelInAnItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(twoWrites, "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "two-writes", flow.Begin{Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting()))   // the first write is an operation now
	w.check(w.app.Step(t.Context(), w.id)) // and applied
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "two-writes", r.ID)
	w.check(err)
	w.settle()
	now := w.read(r)
	if made := w.created("items"); made["Second"] != 0 {
		t.Errorf("the run is %s with %+v; after the cancel it made %v", now.State, now.Counts, made)
	}
}

// A cancelled run whose connection cannot be used ends, and takes nobody with it.
func TestCancelWhileTheConnectionIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(twoWrites, "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "two-writes", flow.Begin{Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting()))
	w.check(w.app.Step(t.Context(), w.id)) // the first write is applied
	w.call("POST", "/v1/connections/"+w.id+"/pause", nil)
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "two-writes", r.ID)
	w.check(err)
	func() {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("the worker panics: %v", p)
			}
		}()
		w.settle()
	}()
}

// A cancelled run ends, also where the flow that it called is deleted meanwhile.
func TestCancelBehindADeletedFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: inner\nsteps: [{id: rest, wait: {for: 1h}}]\n")
	w.apply("flow: outer\nsteps: [{id: called, call: {flow: inner}}]\n")
	r := w.run("outer", "")
	_, err := w.app.Flows.PauseRun(w.acting(), w.project, "outer", r.ID)
	w.check(err)
	w.clock.add(2 * time.Hour)
	w.settle()
	w.check(w.app.Flows.Delete(w.acting(), w.project, "inner"))
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "outer", r.ID)
	w.check(err)
	for range 10 {
		w.clock.add(time.Hour)
		w.settle()
	}
	if r = w.read(r); !r.State.Ended() {
		t.Errorf("ten hours after it was cancelled it is %s (%s)", r.State, r.ReasonCode)
	}
}

// A disconnection lets runs rest: what waits to be written is not failed.
func TestDisconnectFailsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(twoWrites, "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "two-writes", flow.Begin{Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // the first write is an operation that nobody has sent
	w.call("POST", "/v1/connections/"+w.id+"/disconnect", nil)
	w.clock.add(time.Minute)
	w.settle()
	w.call("POST", "/v1/connections/"+w.id+"/reconnect", map[string]any{"credentials": map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey}})
	for range 5 {
		w.clock.add(time.Minute)
		w.settle()
	}
	if now := w.read(r); now.State != store.FlowRunCompleted {
		t.Errorf("after it was connected again the run is %s (%s %s)", now.State, now.ReasonCode, now.ReasonDetail)
	}
}

// A run that waited for another goes on when that one ends since its connection is erased.
func TestErasedRunLetsOthersGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	first := w.id
	doc := "flow: slow\nconnections: {erp: {}}\nruns: {at_once: 1}\nsteps: [{id: rest, wait: {for: 24h}}, {id: got, find: {connection: erp, entity: vendors, by: {name: x}, none: empty}}]\n"
	w.apply(doc, "erp")
	one := w.run("slow", "")
	made := w.call("POST", "/v1/connections", map[string]any{
		"system": "sim-erp", "history": "all", "schedule": "manual", "entities": []string{"vendors", "items"}, "credentials": map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey},
	})
	w.id = made["connection"].(map[string]any)["id"].(string)
	w.check(w.app.Step(t.Context(), w.id))
	w.apply(doc, "erp") // with the other connection
	two := w.run("slow", "")
	w.call("POST", "/v1/connections/"+first+"/disconnect", nil)
	w.call("POST", "/v1/connections/"+first+"/delete-data", nil)
	for range 20 {
		w.check(w.app.Step(t.Context(), first))
		w.settle()
		w.clock.add(time.Minute)
	}
	for range 5 {
		w.clock.add(25 * time.Hour)
		w.settle()
	}
	if r := w.read(two); w.read(one).State.Ended() && !r.State.Ended() {
		t.Errorf("the second is %s for days, due %s", r.State, r.DueAt)
	}
}

// A called flow's run and a run whose caller is gone end.
func TestChildOfAnErasedRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: last\nsteps: [{id: done, transform: {a: 1}}]\n")
	w.apply("flow: inner\nsteps: [{id: rest, wait: {for: 1h}}, {id: called, call: {flow: last}}]\n")
	w.apply("flow: outer\nconnections: {erp: {}}\nsteps: [{id: called, call: {flow: inner}}, {id: got, find: {connection: erp, entity: vendors, by: {name: x}, none: empty}}]\n", "erp")
	w.run("outer", "")
	w.call("POST", "/v1/connections/"+w.id+"/disconnect", nil)
	w.call("POST", "/v1/connections/"+w.id+"/delete-data", nil)
	for range 10 {
		w.check(w.app.Step(t.Context(), w.id))
		w.clock.add(time.Minute)
	}
	w.check(w.app.Flows.Delete(w.acting(), w.project, "outer"))
	for range 5 {
		w.clock.add(time.Hour)
		w.check(w.app.StepFlows(w.acting()))
	}
	for _, r := range w.runs("inner") {
		if !r.State.Ended() {
			t.Errorf("hours later the called run is %s (%s)", r.State, r.ReasonCode)
		}
	}
}
