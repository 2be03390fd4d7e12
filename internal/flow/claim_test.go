package flow_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/fault"
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
		w.clock.add(10 * time.Second)
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

// A claim lasts as long as its write is under way, however long that is.
func TestClaimLastsAsLongAsItsWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	for range 2 {
		_, err := w.app.Flows.Start(w.acting(), w.project, "upserts", flow.Begin{Input: json.RawMessage(`{"rows":[{"n":1,"name":"Bolt M99"}]}`), Caller: "test"})
		w.check(err)
		for range 3 {
			w.check(w.app.StepFlows(w.acting())) // nothing is written
			w.clock.add(time.Minute)
		}
	}
	w.pass(2)
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}

// unread lets the record that is made next be unreadable behind its write.
func (w *world) unread() {
	w.plan.Set(fault.Rule{Path: "items", Write: "*", Times: 1, Fault: fault.Fault{Rewrite: func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte(`"createdAt":"`), []byte(`"createdAt":"no time `))
	}}})
}

// A record that was made and could not be read behind its write is not made again by whoever upserts by the same key: they wait until a sync has brought it.
func TestUpsertWaitsForWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	w.unread()
	const rows = `{"rows":[{"n":1,"name":"Bolt M99"}]}`
	one, two := w.run("upserts", rows), w.run("upserts", rows)
	w.pass(5)
	for i, r := range []*store.FlowRun{w.read(one), w.read(two)} {
		if r.State != store.FlowRunWaiting || r.ReasonCode != problem.ReasonWaitsForRecord || !strings.Contains(r.ReasonDetail, []string{"a sync of items", one.ID}[i]) {
			t.Errorf("run %d is %s (%s %s)", i, r.State, r.ReasonCode, r.ReasonDetail)
		}
	}
	w.call("POST", "/v1/syncs", map[string]any{})
	for range 2 {
		w.settle()
		w.clock.add(time.Minute)
	}
	w.settle()
	for _, r := range []*store.FlowRun{one, two} {
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	}
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}

// A record that no sync brings holds nobody up for ever: a person leaves the item out.
func TestItemThatWaitsForItsRecordIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	w.unread()
	r := w.run("upserts", `{"rows":[{"n":1,"name":"Bolt M99"}]}`)
	w.check(w.app.Flows.Skip(w.acting(), w.project, "upserts", r.ID, flow.ItemRef{Step: "rows", N: 0}))
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, Skipped: 1})
}

// Who waits for the record that a paused run has claimed says so, and goes on when that does.
func TestWhoeverWaitsForAClaimSaysWhoHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	w.apply(strings.Replace(upserts, "upserts", "others", 1), "erp")
	const rows = `{"rows":[{"n":1,"name":"Bolt M99"}]}`
	one, err := w.app.Flows.Start(w.acting(), w.project, "upserts", flow.Begin{Input: json.RawMessage(rows), Caller: "test"})
	w.check(err)
	w.check(w.app.StepFlows(w.acting())) // it waits for its write
	_, err = w.app.Flows.PauseRun(w.acting(), w.project, "upserts", one.ID)
	w.check(err)
	w.settle()
	two := w.run("others", rows)
	w.pass(3)
	if two = w.read(two); two.State != store.FlowRunWaiting || two.ReasonCode != problem.ReasonWaitsForRecord || !strings.Contains(two.ReasonDetail, one.ID+" of the flow upserts, which is paused") {
		t.Errorf("the other run is %s (%s %s)", two.State, two.ReasonCode, two.ReasonDetail)
	}
	_, err = w.app.Flows.ResumeRun(w.acting(), w.project, "upserts", one.ID)
	w.check(err)
	for range 2 {
		w.settle()
		w.clock.add(time.Minute)
	}
	w.settle()
	for _, r := range []*store.FlowRun{one, two} {
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	}
}

// What a person says has happened while the system is away is not made again either.
func TestUpsertWaitsForWhatAPersonSaysHasHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(upserts, "erp")
	w.plan.Set(fault.Rule{Path: "items", Write: "*", Times: 1, Fault: fault.Fault{Cut: 1}}, fault.Rule{Path: "*", Fault: fault.Fault{Status: 503}})
	const rows = `{"rows":[{"n":1,"name":"Bolt M99"}]}`
	one := w.run("upserts", rows)
	made := ""
	for _, e := range w.sim.Effects() {
		if e.Op == "create" {
			made = e.ID
		}
	}
	w.call("POST", "/v1/operations/"+w.items(one)[1].Operation+"/items/0/resolve", map[string]any{"outcome": "happened", "remote_id": made})
	w.pass(2)
	if now := w.read(one); now.ReasonCode != problem.ReasonWaitsForRecord {
		t.Errorf("the run is %s (%s %s)", now.State, now.ReasonCode, now.ReasonDetail)
	}
	w.plan.Set()
	two := w.run("upserts", rows)
	w.pass(2)
	w.call("POST", "/v1/syncs", map[string]any{})
	w.pass(3)
	for _, r := range []*store.FlowRun{one, two} {
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	}
	if made := w.created("items"); made["Bolt M99"] != 1 {
		t.Errorf("it made %v", made)
	}
}
