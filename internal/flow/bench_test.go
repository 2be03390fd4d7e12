package flow_test

import (
	"encoding/json"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/busbar-dev/busbar/internal/flow"
)

// How many runs of three steps a second, from their beginning to their end, on SQLite.
func BenchmarkThreeSteps(b *testing.B) {
	w := newWorld(b, 1)
	w.apply(`
flow: three
runs: {at_once: 100}
steps:
  - {id: a, transform: {n: "${trigger.n + 1}"}}
  - {id: b, transform: {n: "${steps.a.n * 2}"}}
  - {id: c, filter: steps.b.n > 0}
`)
	b.ResetTimer()
	var all errgroup.Group
	all.SetLimit(16)
	for range b.N {
		all.Go(func() error {
			_, err := w.app.Flows.Start(w.acting(), w.project, "three", flow.Begin{Input: json.RawMessage(`{"n": 1}`), Caller: "bench"})
			return err
		})
	}
	w.check(all.Wait())
	w.check(w.app.StepFlows(b.Context()))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// What an item of an each costs that asks nothing of a system.
func BenchmarkItem(b *testing.B) {
	w := newWorld(b, 1)
	w.apply(`
flow: many
parameters: {n: {type: number, default: 1}}
steps:
  - id: rows
    each:
      in: 1..params.n
      batch_size: 500
      steps:
        - {id: a, transform: {n: "${item + 1}"}}
        - {id: b, filter: steps.a.n > 0}
`)
	b.ResetTimer()
	n, err := json.Marshal(b.N)
	w.check(err)
	_, err = w.app.Flows.Start(w.acting(), w.project, "many", flow.Begin{Parameters: map[string]json.RawMessage{"n": n}, Caller: "bench"})
	w.check(err)
	w.check(w.app.StepFlows(b.Context()))
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/item")
}
