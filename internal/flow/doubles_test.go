package flow_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/store"
)

const makes = "steps: [{id: made, write: {connection: erp, entity: items, op: create, data: {name: Bolt M99}}}]\n"

// A write that was refused is sent again by its run, and not by whoever retries its operation too.
func TestOperationOfAFlowIsRetriedByItsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: makes\nconnections: {erp: {}}\n"+makes, "erp")
	w.plan.Set(fault.Rule{Path: "items", Write: "*", Times: 1, Fault: fault.Fault{Status: 422}})
	r := w.run("makes", "")
	w.ended(r, store.FlowRunFailed, store.FlowCounts{In: 1, Failed: 1})
	w.refused(http.StatusConflict, "POST", "/v1/operations/"+w.items(r)[0].Operation+"/retry")
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "makes", r.ID, flow.Retry{})
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}

// refused says that a call is answered with this status.
func (w *world) refused(status int, method, path string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), method, w.web.URL+path, http.NoBody)
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Busbar-Connection", w.id)
	resp, err := w.web.Client().Do(req)
	w.check(err)
	w.check(resp.Body.Close())
	if resp.StatusCode != status {
		w.Errorf("%s %s: %d, not %d", method, path, resp.StatusCode, status)
	}
}

// What was applied while a run could not be opened is taken, and not made again, when the run goes on that was cancelled meanwhile.
func TestCancelledRunGoesOnWithWhatWasApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
		Document: "flow: makes\nconnections: {erp: {}}\nparameters: {key: {type: secret}}\n" + makes, Format: "yaml", Connections: map[string]string{"erp": w.id},
		Parameters: map[string]json.RawMessage{"key": json.RawMessage(`"much secret"`)}, By: "test",
	})
	w.check(err)
	r, err := w.app.Flows.Start(w.acting(), w.project, "makes", flow.Begin{Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // it waits for its write
	keeper := w.app.Flows.Keeper
	w.app.Flows.Keeper = nil // nobody can open its secrets
	w.pass(5)
	for range 2 { // also where it is cancelled once more before it has gone on
		_, err = w.app.Flows.Cancel(w.acting(), w.project, "makes", r.ID)
		w.check(err)
		w.pass(5)
		w.ended(w.read(r), store.FlowRunCancelled, store.FlowCounts{In: 1, Cancelled: 1})
		w.app.Flows.Keeper = keeper
		_, _, err = w.app.Flows.Retry(w.acting(), w.project, "makes", r.ID, flow.Retry{Continue: true, From: "made"})
		if err == nil {
			t.Error("it goes on from the step whose write is applied")
		}
		_, _, err = w.app.Flows.Retry(w.acting(), w.project, "makes", r.ID, flow.Retry{Continue: true})
		w.check(err)
		w.app.Flows.Keeper = nil
	}
	w.app.Flows.Keeper = keeper
	w.pass(5)
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}

// pass lets minutes pass.
func (w *world) pass(minutes int) {
	w.Helper()
	for range minutes {
		w.clock.add(time.Minute)
		w.settle()
	}
}

// A write whose operation is not kept any more is not written again unless somebody says so.
func TestWriteThatNobodyKnowsIsRepeatedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: makes\nconnections: {erp: {}}\n"+makes, "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "makes", flow.Begin{Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // it waits for its write
	m := w.items(r)[0].Move(store.FlowItemRunning)
	m.Operation = "none"
	w.check(w.app.Store.Write(t.Context(), func(tx *store.Tx) error {
		now, err := tx.FlowRun(t.Context(), r.FlowID, r.ID)
		if err != nil {
			return err
		}
		return tx.MoveFlowItems(t.Context(), now, []store.FlowItemMove{m}, w.clock.Now())
	}))
	w.pass(2)
	w.ended(w.read(r), store.FlowRunFailed, store.FlowCounts{In: 1, Failed: 1})
	if _, _, err = w.app.Flows.Retry(w.acting(), w.project, "makes", r.ID, flow.Retry{}); err == nil {
		t.Error("it is written again just so")
	}
	_, _, err = w.app.Flows.Retry(w.acting(), w.project, "makes", r.ID, flow.Retry{Repeat: true})
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
}
