package faulttest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// flowRows is how many items a run has here.
const flowRows = 40

// rowsTwice writes two items of the system for each row; of row 7 the system refuses the first, as often as it is asked.
const rowsTwice = `
flow: rows
connections: {erp: {}}
steps:
  - id: rows
    each:
      in: 0..39
      batch_size: 10
      delay: 1s
      steps:
        - {id: name, transform: {name: "Row ${item}", unit: "${item == 7 ? 'FURLONG' : 'PCE'}"}}
        - {id: first, retry: {attempts: 3, wait: 20s}, write: {connection: erp, entity: items, op: create, data: {name: "${steps.name.name}", unit: "${steps.name.unit}"}}}
        - {id: second, write: {connection: erp, entity: items, op: create, data: {name: "${steps.name.name} again"}}}
`

// rowsRenamed is the version that is applied while the run is running.
const rowsRenamed = `
flow: rows
connections: {erp: {}}
steps:
  - id: rows
    each:
      in: 0..39
      steps:
        - {id: name, transform: {name: "New ${item}", unit: PCE}}
        - {id: first, write: {connection: erp, entity: items, op: create, data: {name: "${steps.name.name}"}}}
`

// TestFlows is row 70.
func TestFlows(t *testing.T) {
	t.Parallel()
	for engine, s := range map[string]setup{"sqlite": {}, "postgres": {postgres: true}} {
		s.counts = erp.Counts{Vendors: 1, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			t.Run("dies between steps, one is poisoned, another version", func(t *testing.T) { t.Parallel(); flowDies(t, s) })
			t.Run("cancelled in mid-write", func(t *testing.T) { t.Parallel(); flowCancelled(t, s) })
			t.Run("calls itself", func(t *testing.T) { t.Parallel(); flowCallsItself(t, s) })
		})
	}
}

// flowDies stops Busbar at every second call that writes, applies another version meanwhile, and lets one item fail for ever.
func flowDies(t *testing.T, s setup) {
	w := newWorks(t, s)
	path := w.startFlow()
	deaths, calls := 0, 0
	for range 100 {
		ctx, die := context.WithCancel(t.Context())
		w.plan.Set(erp.Rule{Write: "items", When: func(*http.Request) bool { calls++; return calls%2 == 0 }, Times: 1, Fault: erp.Fault{Before: die}})
		err := w.flows(ctx)
		dead := ctx.Err() != nil
		die()
		if run := w.flowRun(path); run.get("state") == "completed" {
			break
		}
		if dead {
			deaths++
			w.restart()
			if deaths == 2 {
				w.putFlow(rowsRenamed, http.StatusOK)
			}
			continue
		}
		w.check(err)
		w.clock.add(20 * time.Second)
	}
	w.plan.Set()
	w.flowCounts(path, `{"in":40,"pending":0,"running":0,"ok":39,"failed":1,"skipped":0,"cancelled":0}`)
	poisoned := w.call(w.key, "GET", path+"/items/rows/7", nil, http.StatusOK)
	if poisoned.get("status") != "failed" || poisoned.get("error", "step") != "first" {
		t.Errorf("the item whose step fails for ever: %s", poisoned)
	}
	if deaths < 3 {
		t.Errorf("it died %d times only", deaths)
	}
	made := w.itemsMade()
	for n := range flowRows {
		want := 1
		if n == 7 {
			want = 0
		}
		if first, second := made[fmt.Sprintf("Row %d", n)], made[fmt.Sprintf("Row %d again", n)]; first != want || second != want {
			t.Errorf("the items of row %d were made %d and %d times", n, first, second)
		}
	}
	if len(made) != 2*(flowRows-1) {
		t.Errorf("%d items were made: %v", len(made), made)
	}
}

// flowCancelled cancels a run while the system works on a write of it.
func flowCancelled(t *testing.T, s setup) {
	w := newWorks(t, s)
	path := w.startFlow()
	w.plan.Set(erp.Rule{Write: "items", After: 3, Times: 1, Fault: erp.Fault{Before: func() { w.call(w.key, "POST", path+"/cancel", nil, http.StatusOK) }}})
	for range 8 {
		w.check(w.flows(t.Context()))
		w.clock.add(20 * time.Second)
	}
	if state := w.flowRun(path).get("state"); state != "cancelled" || w.plan.Hits() != 1 {
		t.Fatalf("the run is %s, cancelled %d times", state, w.plan.Hits())
	}
	made := w.itemsMade()
	for name, n := range made {
		if n != 1 {
			t.Errorf("%s was made %d times", name, n)
		}
	}
	answer := w.call(w.key, "GET", path+"/items?limit=100", nil, http.StatusOK)
	for _, it := range answer.list("data") {
		if it.get("step") != "rows" {
			continue
		}
		first, second := made["Row "+it.get("n")], made["Row "+it.get("n")+" again"]
		switch status := it.get("status"); {
		case status == "ok" && first+second != 2, status == "cancelled" && it.get("attempts") == "0" && first+second != 0, status != "ok" && status != "cancelled" && it.get("n") != "7":
			t.Errorf("item %s is %s after %s attempts, and its items were made %d and %d times", it.get("n"), status, it.get("attempts"), first, second)
		}
	}
	if len(made) != 28 { // both of nine rows, and the first of ten, whose write was under way
		t.Errorf("%d items were made", len(made))
	}
}

// flowCallsItself lets two flows call each other: the second is refused.
func flowCallsItself(t *testing.T, s setup) {
	w := unconnected(t, s, t.TempDir())
	put := func(name, step string, want int) {
		w.call(w.key, "PUT", "/v1/flows/"+name, map[string]any{"document": "flow: " + name + "\nsteps:\n  - {id: on, " + step + "}\n", "format": "yaml"}, want)
	}
	put("b", "transform: {n: 1}", http.StatusCreated)
	put("a", "call: {flow: b}", http.StatusCreated)
	put("b", "call: {flow: a}", http.StatusUnprocessableEntity)
	put("a", "call: {flow: a}", http.StatusUnprocessableEntity)
}

// startFlow applies the flow and begins a run of it; it gives the run's path.
func (w *works) startFlow() string {
	w.Helper()
	w.putFlow(rowsTwice, http.StatusCreated)
	return "/v1/flows/rows/runs/" + w.call(w.key, "POST", "/v1/flows/rows/runs", map[string]any{}, http.StatusAccepted).get("id")
}

func (w *works) putFlow(document string, want int) {
	w.Helper()
	w.call(w.key, "PUT", "/v1/flows/rows", map[string]any{"document": document, "format": "yaml", "connections": map[string]string{"erp": w.world.id}}, want)
}

func (w *works) flowRun(path string) object {
	w.Helper()
	return w.call(w.key, "GET", path, nil, http.StatusOK)
}

func (w *works) flowCounts(path, want string) {
	w.Helper()
	if run := w.flowRun(path); string(run["counts"]) != want {
		w.Errorf("the run is %s with %s, not with %s", run.get("state"), run["counts"], want)
	}
}

// flows lets a batch of both writes go as far as it goes now.
func (w *works) flows(ctx context.Context) error {
	for range 3 {
		if err := errors.Join(w.app.StepFlows(ctx), w.app.Step(ctx, w.world.id)); err != nil {
			return err
		}
	}
	return nil
}

// itemsMade counts the items that the system was told to create, by name.
func (w *works) itemsMade() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, e := range w.sim.Effects() {
		if e.Resource == "items" && e.Op == "create" {
			var rec struct {
				Name string `json:"name"`
			}
			w.check(json.Unmarshal(e.Record, &rec))
			out[rec.Name]++
		}
	}
	return out
}
