package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	mostFaults = 10 // in a row: then a run is parked until a person looks
	patience   = 3  // of them: then a run that is to be cancelled ends without being opened
)

// rest stores that the run waits, and why. One that somebody has changed meanwhile is read anew.
func (w *work) rest(p *pause) error {
	return w.restWith(p, func(*store.FlowRun) {})
}

func (w *work) restWith(p *pause, also func(r *store.FlowRun)) error {
	err := w.commit(func(ctx context.Context, tx *store.Tx) error {
		w.run.State, w.run.ReasonCode, w.run.ReasonDetail, w.run.DueAt = store.FlowRunWaiting, p.code, p.detail, p.until
		also(w.run)
		return tx.SetFlowRun(ctx, w.run, w.Now())
	})
	if errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// fault lets a run rest that could not go on by a fault of ours. After many in a row it is parked: it goes on when a person resumes it.
func (w *work) fault() error {
	p := &pause{code: problem.ReasonInternal, until: w.Now().Add(lookAgain)}
	if w.run.Faults+1 >= mostFaults {
		p.detail = fmt.Sprintf("The run could not go on %d times in a row, for a reason that is in Busbar's log. Resume it to try again, or cancel it.", w.run.Faults+1)
	}
	return w.restWith(p, func(r *store.FlowRun) {
		r.Faults++
		r.Paused = r.Paused || r.Faults >= mostFaults
	})
}

// abandon ends a run that is to be cancelled and cannot be opened. What was sent is not undone: it ends when it is known what became of that.
func (w *work) abandon() error {
	items, err := w.Store.FlowItems(w.turn.work, w.flow.ID, w.run.ID, store.FlowItemFilter{Statuses: []store.FlowItemStatus{store.FlowItemRunning}, Limit: waitingBatches * itemsAtOnce})
	if err != nil {
		return err
	}
	var moves []store.FlowItemMove
	var top *store.FlowItem
	waits := len(items) == waitingBatches*itemsAtOnce
	known := operations{}
	for i := range items {
		it := &items[i]
		under, err := w.underWay(known, it)
		switch {
		case err != nil:
			return err
		case under:
			waits = true
		case it.Step == "":
			top = it
		default:
			moves = append(moves, leftOff(known, it))
		}
	}
	if top != nil && !waits {
		moves = append(moves, leftOff(known, top))
	}
	return w.commit(func(ctx context.Context, tx *store.Tx) error {
		if err := w.cancelItems(ctx, tx, nil); err != nil {
			return err
		}
		if err := tx.MoveFlowItems(ctx, w.run, moves, w.Now()); err != nil {
			return err
		}
		if !waits {
			return w.end(ctx, tx, store.FlowItemCancelled, nil, nil)
		}
		w.run.DueAt = w.Now().Add(lookAgain)
		return tx.SetFlowRun(ctx, w.run, w.Now())
	})
}

// leftOff cancels an item. One that waited for something which may have had its effect keeps in its thread, which cannot be opened, that this is to be taken before anything is begun again.
func leftOff(known operations, it *store.FlowItem) store.FlowItemMove {
	m := it.Move(store.FlowItemCancelled)
	switch it.Waits {
	case store.FlowWaitsOperation:
		if o := known[it.Operation]; o != nil && slices.Contains([]store.ItemStatus{store.ItemRejected, store.ItemCancelled}, o.items[it.OperationN].Status) {
			return m
		}
	case store.FlowWaitsRecord, store.FlowWaitsRequest, store.FlowWaitsNotify, store.FlowWaitsCall:
	default:
		return m
	}
	if rest, ok := bytes.CutPrefix(it.Thread, []byte("{")); ok {
		m.Thread = slices.Concat([]byte(`{"left":"`+it.Waits+`",`), rest)
	}
	return m
}

// underWay says that a write of an item may yet be applied; it is asked to be cancelled, and so is a run that the item called.
func (w *work) underWay(known operations, it *store.FlowItem) (bool, error) {
	switch it.Waits {
	case store.FlowWaitsCall:
		var s state
		if json.Unmarshal(it.Thread, &s) != nil || s.Child == nil {
			return false, nil
		}
		return false, w.Store.Write(w.turn.work, func(tx *store.Tx) error { return w.requestCancel(w.turn.work, tx, s.Child.Flow, s.Child.Run) })
	case store.FlowWaitsOperation:
		o, ok := known[it.Operation]
		if !ok {
			var err error
			if o, err = w.readOperation(it); err != nil {
				return false, err
			}
			known[it.Operation] = o
		}
		if o == nil || o.items[it.OperationN].Status.Final() {
			return false, nil
		}
		return true, w.cancelOperation(it)
	}
	return false, nil
}
