package flow_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// numbered are items 0 to n-1 as the input of a run.
func numbered(n int) string {
	rows := make([]map[string]int, n)
	for i := range rows {
		rows[i] = map[string]int{"n": i}
	}
	text, _ := json.Marshal(map[string]any{"rows": rows})
	return string(text)
}

const rowsToItems = `
flow: rows-to-items
connections: {erp: {}}
steps:
  - id: items
    each:
      in: trigger.rows
      key: string(item.n)
      batch_size: 5
      %MORE%
      steps:
        - id: name
          transform: {name: "Row ${item.n > 0 ? item.name ?? item.n : item.missing.name}"}
        - id: item
          write: {connection: erp, entity: items, op: create, data: {name: "${steps.name.name}"}}
`

func rows(more string) string { return strings.ReplaceAll(rowsToItems, "%MORE%", more) }

// An expression that fails on one item fails that item and not the run; it is mended and retried, and only it has its effect then.
func TestOneItemFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows(""), "erp")
	r := w.run("rows-to-items", numbered(12))
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 11, Failed: 1})
	failed := w.items(r)[1]
	if failed.N != 0 || failed.Status != store.FlowItemFailed || !strings.Contains(string(failed.Error), `"step":"name"`) || !strings.Contains(string(failed.Error), "missing") {
		t.Errorf("the failed one: %s", failed.Error)
	}
	_, n, err := w.app.Flows.Retry(w.acting(), w.project, "rows-to-items", r.ID, flow.Retry{Items: []flow.ItemRef{{Step: "items", N: 0}}, Input: json.RawMessage(`{"n": 100, "name": "Mended"}`)})
	w.check(err)
	if n != 1 {
		t.Errorf("%d items are retried", n)
	}
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 12})
	made := w.created("items")
	if len(made) != 12 || made["Row Mended"] != 1 {
		t.Errorf("%d items were made: %v", len(made), made)
	}
}

// Where one failure stops the flow, what was not begun is cancelled, the run says so, and it can go on from there.
func TestStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows("on_error: stop"), "erp")
	r := w.run("rows-to-items", numbered(12))
	if r.State != store.FlowRunFailed || r.ReasonCode != "flow-stopped" || r.Counts.Failed != 1 || r.Counts.OK != 4 || r.Counts.Pending+r.Counts.Running != 0 {
		t.Fatalf("the run is %s (%s %s): %+v", r.State, r.ReasonCode, r.ReasonDetail, r.Counts)
	}
	_, _, err := w.app.Flows.Retry(w.acting(), w.project, "rows-to-items", r.ID, flow.Retry{Items: []flow.ItemRef{{Step: "items", N: 0}}, Input: json.RawMessage(`{"n": 100}`)})
	w.check(err)
	w.settle()
	_, _, err = w.app.Flows.Retry(w.acting(), w.project, "rows-to-items", r.ID, flow.Retry{Continue: true})
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 12})
	if made := w.created("items"); len(made) != 12 {
		t.Errorf("%d items were made: %v", len(made), made)
	}
}

// Batches begin no sooner than the delay after the one before.
func TestDelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows("delay: 2s"), "erp")
	r := w.run("rows-to-items", numbered(12))
	for batch, done := range []int64{5, 10, 12} {
		if now := w.read(r); now.Counts.OK+now.Counts.Failed != done {
			t.Fatalf("in batch %d %+v is done: %s due %s", batch, now.Counts, now.State, now.DueAt)
		}
		w.clock.add(2 * time.Second)
		w.settle()
	}
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 11, Failed: 1})
}

// A run that is cancelled begins nothing more, and what was sent is known.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows("delay: 2s"), "erp")
	r := w.run("rows-to-items", numbered(12))
	_, err := w.app.Flows.Cancel(w.acting(), w.project, "rows-to-items", r.ID)
	w.check(err)
	w.settle()
	w.ended(w.read(r), store.FlowRunCancelled, store.FlowCounts{In: 12, OK: 4, Failed: 1, Cancelled: 7})
	w.clock.add(time.Hour)
	w.settle()
	if made := w.created("items"); len(made) != 4 {
		t.Errorf("%d items were made: %v", len(made), made)
	}
}

// A connection that is paused lets its runs wait, and they go on when it is back; a person's pause of the flow is another thing.
func TestConnectionIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(rows("delay: 2s"), "erp")
	r := w.run("rows-to-items", numbered(12))
	w.call("POST", "/v1/connections/"+w.id+"/pause", nil)
	w.clock.add(time.Minute)
	w.settle()
	if now := w.read(r); now.State != store.FlowRunWaiting || now.ReasonCode != "connection-paused" || now.Counts.OK != 4 {
		t.Errorf("the run is %s (%s): %+v", now.State, now.ReasonCode, now.Counts)
	}
	w.call("POST", "/v1/connections/"+w.id+"/resume", nil)
	for range 3 {
		w.clock.add(time.Minute)
		w.settle()
	}
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 11, Failed: 1})
}
