package flow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// thread is one in the hands of a turn: what is stored of it, and what it has come to since.
type thread struct {
	item   store.FlowItem // as it is stored
	state  state
	frame  machine.Frame
	effect machine.Effect
	status store.FlowItemStatus // what it is to be
	due    time.Time
	waits  string
	output json.RawMessage
	fault  *problem.Error
	callee *store.Flow    // of a call
	later  *problem.Error // says which other item upserts the same record: this one looks when that is known
}

// state is what is stored of a thread: the machine's, and of the steps on top how far their list is read.
type state struct {
	machine.Thread
	Each  *reading `json:"each,omitempty"`
	Child *child   `json:"child,omitempty"`
	Claim *claim   `json:"claim,omitempty"`
	Left  string   `json:"left,omitempty"`  // what a cancelled one waited for that had its effect: begun again, it takes what came of that
	Looks int      `json:"looks,omitempty"` // how often it found that another item has the claim
}

// thread makes one of a stored item.
func (w *work) thread(item *store.FlowItem) (*thread, error) {
	th := &thread{item: *item, frame: w.frame, state: state{Thread: machine.Begin()}, status: item.Status, due: item.DueAt, waits: item.Waits}
	if len(item.Thread) > 0 {
		if err := json.Unmarshal(w.veil.Lift(item.Thread), &th.state); err != nil {
			return nil, fmt.Errorf("read item %d of step %q: %w", item.N, item.Step, err)
		}
	}
	if item.Step == "" {
		return th, nil
	}
	v, err := lang.Decode(orNull(w.veil.Lift(item.Input)))
	if err != nil {
		return nil, fmt.Errorf("read item %d of step %q: %w", item.N, item.Step, err)
	}
	th.frame.Each, th.frame.Item, th.frame.Index, th.frame.Outer = item.Step, v, item.N, w.outer()
	return th, nil
}

// outer gives the results of the steps on top as their items see them. They are decoded once: a step never loses its result while a turn has the run.
func (w *work) outer() map[string]any {
	if results := w.main.state.Results; w.seen == nil || len(w.seen) != len(results) {
		w.seen = machine.Seen(results)
	}
	return w.seen
}

// aFew items tell how long those are that can go on.
const aFew = 16

// runnable gives items that can go on: of long ones fewer at once.
func (w *work) runnable() ([]store.FlowItem, error) {
	n := aFew
	for {
		items, err := w.Store.RunnableFlowItems(w.turn.work, w.flow.ID, w.run.ID, w.Now(), n)
		if err != nil {
			return nil, fmt.Errorf("list what can go on: %w", err)
		}
		if n > aFew || len(items) < aFew {
			return items, nil
		}
		size := 0
		for i := range items {
			if size += lengthOf(&items[i]); size > bytesAhead {
				return items[:i+1], nil
			}
		}
		if n = min(itemsAtOnce, aFew*bytesAhead/max(size, 1)); n <= aFew {
			return items, nil
		}
	}
}

// lengthOf is how many bytes of an item are held.
func lengthOf(it *store.FlowItem) int { return len(it.Thread) + len(it.Input) + len(it.Output) }

// threads makes threads of stored items; the steps on top are w.main.
func (w *work) threads(items []store.FlowItem) (all []*thread, err error) {
	for i := range items {
		th, err := w.thread(&items[i])
		if err != nil {
			return nil, err
		}
		if items[i].Step == "" {
			w.main = th
		}
		all = append(all, th)
	}
	return all, nil
}

// key names the effect at hand, the same when it is carried out again.
func (w *work) key(th *thread) string {
	return fmt.Sprintf("%s/%s/%d/%s/%d", w.run.ID, th.item.Step, th.item.N, th.effect.Step.ID, th.state.Attempt)
}

// take lets the machine go on with what the effect at hand came to.
func (w *work) take(th *thread, r machine.Result) {
	th.effect = w.prog.Resume(th.frame, &th.state.Thread, r)
}

// move is what is stored of the thread's step.
func (w *work) move(th *thread) (store.FlowItemMove, error) {
	text, err := json.Marshal(th.state)
	if err != nil {
		return store.FlowItemMove{}, fmt.Errorf("write item %d of step %q: %w", th.item.N, th.item.Step, err)
	}
	m := th.item.Move(th.status)
	m.Thread, m.DueAt, m.Waits, m.Output = w.veil.Cover(text), th.due, th.waits, w.veil.Cover(th.output)
	if m.Error = nil; th.fault != nil {
		m.Error = w.hidden(problem.Document(th.fault))
	}
	if th.item.Status == store.FlowItemPending {
		m.Attempts++
	}
	return m, nil
}

// stored says that the step is stored.
func (th *thread) stored(m store.FlowItemMove) {
	th.item.Status, th.item.Attempts, th.item.Thread, th.item.Output, th.item.Error = m.To, m.Attempts, m.Thread, m.Output, m.Error
	th.item.DueAt, th.item.Waits, th.item.Operation, th.item.OperationN, th.item.Connection = m.DueAt, m.Waits, m.Operation, m.OperationN, m.Connection
}

// ended gives a thread the end that the machine says.
func (th *thread) ended() {
	th.waits, th.due, th.fault = "", time.Time{}, nil
	switch th.effect.Status {
	case machine.OK:
		th.status = store.FlowItemOK
	case machine.Skipped:
		th.status = store.FlowItemSkipped
	case machine.Cancelled:
		th.status = store.FlowItemCancelled
	default:
		th.status, th.fault = store.FlowItemFailed, th.effect.Failure
	}
	th.output = th.effect.Result
}
