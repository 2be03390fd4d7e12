package flow_test

import (
	"encoding/json"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// A record whose key is taken by another one is counted, also where that key is its own id.
func TestKeyThatIsTheIDOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	w.apply("flow: keyed\nconnections: {erp: {}}\nparameters: {k: {type: text}}\nsteps:\n  - {id: vendors, list: {connection: erp, entity: vendors}}\n  - {id: each, each: {in: vendors, key: params.k, steps: [{id: same, transform: \"${item.id}\"}]}}\n", "erp")
	for _, v := range w.call("GET", "/v1/vendors", nil)["data"].([]any) {
		k, _ := json.Marshal(v.(map[string]any)["id"])
		r, err := w.app.Flows.Start(w.acting(), w.project, "keyed", flow.Begin{Parameters: map[string]json.RawMessage{"k": k}, Caller: "test"})
		w.check(err)
		w.settle()
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 2, OK: 1, Skipped: 1})
	}
}

// Values of a list that is read again are the same items only where they are the same values: one with another content, and each further one with a key that is taken, counts as skipped.
func TestListThatIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: again\nsteps:\n  - {id: rows, each: {in: trigger.rows, steps: [{id: same, transform: \"${item}\"}]}}\n  - {id: bad, transform: \"${trigger.x.y}\"}\n")
	r := w.run("again", `{"rows":[{"id":"a"},{"id":"a"},{"id":"b"}]}`)
	w.ended(r, store.FlowRunFailed, store.FlowCounts{In: 3, OK: 2, Skipped: 1})
	top := flow.Retry{Items: []flow.ItemRef{{Step: "", N: 0}}, From: "rows"}
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "again", r.ID, top)
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunFailed, store.FlowCounts{In: 3, OK: 2, Skipped: 1})
	top.Input = json.RawMessage(`{"rows":[{"id":"a"},{"id":"b","name":"another"},{"id":"c"}]}`)
	_, _, err = w.app.Flows.Retry(w.acting(), w.project, "again", r.ID, top)
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunFailed, store.FlowCounts{In: 5, OK: 3, Skipped: 2})
}
