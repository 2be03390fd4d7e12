package flow_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// A call that comes again when its run is not kept any more begins no other, and gives that run.
func TestCallWhoseRunIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	a := w.apply("flow: hooked\ntrigger: {webhook: {signature: none}}\nsteps: [{id: same, transform: \"${trigger.input}\"}]\n")
	call := func() string {
		r, err := w.app.Flows.Hook(w.acting(), a.Flow, http.Header{"Idempotency-Key": {"one"}}, []byte("x"))
		w.check(err)
		w.settle()
		return r.ID
	}
	first := call()
	w.clock.add(time.Hour)
	_, err := w.app.Store.PurgeFlowRuns(w.acting(), w.clock.Now(), 100)
	w.check(err)
	if again := call(); again != first || len(w.runs("hooked")) != 0 {
		t.Errorf("the call gives %s and then %s; there are %d runs", first, again, len(w.runs("hooked")))
	}
}

// A run that waits for another one to end says so, and no longer when it has begun.
func TestQueuedRunSaysForWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: slow\nruns: {at_once: 1}\nsteps: [{id: rest, wait: {for: 10m}}]\n")
	one := w.run("slow", "")
	_, err := w.app.Flows.PauseRun(w.acting(), w.project, "slow", one.ID)
	w.check(err)
	two := w.run("slow", "")
	if two.State != store.FlowRunQueued || two.ReasonCode != problem.ReasonOthersRun || !strings.Contains(two.ReasonDetail, one.ID) {
		t.Errorf("it is %s: %s %s", two.State, two.ReasonCode, two.ReasonDetail)
	}
	_, err = w.app.Flows.Cancel(w.acting(), w.project, "slow", one.ID)
	w.check(err)
	w.settle()
	if two = w.read(two); two.State != store.FlowRunWaiting || two.ReasonCode != problem.ReasonWaitsForTime {
		t.Errorf("then it is %s: %s %s", two.State, two.ReasonCode, two.ReasonDetail)
	}
}

// Items that are long are begun again and go on a few at a time, and none is left out.
func TestLongItemsAreRetried(t *testing.T) {
	t.Parallel()
	const n = 40
	w := newWorld(t, 1)
	w.apply("flow: long\nsteps:\n  - id: rows\n    each:\n      in: trigger.rows\n      batch_size: 100\n      steps:\n        - {id: map, transform: \"${item.text}\"}\n        - {id: bad, transform: \"${item.x.y}\"}\n")
	rows := make([]map[string]any, n)
	for i := range rows {
		rows[i] = map[string]any{"n": i, "text": strings.Repeat("x", 150_000)}
	}
	input, err := json.Marshal(map[string]any{"rows": rows})
	w.check(err)
	r := w.run("long", string(input))
	w.ended(r, store.FlowRunCompleted, store.FlowCounts{In: n, Failed: n})
	_, again, err := w.app.Flows.Retry(w.acting(), w.project, "long", r.ID, flow.Retry{})
	w.check(err)
	w.settle()
	if w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: n, Failed: n}); again != n {
		t.Errorf("%d items were begun again", again)
	}
	for _, it := range w.items(r)[1:] {
		if it.Attempts != 2 {
			t.Errorf("item %d was worked on %d times", it.N, it.Attempts)
		}
	}
}
