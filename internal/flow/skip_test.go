package flow_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const someWait = `
flow: some-wait
steps:
  - id: rows
    each:
      in: trigger.rows
      batch_size: 2
      steps:
        - {id: number, transform: {n: "${item.n + 1}"}}
        - {id: rest, if: item.n == 2, wait: {for: 1h}}
`

// A failed item and one that waits can be left out: they count as skipped, the run goes on without them, and nothing else can be skipped.
func TestSkip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(someWait)
	r := w.run("some-wait", `{"rows":[{"n":1},{"n":2},{"n":"x"}]}`)
	skip := func(step string, n int64) error {
		return w.app.Flows.Skip(w.acting(), w.project, "some-wait", r.ID, flow.ItemRef{Step: step, N: n})
	}
	for step, n := range map[string]int64{"": 0, "rows": 0, "none": 1} {
		var p *problem.Error
		if err := skip(step, n); !errors.As(err, &p) || p.Code != problem.Conflict && p.Code != problem.NotFound {
			t.Errorf("item %d of %q: %v", n, step, err)
		}
	}
	w.check(skip("rows", 1))
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 3, OK: 1, Failed: 1, Skipped: 1})
	w.check(skip("rows", 2))
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 3, OK: 1, Skipped: 2})
	w.clock.add(2 * time.Hour)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 3, OK: 1, Skipped: 2})
}

// A parameter that is set to null has the document's default again.
func TestParameterIsUnset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	const doc = "flow: unset\nparameters: {a: {type: number, default: 1}, key: {type: secret}}\nsteps: [{id: same, transform: {a: '${params.a}'}}]\n"
	for _, step := range []struct{ a, key, want, secrets string }{{`5`, `"much secret"`, `{"a":5}`, `["key"]`}, {`null`, `null`, `{"a":1}`, `null`}} {
		a, err := w.app.Flows.Apply(w.acting(), w.project, flow.Application{
			Document: doc, Format: "yaml", Parameters: map[string]json.RawMessage{"a": json.RawMessage(step.a), "key": json.RawMessage(step.key)}, By: "test",
		})
		w.check(err)
		names, err := w.app.Flows.Secrets(t.Context(), a.Flow)
		w.check(err)
		if got, _ := json.Marshal(names); string(got) != step.secrets && len(names) > 0 {
			t.Errorf("the secrets are %s", got)
		}
		if r := w.run("unset", ""); string(r.Output) != step.want {
			t.Errorf("it gave %s", r.Output)
		}
	}
}

// A test works on the records that are named, and says which of them no list gives.
func TestTryChosenRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	w.apply("flow: chosen\nconnections: {erp: {}}\nsteps:\n  - {id: vendors, list: {connection: erp, entity: vendors}}\n  - {id: each, each: {in: vendors, steps: [{id: same, transform: {id: '${item.id}'}}]}}\n", "erp")
	all := w.call("GET", "/v1/vendors", nil)["data"].([]any)
	id := all[1].(map[string]any)["id"].(string)
	report, err := w.app.Flows.Try(w.acting(), w.project, "chosen", flow.Test{Records: []string{id}})
	w.check(err)
	if n := len(report.Threads); n != 2 || report.Threads[1].Key != id {
		t.Errorf("%d threads: %+v", n, report.Threads)
	}
	if _, err := w.app.Flows.Try(w.acting(), w.project, "chosen", flow.Test{Records: []string{id, "none"}}); err == nil {
		t.Error("a record that no list gives is passed over")
	}
}

// An item of an each before that is skipped changes nothing of the one under way: its one failure stops it.
func TestSkipBeforeTheEachUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: two
steps:
  - id: first
    each: {in: trigger.first, steps: [{id: bad, transform: "${item.x.y}"}]}
  - id: second
    each:
      in: trigger.second
      on_error: stop
      steps: [{id: ill, if: item == 1, wait: {for: 1h}}, {id: bad2, if: item == 1, transform: "${item.x.y}"}]
`)
	r := w.run("two", `{"first":[1],"second":[1,2,3]}`)
	w.check(w.app.Flows.Skip(w.acting(), w.project, "two", r.ID, flow.ItemRef{Step: "first", N: 0}))
	w.clock.add(2 * time.Hour)
	w.settle()
	w.ended(w.read(r), store.FlowRunFailed, store.FlowCounts{In: 4, OK: 2, Failed: 1, Skipped: 1})
}
