package flow_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

const upserts = `
flow: upserts
connections: {erp: {}}
runs: {at_once: 3}
steps:
  - id: rows
    each:
      in: trigger.rows
      key: string(item.n)
      batch_size: 2
      steps:
        - id: item
          write: {connection: erp, entity: items, op: upsert, by: {name: "${item.name}"}, data: {name: "${item.name}"}}
        - id: told
          transform: {id: "${steps.item.id}"}
`

// Whoever upserts by one key makes one record: items of a batch, batches, runs and flows, whatever they begin while the write of another is under way.
func TestUpsertsMakeOneRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	w.apply(strings.Replace(upserts, "upserts", "others", 1), "erp")
	var runs []*store.FlowRun
	for _, name := range []string{"upserts", "upserts", "others"} {
		r, err := w.app.Flows.Start(w.acting(), w.project, name, flow.Begin{
			Input: json.RawMessage(`{"rows":[{"n":1,"name":"Bolt M99"},{"n":2,"name":"Bolt M99"},{"n":3,"name":"Nut M99"},{"n":4,"name":"Bolt M99"}]}`), Caller: "test",
		})
		w.check(err)
		runs = append(runs, r)
	}
	w.check(w.app.StepFlows(w.acting())) // what they want written is asked for, and nothing is written
	for range 20 {
		w.clock.add(time.Second)
		w.settle()
	}
	for _, r := range runs {
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 4, OK: 4})
	}
	if made := w.created("items"); len(made) != 2 || made["Bolt M99"] != 1 || made["Nut M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}

// What an item that ended has claimed is free, however it ended.
func TestClaimsEndWithTheirItems(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	input := json.RawMessage(`{"rows":[{"n":1,"name":"Bolt M99"}]}`)
	first, err := w.app.Flows.Start(w.acting(), w.project, "upserts", flow.Begin{Input: input, Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // its write is asked for
	second, err := w.app.Flows.Start(w.acting(), w.project, "upserts", flow.Begin{Input: input, Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting()))
	if now := w.read(second); now.Counts.Running != 1 {
		t.Errorf("the second has %+v", now.Counts)
	}
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "upserts", first.ID)
	w.check(err)
	w.check(w.app.StepFlows(w.acting()))
	for range 3 {
		w.clock.add(time.Second)
		w.settle()
	}
	w.ended(w.read(first), store.FlowRunCancelled, store.FlowCounts{In: 1, Cancelled: 1})
	w.ended(w.read(second), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}
