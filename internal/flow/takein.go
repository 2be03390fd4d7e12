package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// takeIn stores what was found: what has failed already as failed, and another one with a key that is taken as skipped.
func (w *work) takeIn(ctx context.Context, tx *store.Tx, step string, items []found) error {
	taken, repeated, err := w.put(ctx, tx, step, items)
	if err != nil {
		return err
	}
	others, err := w.others(ctx, tx, step, repeated)
	if err != nil {
		return err
	}
	skipped, _, err := w.put(ctx, tx, step, others)
	if err != nil {
		return err
	}
	return tx.MoveFlowItems(ctx, w.run, append(w.ended(taken, store.FlowItemFailed), w.ended(skipped, store.FlowItemSkipped)...), w.Now())
}

// taken is what was found with the item that it has become.
type taken struct {
	found
	item store.FlowItem
}

// put stores what was found. repeated is what has a key that is taken.
func (w *work) put(ctx context.Context, tx *store.Tx, step string, items []found) (all []taken, repeated []found, err error) {
	rows := make([]store.FlowItem, len(items))
	for i, it := range items {
		rows[i] = store.FlowItem{Key: w.veil.Text(it.key), Input: w.veil.Cover(it.input)}
	}
	stored, err := tx.TakeFlowItems(ctx, w.run, step, rows, w.Now())
	if err != nil {
		return nil, nil, err
	}
	for i, it := range items { // they are stored in their order, and of two with one key the first is
		if n := len(all); n < len(stored) && stored[n].Key == store.FlowKey(rows[i].Key) {
			all = append(all, taken{it, stored[n]})
		} else {
			repeated = append(repeated, it)
		}
	}
	return all, repeated, nil
}

// ended are the moves of those that end as they are taken in, with why.
func (w *work) ended(all []taken, status store.FlowItemStatus) (moves []store.FlowItemMove) {
	for _, it := range all {
		if it.fault != nil {
			m := it.item.Move(status)
			m.Error = w.hidden(problem.Document(it.fault))
			moves = append(moves, m)
		}
	}
	return moves
}

// others gives those of what has a key that is taken which are not the same once more: a record that comes again, as it changed while the list was read, is, and so is a value of a list that is
// read again. They get a key of their own.
func (w *work) others(ctx context.Context, tx *store.Tx, step string, repeated []found) (all []found, err error) {
	e := w.prog.Flow().Step(step).Each
	for _, it := range repeated {
		own := "#" + strconv.FormatInt(it.n, 10)
		if it.n < 0 {
			own = idOf(it.input)
		}
		if e.Key == nil && it.key == own && it.n < 0 { // nothing else has it
			continue
		}
		has, err := tx.FlowItemOfKey(ctx, store.FlowStepKey{Flow: w.flow.ID, Run: w.run.ID, Step: step}, w.veil.Text(it.key))
		if err != nil {
			return nil, err
		}
		if it.n < 0 && idOf(w.veil.Lift(has.Input)) == own || it.n >= 0 && w.firstOf(e, it) && bytes.Equal(has.Input, w.veil.Cover(it.input)) {
			continue
		}
		it.fault = problem.Newf(problem.Conflict, "Another item of the list has the key %q too, and that one is worked on.", it.key)
		it.key += " (" + own + ")"
		all = append(all, it)
	}
	return all, nil
}

// firstOf says that no value before this one in its list has its key.
func (w *work) firstOf(e *lang.Each, it found) bool {
	if w.listed.first == nil {
		w.listed.first = map[string]int64{}
		env := w.prog.Env(w.main.frame, &w.main.state.Thread)
		for n, v := range w.listed.values {
			if key := w.found(e, env, v, nil, int64(n)).key; w.listed.first[key] == 0 {
				w.listed.first[key] = int64(n) + 1
			}
		}
	}
	at := w.listed.first[it.key]
	return at == 0 || at == it.n+1
}

func idOf(record json.RawMessage) string {
	var r struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(record, &r) // what is no object has none
	return r.ID
}
