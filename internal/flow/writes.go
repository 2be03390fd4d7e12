package flow

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// groups are threads that write to one entity of one connection: they become one operation.
type groups map[target][]*thread

type target struct{ role, entity string }

func (g groups) add(th *thread) {
	k := target{th.effect.Role, th.effect.Entity}
	g[k] = append(g[k], th)
}

// write makes an operation of each group, in the transaction that stores its threads. refused are those for which there is none; they know why.
func (w *work) write(all groups) (refused []*thread, err error) {
	for to, threads := range all {
		for _, th := range threads {
			w.settleThread(th)
		}
		slices.SortFunc(threads, func(a, b *thread) int { return cmp.Compare(a.item.N, b.item.N) })
		err := w.newOperation(to, threads)
		var p *problem.Error
		switch {
		case err == nil:
		case errors.As(err, &p) && passes(p):
			return nil, &pause{code: problem.ReasonConnectionNotReady, detail: p.Detail, until: w.Now().Add(lookAgain)}
		case errors.As(err, &p):
			for _, th := range threads {
				w.take(th, machine.Result{Failure: p})
			}
			refused = append(refused, threads...)
		default:
			return nil, err
		}
	}
	return refused, nil
}

// passes says that what refuses an operation is about the connection or about Busbar, and not about what is written: it is asked for again.
func passes(p *problem.Error) bool {
	return slices.Contains([]problem.Code{
		problem.ConnectionPaused, problem.ConnectionPending, problem.ConnectionDisconnected, problem.ConnectionNeedsReauthorization, problem.SystemUnreachable, problem.Overloaded, problem.StorageFull,
	}, p.Code)
}

// chunk is how many writes go out before the ledger looks whether it may go on.
const chunk = 50

func (w *work) newOperation(to target, threads []*thread) error {
	conn := w.conns[to.role]
	moves := make([]store.FlowItemMove, len(threads))
	run, left := *w.run, w.left(threads)
	_, _, err := w.Writes.Batch(w.turn.work, write.BatchRequest{
		Connection: conn, Entity: to.entity, Mode: store.BestEffort, OnError: store.OnErrorGo, ChunkSize: chunk, Strict: true, Caller: write.CallerRun(w.run.ID), RequestID: w.run.ID,
		Hash: func() []byte { return nil },
		Also: func(ctx context.Context, tx *store.Tx, o *store.Operation) error {
			*w.run = run // the transaction may be done again
			if err := errors.Join(w.lease.Allowed(), tx.HoldFlow(ctx, w.flow)); err != nil {
				return err
			}
			if err := w.leave(ctx, tx, left); err != nil {
				return err
			}
			for i, th := range threads {
				var err error
				if moves[i], err = w.move(th); err != nil {
					return err
				}
				moves[i].Operation, moves[i].OperationN, moves[i].Connection = o.ID, int64(i), conn.ID
			}
			return tx.MoveFlowItems(ctx, w.run, moves, w.Now())
		},
	}, itemsOf(threads))
	if err != nil {
		for _, c := range left {
			c.th.state.Claim = c.claim
		}
		*w.run = run
		return err
	}
	for i, th := range threads {
		th.stored(moves[i])
	}
	return nil
}

func itemsOf(threads []*thread) iter.Seq2[write.BatchItem, error] {
	return func(yield func(write.BatchItem, error) bool) {
		for _, th := range threads {
			e := th.effect
			it := write.BatchItem{Op: manifest.Op(e.Op), ClientRef: strconv.FormatInt(th.item.N, 10), ID: e.ID, IfMatch: e.IfMatch, Data: e.Data}
			if !yield(it, nil) {
				return
			}
		}
	}
}

// operations are what has become of the operations that threads wait for, each read once; nil: it is not kept any more.
type operations map[string]*operation

type operation struct {
	entity string
	items  map[int64]store.Item // by number
	reason problem.Reason       // for which it was cancelled
}

// written lets a thread take what became of its write. on: it is known.
func (w *work) written(known operations, th *thread) (on bool, err error) {
	o, ok := known[th.item.Operation]
	if !ok {
		if o, err = w.readOperation(&th.item); err != nil {
			return false, err
		}
		known[th.item.Operation] = o
	}
	if o == nil {
		w.take(th, machine.Result{Unknown: true, Failure: problem.New(problem.WriteOutcomeUnknown, "The operation of the write is not kept any more; nobody can tell what became of it here.")})
		return true, nil
	}
	it, ok := o.items[th.item.OperationN]
	if !ok {
		return false, fmt.Errorf("operation %s has no item %d", th.item.Operation, th.item.OperationN)
	}
	switch it.Status {
	case store.ItemApplied:
		if there, err := w.arrived(o.entity, &it, th); err != nil || !there {
			return false, err
		}
		text, err := json.Marshal(written{ID: it.Record.String(), RemoteID: it.RemoteID, Version: it.Version, Status: string(it.Status), Operation: th.item.Operation})
		if err != nil {
			return false, fmt.Errorf("write the result of a write: %w", err)
		}
		w.take(th, machine.Result{Value: text})
	case store.ItemRejected:
		w.take(th, machine.Result{Failure: problem.FromDocument(it.Error).With("operation", "/v1/operations/"+th.item.Operation)})
	case store.ItemCancelled:
		if w.run.CancelRequested {
			th.effect = machine.Effect{Kind: machine.End, Status: machine.Cancelled}
			return true, nil
		}
		if o.reason == store.ReasonDisconnected { // it was never sent, and is asked for again
			th.effect = w.prog.Advance(th.frame, &th.state.Thread)
			return true, nil
		}
		w.take(th, machine.Result{Failure: problem.New(problem.OperationCancelled, "The write was cancelled before it was sent.")})
	case store.ItemNeedsHuman:
		path := fmt.Sprintf("/v1/operations/%s/items/%d", th.item.Operation, th.item.OperationN)
		th.fault = problem.Newf(problem.WriteOutcomeUnknown, "Nobody could find out what became of a write. Look in the system, then decide: POST %s/resolve.", path).With("operation", "/v1/operations/"+th.item.Operation)
		return false, nil
	default:
		return false, nil
	}
	return true, nil
}

// written is the result of a write step.
type written struct {
	ID        string `json:"id"`
	RemoteID  string `json:"remote_id"`
	Version   string `json:"version"`
	Status    string `json:"status"`
	Operation string `json:"operation"`
}

// readOperation gives what has become of an operation; nil: it is not kept any more.
func (w *work) readOperation(of *store.FlowItem) (*operation, error) {
	conn, err := w.Store.Connection(w.turn.work, w.flow.ProjectID, of.Connection)
	var o *store.Operation
	if err == nil {
		o, err = w.Store.Operation(w.turn.work, conn.Scope(), of.Operation)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read operation %s: %w", of.Operation, err)
	}
	all, err := w.Store.Items(w.turn.work, o, store.ItemFilter{Limit: itemsAtOnce, Bare: true})
	if err != nil {
		return nil, err
	}
	out := &operation{entity: o.Entity, items: make(map[int64]store.Item, len(all)), reason: o.ReasonCode}
	for _, it := range all {
		out.items[it.N] = it
	}
	return out, nil
}
