package machine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

const manyItems = 10_000

// The version that the run began with.
const firstVersion = `
flow: orders
connections: {erp: {}}
steps:
  - id: rows
    each:
      in: trigger.rows
      steps:
        - {id: vendor, find: {connection: erp, entity: vendors, by: {code: "${item.n}"}, none: skip}}
        - {id: order, retry: {attempts: 3, wait: 1s}, write: {connection: erp, entity: items, op: create, data: {name: "${item.n}"}}}
        - id: told
          branch:
            - if: item.n % 2 == 0
              steps: [{id: put, request: {method: PUT, url: "http://x.example/${item.n}"}}]
            - steps: [{id: post, request: {method: POST, url: "http://x.example/"}}]
        - {id: sum, transform: {n: "${item.n}", order: "${steps.order.id}"}}
  - {id: all, transform: {ok: "${steps.rows.ok}"}}
`

// The version that is applied while the run is running: the same ids in other places do other things.
const secondVersion = `
flow: orders
connections: {erp: {}}
steps:
  - {id: all, transform: {ok: "${0}"}}
  - id: rows
    each:
      in: trigger.rows
      steps:
        - {id: sum, transform: {n: "${0}"}}
        - {id: order, write: {connection: erp, entity: items, op: delete, id: "${item.n}"}}
        - {id: again, write: {connection: erp, entity: items, op: create, data: {name: "again"}}}
`

// row is a thread as it is stored.
type row struct {
	status machine.Status // empty: pending
	begun  bool
	thread []byte
	waits  machine.Kind
	end    machine.Effect
}

// wholeRun is a run of many items whose process dies anywhere. Rows, counts and effects outlast it.
type wholeRun struct {
	*testing.T
	versions []string // of the flow
	version  int      // of the run
	main     row
	rows     []row
	counts   map[string]int
	effects  map[string]int // outside, by item, step and attempt
	doubted  map[int]bool   // items whose process died around a request that nobody may repeat
	chance   *rand.Rand
	deaths   int
}

// one is a thread in the hands of a process.
type one struct {
	n      int
	frame  machine.Frame
	thread machine.Thread
	effect machine.Effect
}

// A run of ten thousand items, of which some fail for ever, comes to its end over many deaths of its process, by the version that it began with: each item has its end and its effects once,
// and the ledger adds up at every step.
func TestRunOfManyItems(t *testing.T) {
	t.Parallel()
	r := &wholeRun{
		T: t, versions: []string{firstVersion}, rows: make([]row, manyItems), counts: map[string]int{"pending": manyItems}, effects: map[string]int{}, doubted: map[int]bool{},
		chance: rand.New(rand.NewPCG(1, 2)),
	}
	for !r.life() {
		r.deaths++
		r.recount()
	}
	r.recount()
	if r.deaths < 50 {
		t.Errorf("it died %d times only", r.deaths)
	}
	for n := range r.rows {
		r.judge(n)
	}
	if want := fmt.Sprintf(`{"ok":%d}`, r.counts["ok"]); string(r.main.end.Result) != want || r.main.status != machine.OK {
		t.Errorf("the run ended %s with %s, not %s", r.main.status, r.main.end.Result, want)
	}
	t.Logf("%d deaths, %d doubted, %v", r.deaths, len(r.doubted), r.counts)
}

// life is one process; it gives whether the run has ended.
func (r *wholeRun) life() bool {
	f, err := lang.Parse("orders.yaml", []byte(r.versions[r.version]))
	if err != nil {
		r.Fatal(err)
	}
	p := machine.New(f)
	main := r.take(p, -1)
	if r.main.waits == "" {
		r.store([]*one{main})
	}
	for batch := r.batch(p); len(batch) > 0; batch = r.batch(p) {
		if !r.carry(p, batch) {
			return false
		}
		if len(r.versions) == 1 && r.counts["pending"] < manyItems/2 {
			r.versions = append(r.versions, secondVersion)
		}
	}
	main.effect = p.Resume(main.frame, &main.thread, machine.Result{Value: fmt.Appendf(nil, `{"ok":%d}`, r.counts["ok"])})
	if r.dies() {
		return false
	}
	r.store([]*one{main})
	return main.effect.Kind == machine.End
}

func (r *wholeRun) dies() bool { return r.chance.IntN(120) == 0 }

// batch takes the items that are begun, and new ones to fill it up.
func (r *wholeRun) batch(p *machine.Program) (out []*one) {
	for n := range r.rows {
		if r.rows[n].status == "" && len(out) < 50 {
			out = append(out, r.take(p, n))
		}
	}
	return out
}

// take takes a thread from where it is stored; -1 are the steps on top. What a process left that died around a request is for the next one to decide.
func (r *wholeRun) take(p *machine.Program, n int) *one {
	th := &one{n: n, thread: machine.Begin(), frame: machine.Frame{Trigger: map[string]any{}, Params: map[string]any{}, Run: map[string]any{}}}
	if n >= 0 {
		th.frame.Each, th.frame.Item, th.frame.Index = "rows", map[string]any{"n": int64(n)}, int64(n)
	}
	at := r.at(n)
	if at.thread != nil {
		if err := json.Unmarshal(at.thread, &th.thread); err != nil {
			r.Fatal(err)
		}
	}
	th.effect = p.Advance(th.frame, &th.thread)
	switch {
	case at.waits == machine.Request && !th.effect.Repeatable:
		r.doubted[n] = true
		th.effect = p.Resume(th.frame, &th.thread, machine.Result{Unknown: true, Failure: problem.New(problem.RequestOutcomeUnknown, "")})
	case at.waits == machine.Write, at.waits == machine.Wait:
		th.effect = p.Resume(th.frame, &th.thread, r.outcome(th))
	}
	return th
}

func (r *wholeRun) at(n int) *row {
	if n < 0 {
		return &r.main
	}
	return &r.rows[n]
}

// carry carries threads to their ends; false: the process died.
func (r *wholeRun) carry(p *machine.Program, active []*one) bool {
	for len(active) > 0 {
		var together, sent, left []*one
		for _, th := range active {
			for th.effect.Kind == machine.Find {
				th.effect = p.Resume(th.frame, &th.thread, r.outcome(th))
			}
			if th.effect.Kind == machine.Request {
				sent = append(sent, th)
			} else {
				together = append(together, th)
			}
		}
		if r.dies() {
			return false
		}
		r.store(together)
		for _, th := range sent {
			r.store([]*one{th})
			if r.dies() {
				return false
			}
			r.did(th)
			if r.dies() {
				return false
			}
		}
		for _, th := range active {
			if th.effect.Kind == machine.End {
				continue
			}
			if th.effect = p.Resume(th.frame, &th.thread, r.outcome(th)); th.effect.Kind == machine.End {
				r.store([]*one{th})
				continue
			}
			left = append(left, th)
		}
		active = left
	}
	return true
}

// store is one transaction: threads with their intents, the writes that they want, and the ledger.
func (r *wholeRun) store(threads []*one) {
	for _, th := range threads {
		text, err := json.Marshal(th.thread)
		if err != nil {
			r.Fatal(err)
		}
		at, before := r.at(th.n), r.at(th.n).state()
		at.begun, at.thread, at.waits = true, text, th.effect.Kind
		if th.effect.Kind == machine.End {
			at.status, at.end = th.effect.Status, th.effect
		}
		if th.n >= 0 {
			r.counts[before]--
			r.counts[at.state()]++
		}
		if th.effect.Kind == machine.Write {
			r.did(th)
		}
	}
	sum := 0
	for state, n := range r.counts {
		if sum += n; n < 0 {
			r.Fatalf("%d items are %s", n, state)
		}
	}
	if sum != manyItems {
		r.Fatalf("the ledger holds %d items: %v", sum, r.counts)
	}
}

func (at *row) state() string {
	switch {
	case at.status != "":
		return string(at.status)
	case at.begun:
		return "running"
	}
	return "pending"
}

// recount holds the ledger against the items.
func (r *wholeRun) recount() {
	is := map[string]int{}
	for n := range r.rows {
		is[r.rows[n].state()]++
	}
	for state, n := range r.counts {
		if is[state] != n {
			r.Fatalf("%d items are %s, and the ledger says %d", is[state], state, n)
		}
	}
}

func (r *wholeRun) did(th *one) {
	r.effects[fmt.Sprintf("%d %s %s %d", th.n, th.effect.Step.ID, th.effect.Op, th.thread.Attempt)]++
}

// outcome gives what an effect comes to, by the item's last digit: 3 and 6 fail for ever, 4 once, 5 is for nobody.
func (r *wholeRun) outcome(th *one) machine.Result {
	refused := machine.Result{Failure: problem.New(problem.UnexpectedAnswer, "no")}
	switch id, digit := th.effect.Step.ID, th.n%10; {
	case th.effect.Kind == machine.Wait:
		return machine.Result{}
	case id == "order" && digit == 3, id == "order" && digit == 4 && th.thread.Failed == 0, id == "put" && digit == 6:
		return refused
	case id == "vendor" && digit == 5:
		return machine.Result{Skip: true}
	}
	return machine.Result{Value: fmt.Appendf(nil, `{"id":"%d"}`, th.n)}
}

// judge holds an item's end and its effects against what its digit says.
func (r *wholeRun) judge(n int) {
	at, digit := r.rows[n], n%10
	end := machine.OK
	if digit == 3 || digit == 6 || r.doubted[n] {
		end = machine.Failed
	} else if digit == 5 {
		end = machine.Skipped
	}
	orders := map[int]int{3: 3, 4: 2, 5: 0}
	wanted, ok := orders[digit]
	if !ok {
		wanted = 1
	}
	for attempt := range 3 {
		if got, want := r.effects[fmt.Sprintf("%d order create %d", n, attempt)], min(1, max(0, wanted-attempt)); got != want {
			r.Errorf("item %d: attempt %d of its order was made %d times, not %d", n, attempt, got, want)
		}
	}
	posts := r.effects[fmt.Sprintf("%d post  %d", n, max(0, wanted-1))]
	if posts > 1 || digit%2 == 1 && end == machine.OK && posts != 1 {
		r.Errorf("item %d was told of %d times", n, posts)
	}
	if at.status != end {
		r.Errorf("item %d is %s (%v), not %s", n, at.status, at.end.Failure, end)
	}
	if want := fmt.Sprintf(`{"n":%d,"order":"%d"}`, n, n); end == machine.OK && string(at.end.Result) != want {
		r.Errorf("item %d gave %s, not %s", n, at.end.Result, want)
	}
}
