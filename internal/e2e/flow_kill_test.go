package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// killsOfFlow is how often the process is killed during one run of a flow.
const killsOfFlow = 3

const manyRows = `
flow: many
connections: {erp: {}}
parameters: {n: {type: number, required: true}}
steps:
  - id: rows
    each:
      in: 1..params.n
      batch_size: 500
      steps:
        - {id: name, transform: {name: "Row ${item}", there: "${item % 1000 == 7 ? [1][5] : 0}"}}
        - {id: item, write: {connection: erp, entity: items, op: create, data: {name: "${steps.name.name}"}}}
`

// A process that is killed with SIGKILL three times in the middle of a run of a flow, and started again each time, has in the end done each item once; the run's ledger adds up, shows which failed and why, and one
// of them is retried with another input.
func TestFlowKilledThreeTimes(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	rows := size(2000, 10_000)
	var onWrite atomic.Pointer[func()]
	source, _ := startWatched(t, func(r *http.Request) *erp.Fault {
		if f := onWrite.Load(); f != nil && r.Method == http.MethodPost {
			(*f)()
		}
		return nil
	})
	b := prepareBusbar(t, source.Addr())
	b.start()
	key := b.key()
	c := connectSource(b, key, source, map[string]any{"system": "sim-erp"})
	awaitIdle(b, c.token)
	b.call("PUT", "/v1/flows/many", key, map[string]any{"document": manyRows, "format": "yaml", "connections": map[string]string{"erp": c.id}, "parameters": map[string]any{"n": rows}}, http.StatusCreated)
	run := b.call("POST", "/v1/flows/many/runs", key, map[string]any{}, http.StatusAccepted)
	path := "/v1/flows/many/runs/" + run["id"].(string)
	killed := 0
	for range killsOfFlow {
		if killAfter(b, &onWrite, 1+random.Int64N(int64(rows/50/(killsOfFlow+1))), time.Duration(random.Int64N(int64(20*time.Millisecond)))) {
			killed++
		}
		addsUp(t, b.call("GET", path, key, nil, http.StatusOK))
	}
	if killed != killsOfFlow {
		t.Errorf("killed %d times in the middle, not %d", killed, killsOfFlow)
	}
	b.await("the run ends", func() bool { return b.call("GET", path, key, nil, http.StatusOK)["state"] == "completed" })
	failed := (rows - 7) / 1000
	if (rows-7)%1000 >= 0 {
		failed++
	}
	if c := addsUp(t, b.call("GET", path, key, nil, http.StatusOK)); c["in"] != float64(rows) || c["failed"] != float64(failed) || c["ok"] != float64(rows-failed) {
		t.Errorf("the run has %v, and there are %d rows of which %d fail", c, rows, failed)
	}
	item := b.call("GET", path+"/items/rows/6", key, nil, http.StatusOK)
	if item["status"] != "failed" || item["input"] != float64(7) {
		t.Errorf("the failed item: %v", item)
	}
	b.call("POST", path+"/retry", key, map[string]any{"items": []any{map[string]any{"step": "rows", "n": 6}}, "input": 1_000_000}, http.StatusAccepted)
	b.await("the retry ends", func() bool {
		r := b.call("GET", path, key, nil, http.StatusOK)
		return r["state"] == "completed" && addsUp(t, r)["failed"] == float64(failed-1)
	})
	made := map[string]int{}
	for _, e := range source.Effects() {
		if e.Resource == "items" && e.Op == "create" {
			var rec struct {
				Name string `json:"name"`
			}
			if err := json.Unmarshal(e.Record, &rec); err != nil {
				t.Fatal(err)
			}
			made[rec.Name]++
		}
	}
	for n := 1; n <= rows; n++ {
		want := 1
		if n%1000 == 7 {
			want = 0
		}
		if name := fmt.Sprintf("Row %d", n); made[name] != want {
			t.Errorf("%s was made %d times", name, made[name])
		}
	}
	if made["Row 1000000"] != 1 || len(made) != rows-failed+1 {
		t.Errorf("%d items were made, that of the retry %d times", len(made), made["Row 1000000"])
	}
}

// addsUp gives the counts of a run, whose sum is what was taken in.
func addsUp(t *testing.T, run map[string]any) map[string]any {
	t.Helper()
	c := run["counts"].(map[string]any)
	sum := 0.0
	for name, n := range c {
		if name != "in" {
			sum += n.(float64)
		}
	}
	if sum != c["in"] {
		t.Errorf("the counts do not add up: %v", c)
	}
	return c
}
