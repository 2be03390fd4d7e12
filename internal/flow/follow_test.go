package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

const madeToItems = `
flow: made
connections: {erp: {}}
trigger:
  change: {connection: erp, entity: vendors, types: [TYPES], batch: 3, from: start}
runs: {at_once: 1}
steps:
  - id: items
    each:
      in: trigger.changes
      key: string(item.seq)
      steps:
        - id: item
          write: {connection: erp, entity: items, op: create, data: {name: "${item.id}"}}
`

// What a flow has not seen is created to it, also what moves on in the stream while the stream is read page by page; and what it has seen as created is that once.
func TestCreatedIsSeenOnce(t *testing.T) {
	t.Parallel()
	for types, want := range map[string]int{"created": 10, "created, updated": 11} {
		t.Run(types, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 10)
			w.apply(strings.ReplaceAll(madeToItems, "TYPES", types), "erp")
			trigger := flow.NewWorker(w.app.Flows, flow.WorkerConfig{})
			w.check(trigger.Tick(t.Context()))                                                                             // the first page
			for _, changed := range [][]string{{"000010", "000002", "000006", "000007"}, {"000010", "000002", "000001"}} { // one was read; the others move on before they are, one of them twice
				for _, id := range changed {
					w.clock.add(time.Second)
					w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: id, Set: map[string]any{"name": "Changed " + w.clock.Now().String()}}))
				}
				w.sync()
				w.check(trigger.Tick(t.Context()))
			}
			for range 3 {
				w.settle()
				w.clock.add(3 * time.Second)
			}
			made, all := w.created("items"), 0
			for _, n := range made {
				all += n
			}
			if len(made) != 10 || all != want {
				for _, r := range w.runs("made") {
					t.Logf("%s", r.Input)
				}
				t.Errorf("of ten vendors %d came, with %d changes in place of %d: %v", len(made), all, want, made)
			}
		})
	}
}

// A trigger says that it rests for as long as it does, and one that finds nothing new leaves its flow as it is.
func TestTriggersThatFollowAgainSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(strings.ReplaceAll(madeToItems, "TYPES", "created"), "erp")
	w.settle()
	look := func() *store.Flow {
		w.clock.add(time.Minute)
		w.settle()
		f, err := w.app.Store.Flow(t.Context(), w.project, "made")
		w.check(err)
		return f
	}
	w.call("POST", "/v1/connections/"+w.id+"/pause", nil)
	if f := look(); !strings.Contains(string(f.TriggerNote), string(problem.ReasonConnectionPaused)) {
		t.Errorf("the connection is paused, and the trigger says %s", f.TriggerNote)
	}
	w.call("POST", "/v1/connections/"+w.id+"/resume", nil)
	follows := look()
	if strings.Contains(string(follows.TriggerNote), "code") {
		t.Errorf("the connection is back, and the trigger says %s", follows.TriggerNote)
	}
	if again := look(); !again.UpdatedAt.Equal(follows.UpdatedAt) || !again.DueAt.After(follows.DueAt) {
		t.Errorf("nothing was new, and the flow was changed at %v (before: %v); it is looked at again at %v (before: %v)", again.UpdatedAt, follows.UpdatedAt, again.DueAt, follows.DueAt)
	}
}
