package flow_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// slow answers each request after a while, and counts how often each was sent.
type slow struct {
	mu   sync.Mutex
	sent map[string]int
}

func (s *slow) Request(ctx context.Context, key string, e machine.Effect) machine.Result {
	if ctx.Err() != nil {
		return machine.Result{Failure: problem.New(problem.RequestUnanswered, "not sent")}
	}
	s.mu.Lock()
	s.sent[key]++
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return machine.Result{Failure: problem.New(problem.RequestOutcomeUnknown, "cut off"), Unknown: true}
	case <-time.After(20 * time.Millisecond):
		return machine.Result{Value: json.RawMessage(`{"status":200}`)}
	}
}

func (s *slow) Notify(ctx context.Context, key string, e machine.Effect) machine.Result {
	return s.Request(ctx, key, e)
}

// A list that is longer than what is read ahead is worked through to its end, with a delay between batches too.
func TestDelayReadsTheWholeList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(strings.ReplaceAll(rows("delay: 2s"), "batch_size: 5", "batch_size: 50"), "erp")
	r := w.run("rows-to-items", numbered(120))
	for range 5 {
		w.clock.add(2 * time.Second)
		w.settle()
	}
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 120, OK: 119, Failed: 1})
}

// An each that failed and is passed over leaves nothing of its reading to the next.
func TestNextEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply(`
flow: two-lists
connections: {erp: {}}
steps:
  - id: a
    on_error: continue
    each:
      in: trigger.a
      key: string(item.n)
      on_error: stop
      steps:
        - id: bad
          transform: "${item.missing.name}"
  - id: b
    on_error: continue
    each:
      in: trigger.b
      key: string(item.n)
      steps:
        - id: item
          write: {connection: erp, entity: items, op: create, data: {name: "B ${item.n}"}}
`, "erp")
	r := w.run("two-lists", `{"a":[{"n":1}],"b":[{"n":1},{"n":2}]}`)
	now := w.read(r)
	if made := w.created("items"); len(made) != 2 {
		t.Errorf("the run is %s (%s) with %+v and made %v; want the two items of b", now.State, now.ReasonDetail, now.Counts, made)
	}
}

// A batch of requests that takes longer than a turn goes on in the next: what was answered is not sent again, and what was not sent is not unknown.
func TestRequestsOutlastATurn(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"PUT", "POST"} {
		w := newWorld(t, 1)
		s := &slow{sent: map[string]int{}}
		w.app.Flows.Sender = s
		w.apply(strings.ReplaceAll(`
flow: calls
steps:
  - id: rows
    each:
      in: trigger.rows
      key: string(item.n)
      steps:
        - id: tell
          request: {method: METHOD, url: "https://example.com/rows/${item.n}"}
`, "METHOD", method))
		r, err := w.app.Flows.Start(w.acting(), w.project, "calls", flow.Begin{Input: json.RawMessage(numbered(12)), Caller: "test"})
		w.check(err)
		worker := flow.NewWorker(w.app.Flows, flow.WorkerConfig{Turn: 60 * time.Millisecond, LastStep: 400 * time.Millisecond}) // 12 requests of 20 ms are some turns
		for range 15 {
			_, err := worker.Work(t.Context(), r.FlowID, func(*store.Tx) error { return nil })
			w.check(err)
			if w.read(r).State.Ended() {
				break
			}
			w.clock.add(time.Minute)
		}
		now, twice := w.read(r), 0
		for _, n := range s.sent {
			if n > 1 {
				twice++
			}
		}
		if now.Counts.OK != 12 || twice > 1 {
			t.Errorf("%s: the run is %s with %+v; %d of 12 requests were sent, %d of them more than once", method, now.State, now.Counts, len(s.sent), twice)
		}
	}
}

// A request that was not sent is not one of which nobody knows what became, whatever another item's write comes to.
func TestUnsentRequestsAreNotUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	s := &slow{sent: map[string]int{}}
	w.app.Flows.Sender = s
	w.apply(`
flow: mixed
connections: {erp: {}}
steps:
  - id: rows
    each:
      in: trigger.rows
      key: string(item.n)
      steps:
        - id: way
          branch:
            - if: item.n == 0
              steps: [{id: made, write: {connection: erp, entity: purchase-requisitions, op: create, data: {number: "1"}}}]
            - else: true
              steps: [{id: tell, request: {method: POST, url: "https://example.com/rows"}}]
`, "erp")
	r := w.run("mixed", numbered(3))
	for range 3 {
		w.clock.add(time.Minute)
		w.settle()
	}
	for _, it := range w.items(r) {
		if len(s.sent) < 2 && it.Step != "" && it.N > 0 && it.Status == store.FlowItemFailed {
			t.Errorf("%d requests were sent; item %d: %.300s", len(s.sent), it.N, it.Error)
		}
	}
}

// Runs of a flow side by side share nothing that one of them changes. Run it with -race.
func TestRunsSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.apply("flow: many\nconnections: {erp: {}}\nruns: {at_once: 20}\nsteps: [{id: item, write: {connection: erp, entity: items, op: create, data: {name: \"${trigger.input}\"}}}, {id: rest, wait: {for: 1s}}]\n", "erp")
	for n := range 16 {
		text, _ := json.Marshal(string(rune('a' + n)))
		_, err := w.app.Flows.Start(w.acting(), w.project, "many", flow.Begin{Input: text, Caller: "test"})
		w.check(err)
	}
	for range 5 {
		w.settle()
		w.clock.add(2 * time.Second)
	}
	if made := w.created("items"); len(made) != 16 {
		t.Errorf("made %v", made)
	}
}

// A list that is not there is a fault, and no empty list: what was misspelled is not taken for done.
func TestNoListIsNoEmptyList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.apply(`
flow: lists
steps:
  - id: rows
    each:
      in: trigger.input.rows
      steps:
        - id: row
          transform: {n: 1}
`)
	r := w.run("lists", `{"rwos": [1, 2]}`)
	w.ended(r, store.FlowRunFailed, store.FlowCounts{})
	if r := w.read(r); !strings.Contains(r.ReasonDetail, "null") || !strings.Contains(r.ReasonDetail, "?? []") {
		t.Errorf("the run says %q", r.ReasonDetail)
	}
	w.ended(w.run("lists", `{"rows": []}`), store.FlowRunCompleted, store.FlowCounts{})
}
