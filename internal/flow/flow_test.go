package flow_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

const vendorsToItems = `
flow: vendors-to-items
connections: {erp: {}}
steps:
  - id: all
    list: {connection: erp, entity: vendors}
  - id: items
    each:
      in: all
      batch_size: 4
      steps:
        - id: item
          write: {connection: erp, entity: items, op: create, data: {name: "For ${item.name}"}}
`

// Each record of a list has its effect once, in batches.
func TestEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10)
	w.apply(vendorsToItems, "erp")
	r := w.run("vendors-to-items", "")
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 10, OK: 10})
	made := w.created("items")
	if len(made) != 10 {
		t.Errorf("%d items were made: %v", len(made), made)
	}
	for name, n := range made {
		if n != 1 {
			t.Errorf("%q was made %d times", name, n)
		}
	}
}

// A flow without an each is one item: its steps on top.
func TestStepsOnTop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: sums
steps:
  - id: sum
    transform: {total: "${trigger.input.a + trigger.input.b}"}
  - id: large
    branch:
      - if: steps.sum.total > 10
        steps: [{id: yes, transform: {large: true}}]
      - steps: [{id: no, transform: {large: false}}]
`)
	r := w.run("sums", `{"a": 4, "b": 9}`)
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: 1, OK: 1})
	if string(r.Output) != `{"large":true}` {
		t.Errorf("its output is %s", r.Output)
	}
}
