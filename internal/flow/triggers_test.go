package flow_test

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

const changesToItems = `
flow: changes-to-items
connections: {erp: {}}
parameters: {out: {type: text, default: Left out}}
trigger:
  change: {connection: erp, entity: vendors, types: [created, updated], where: 'record.name == "Poison" ? record.custom_fields.nothing.there == 1 : record.name != params.out', batch: 3}
runs: {at_once: 1}
steps:
  - id: items
    each:
      in: trigger.changes
      key: string(item.seq)
      steps:
        - id: item
          write: {connection: erp, entity: items, op: create, data: {name: "${item.type} ${item.record.name} ${item.seq}"}}
`

// runs lists a flow's runs, oldest first.
func (w *world) runs(name string) []store.FlowRun {
	w.Helper()
	f, err := w.app.Flows.Flow(w.Context(), w.project, name)
	w.check(err)
	all, err := w.app.Store.FlowRuns(w.Context(), store.FlowRunFilter{Flow: f.ID, Limit: 500})
	w.check(err)
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// sync reads what has changed in the system.
func (w *world) sync() {
	w.Helper()
	w.call("POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}, "mode": "incremental"})
	w.check(w.app.Step(w.Context(), w.id))
}

// edit changes vendors in the system.
func (w *world) edit(n int, name string) {
	w.Helper()
	w.clock.add(time.Second)
	ids := w.sim.Order("vendors")
	w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: ids[n], Set: map[string]any{"name": name}}))
}

// Changes begin runs: none is missed, bursts are batched, what the condition leaves out begins nothing, what it cannot tell is an item that failed, and none comes twice.
func TestChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	w.apply(changesToItems, "erp")
	w.settle()
	if made := w.created("items"); len(made) != 0 {
		t.Errorf("what was there before made %v", made)
	}
	for n := range 7 {
		w.edit(n, []string{"A", "B", "C", "Left out", "D", "E", "Poison"}[n])
	}
	w.sync()
	for range 5 {
		w.clock.add(3 * time.Second)
		w.settle()
	}
	total, failed := 0, 0
	for _, r := range w.runs("changes-to-items") {
		if r.State != store.FlowRunCompleted || r.Counts.In > 3 {
			t.Errorf("a run is %s with %+v", r.State, r.Counts)
		}
		total, failed = total+int(r.Counts.OK), failed+int(r.Counts.Failed)
	}
	if made := w.created("items"); total != 5 || failed != 1 || len(made) != 5 {
		t.Errorf("%d changes were worked on, %d could not be told, and they made %v", total, failed, made)
	}
	w.restart()
	w.clock.add(time.Minute)
	w.settle()
	if made := w.created("items"); len(made) != 5 {
		t.Errorf("after a restart there are %v", made)
	}
}

// After a reset nobody knows which changes a flow has seen: it rests until a person says where it goes on.
func TestStreamIsReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4)
	w.apply(changesToItems, "erp")
	w.settle()
	w.call("POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}, "mode": "reset"})
	w.check(w.app.Step(t.Context(), w.id))
	w.clock.add(3 * time.Second)
	w.settle()
	f, err := w.app.Flows.Flow(t.Context(), w.project, "changes-to-items")
	w.check(err)
	if !f.Paused || len(w.runs("changes-to-items")) != 0 {
		t.Errorf("paused: %t, %s, %d runs", f.Paused, f.TriggerNote, len(w.runs("changes-to-items")))
	}
	if _, err := w.app.Flows.Resume(w.acting(), w.project, "changes-to-items", ""); err == nil {
		t.Error("it goes on without a word where")
	}
	_, err = w.app.Flows.Resume(w.acting(), w.project, "changes-to-items", flow.FromNow)
	w.check(err)
	w.edit(0, "New")
	w.sync()
	w.clock.add(3 * time.Second)
	w.settle()
	if made := w.created("items"); len(made) != 1 {
		t.Errorf("it made %v", made)
	}
}

// A schedule begins a run at its time, in its time zone, and makes up once for those that were missed.
func TestSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: nightly
trigger: {schedule: {cron: "0 2 * * *", time_zone: Europe/Berlin}}
steps: [{id: done, transform: {at: "${trigger.at}"}}]
`)
	w.settle()
	if n := len(w.runs("nightly")); n != 0 {
		t.Fatalf("%d runs at once", n)
	}
	w.clock.add(13*time.Hour + time.Minute) // 02:01 in Berlin
	w.settle()
	w.settle()
	if n := len(w.runs("nightly")); n != 1 {
		t.Errorf("%d runs after the first night", n)
	}
	w.clock.add(5 * 24 * time.Hour)
	w.settle()
	w.settle()
	if n := len(w.runs("nightly")); n != 2 {
		t.Errorf("%d runs after five nights off", n)
	}
}

// A flow calls another, waits for it, and has its output.
func TestCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: inner
parameters: {by: {type: number, default: 1}}
steps: [{id: sum, transform: {total: "${trigger.input.n * params.by}"}}]
`)
	w.apply(`
flow: outer
steps:
  - id: called
    call: {flow: inner, input: {n: 4}, parameters: {by: 5}}
  - id: total
    transform: {total: "${steps.called.output.total + 1}"}
`)
	r := w.run("outer", "")
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if string(r.Output) != `{"total":21}` {
		t.Errorf("it gave %s", r.Output)
	}
}

// Flows that call each other in a circle end with an error, not never.
func TestCallInACircle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: a\nsteps: [{id: b, transform: {}}]\n")
	w.apply("flow: b\nsteps: [{id: a, call: {flow: a}}]\n")
	if _, err := w.tryApply("flow: a\nsteps: [{id: b, call: {flow: b}}]\n"); err != nil {
		return
	}
	r := w.run("a", "")
	if r.State != store.FlowRunFailed {
		t.Errorf("the run is %s", r.State)
	}
	if n := len(w.runs("a")) + len(w.runs("b")); n > 10 {
		t.Errorf("%d runs", n)
	}
}

// Time passes in a wait, also over a restart.
func TestWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: slow\nsteps: [{id: rest, wait: {for: 10m}}, {id: done, transform: {ok: true}}]\n")
	r := w.run("slow", "")
	if r.State != store.FlowRunWaiting {
		t.Errorf("it is %s", r.State)
	}
	w.restart()
	w.clock.add(9 * time.Minute)
	w.settle()
	if r = w.read(r); r.State != store.FlowRunWaiting {
		t.Errorf("it is %s after nine minutes", r.State)
	}
	w.clock.add(time.Minute)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
}

// How many runs are under way at once is the document's word, and what becomes of more.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	for more, want := range map[string][]store.FlowRunState{
		"queue":   {store.FlowRunCompleted, store.FlowRunCompleted},
		"skip":    {store.FlowRunCompleted},
		"replace": {store.FlowRunCancelled, store.FlowRunCompleted},
	} {
		t.Run(more, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.apply("flow: slow\nruns: {at_once: 1, more: " + more + "}\nsteps: [{id: rest, wait: {for: 10m}}]\n")
			w.run("slow", "")
			_, err := w.app.Flows.Start(w.acting(), w.project, "slow", flow.Begin{Caller: "test"})
			if (err != nil) != (more == "skip") {
				t.Errorf("another one: %v", err)
			}
			for range 3 {
				w.settle()
				w.clock.add(11 * time.Minute)
			}
			runs := w.runs("slow")
			if len(runs) != len(want) {
				t.Fatalf("there are %d runs", len(runs))
			}
			for i, r := range runs {
				if r.State != want[i] {
					t.Errorf("run %d is %s", i, r.State)
				}
			}
		})
	}
}

// A schedule fires, however often the same document is applied.
func TestScheduleThatIsAppliedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	doc := "flow: hourly\ntrigger: {schedule: {every: 1h}}\nsteps: [{id: done, transform: {a: 1}}]\n"
	w.apply(doc)
	for range 20 {
		w.clock.add(25 * time.Minute)
		w.apply(doc)
		w.settle()
	}
	if n := len(w.runs("hourly")); n < 7 {
		t.Errorf("%d runs in eight hours", n)
	}
}
