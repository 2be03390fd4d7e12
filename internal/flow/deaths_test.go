package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// A Busbar that dies at any look at its clock goes on where it was: each item has its effect once, and the ledger adds up.
func TestDiesAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: rows
connections: {erp: {}}
steps:
  - id: items
    each:
      in: trigger.rows
      key: string(item.n)
      batch_size: 3
      steps:
        - id: first
          write: {connection: erp, entity: items, op: create, data: {name: "${item.name} first"}}
        - id: second
          write: {connection: erp, entity: items, op: create, data: {name: "${item.name} second of ${steps.first.remote_id}"}}
`, "erp")
	const items, stride = 7, 43
	deaths := 0
	for n := 1; ; n += stride {
		rows := make([]map[string]any, items)
		for i := range rows {
			rows[i] = map[string]any{"n": i, "name": fmt.Sprintf("%d of %d", i, n)}
		}
		text, err := json.Marshal(map[string]any{"rows": rows})
		w.check(err)
		r, err := w.app.Flows.Start(w.acting(), w.project, "rows", flow.Begin{Input: text, Caller: "test"})
		w.check(err)
		ctx, die := context.WithCancel(t.Context())
		died := w.clock.on(n, die)
		err = w.goOn(ctx)
		dead := died()
		die()
		if !dead {
			w.check(err)
			w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: items, OK: items})
			break
		}
		deaths++
		w.restart()
		if err := w.goOn(t.Context()); err != nil {
			w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: items, OK: items})
			f, _ := w.app.Store.FlowByID(t.Context(), r.FlowID)
			t.Logf("run %+v", w.read(r))
			t.Fatalf("%d: %v %+v", n, err, f)
		}
		w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: items, OK: items})
	}
	for name, times := range w.created("items") {
		if times != 1 {
			t.Errorf("%q was made %d times", name, times)
		}
	}
	if made := len(w.created("items")); made != (deaths+1)*2*items {
		t.Errorf("%d deaths: %d items were made, and there should be %d", deaths, made, (deaths+1)*2*items)
	}
	if deaths < 5 {
		t.Errorf("it died %d times only", deaths)
	}
	t.Logf("it died %d times", deaths)
}
