package flow

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// unit carries threads on until each has ended or waits, and stores what they have come to before each effect. moved: something was.
func (w *work) unit(threads []*thread) (moved bool, err error) {
	active, late, err := w.enter(threads)
	if err != nil {
		return false, err
	}
	if err := w.store(late); err != nil {
		return false, err
	}
	return true, w.carry(active)
}

// carry carries threads with an effect at hand on until each has ended or waits.
func (w *work) carry(active []*thread) error {
	for len(active) > 0 {
		w.cutOff(active)
		if err := w.read(active); err != nil {
			return err
		}
		var plain, sent []*thread
		writes := groups{}
		for _, th := range active {
			switch kind := th.effect.Kind; {
			case th.later != nil:
				plain = append(plain, th)
			case kind == machine.Write:
				writes.add(th)
			case kind == machine.Request, kind == machine.Notify:
				sent = append(sent, th)
			default:
				plain = append(plain, th)
			}
		}
		for _, th := range plain {
			w.settleThread(th)
		}
		if err := w.store(plain); err != nil {
			return err
		}
		refused, err := w.write(writes)
		if err != nil {
			return err
		}
		answered, err := w.dispatch(sent)
		if err != nil {
			return err
		}
		active = append(refused, answered...)
	}
	return nil
}

// dispatch sends what threads want sent, a few at once: a thread is stored as sending when its turn has come, and with what came of it before the next goes out. Those whose turn does not come any more are left as
// they are stored.
func (w *work) dispatch(threads []*thread) (answered []*thread, err error) {
	for len(threads) > 0 && w.over.Err() == nil && w.lease.Allowed() == nil {
		n := min(w.beside(threads), len(threads))
		now := threads[:n]
		threads = threads[n:]
		for _, th := range now {
			w.settleThread(th)
		}
		if err := w.store(now); err != nil {
			return nil, err
		}
		w.send(now)
		for _, th := range now {
			if th.effect.Kind == machine.End {
				w.settleThread(th)
			} else {
				th.status, th.waits, th.due, th.fault, th.output = store.FlowItemRunning, "", w.Now(), nil, nil
				answered = append(answered, th)
			}
		}
		if err := w.store(now); err != nil {
			return nil, err
		}
	}
	return answered, nil
}

// cutOff ends threads of a run that is to be cancelled where they would begin something.
func (w *work) cutOff(threads []*thread) {
	if !w.run.CancelRequested {
		return
	}
	for _, th := range threads {
		if th.effect.Kind != machine.End {
			th.effect = machine.Effect{Kind: machine.End, Status: machine.Cancelled}
		}
	}
}

// settleThread says what is to be stored of a thread that wants this effect.
func (w *work) settleThread(th *thread) {
	now := w.Now()
	th.status, th.due, th.fault, th.output = store.FlowItemRunning, time.Time{}, nil, nil
	if th.later != nil {
		th.waits, th.due, th.fault = store.FlowWaitsClaim, now.Add(min(time.Second<<min(th.state.Looks-1, 5), lookAgain)), th.later
		return
	}
	switch e := th.effect; e.Kind {
	case machine.End:
		th.ended()
	case machine.Wait:
		th.waits, th.due, th.fault = store.FlowWaitsTime, e.Until, e.Failure
		if e.Until.IsZero() {
			th.due = now.Add(e.For)
		}
	case machine.Request, machine.Notify: // should this process die, whoever comes next decides whether it is sent again
		th.waits, th.due = string(e.Kind), now
	case machine.Write:
		th.waits, th.due = store.FlowWaitsOperation, now.Add(lookAgain)
	case machine.Call:
		th.waits, th.due = store.FlowWaitsCall, now.Add(lookAgain)
	case machine.Each:
		th.waits = store.FlowWaitsEach
		if th.state.Each == nil || th.state.Each.Step != e.Step.ID {
			th.state.Each = &reading{Step: e.Step.ID, Base: w.run.Counts}
		}
		th.state.Each.Stopped, th.state.Each.Fault = false, nil // another try goes on where the list was left
	}
}

// enter lets threads take what they waited for. active are those that go on, late those that look again later.
func (w *work) enter(threads []*thread) (active, late []*thread, err error) {
	operations := operations{}
	for _, th := range threads {
		on := true
		th.state.Left = ""
		switch th.item.Waits {
		case store.FlowWaitsTime:
			w.take(th, machine.Result{Value: until(w.Now())})
		case store.FlowWaitsRequest, store.FlowWaitsNotify:
			w.again(th)
		case store.FlowWaitsOperation, store.FlowWaitsRecord:
			on, err = w.written(operations, th)
		case store.FlowWaitsCall:
			on, err = w.returned(th)
		case store.FlowWaitsEach:
			on = false
		default:
			th.effect = w.prog.Advance(th.frame, &th.state.Thread)
		}
		if err != nil {
			return nil, nil, err
		}
		if on {
			active = append(active, th)
			continue
		}
		if th.due = w.Now().Add(lookAgain); th.item.Waits == store.FlowWaitsEach {
			th.due = time.Time{}
		}
		late = append(late, th)
	}
	return active, late, nil
}

// again goes on with a thread whose process died while it sent something.
func (w *work) again(th *thread) {
	if th.effect = w.prog.Advance(th.frame, &th.state.Thread); th.effect.Kind == machine.End || th.effect.Repeatable {
		return
	}
	w.take(th, machine.Result{Unknown: true, Failure: problem.New(problem.RequestOutcomeUnknown, "Busbar was stopped after the request began and before its answer was stored.")})
}

// read does what is read of Busbar's own store, until no thread wants that.
func (w *work) read(threads []*thread) (err error) {
	for len(threads) > 0 {
		for _, th := range threads {
			for wants := true; wants; {
				if wants, err = w.readFor(th); err != nil {
					return err
				}
			}
		}
		if threads, err = w.claim(threads); err != nil {
			return err
		}
	}
	return nil
}

// readFor does one read that a thread wants; of a call it is the flow that is called.
func (w *work) readFor(th *thread) (wants bool, err error) {
	var r machine.Result
	switch th.effect.Kind {
	case machine.Get, machine.Find:
		if c := claimOf(th); c != nil && !c.equal(th.state.Claim) {
			return false, nil
		}
		r, err = w.look(th.effect)
	case machine.Call:
		var p *problem.Error
		if th.callee, err = w.callable(th); !errors.As(err, &p) {
			return false, err
		}
		r, err = machine.Result{Failure: p}, nil
	default:
		return false, nil
	}
	if err == nil {
		w.take(th, r)
	}
	return true, err
}

// store stores what threads have come to, and makes the runs that they call.
func (w *work) store(threads []*thread) error {
	if len(threads) == 0 {
		return nil
	}
	moves, left := make([]store.FlowItemMove, len(threads)), w.left(threads)
	err := w.commit(func(ctx context.Context, tx *store.Tx) error {
		if err := w.leave(ctx, tx, left); err != nil {
			return err
		}
		for i, th := range threads {
			if th.effect.Kind == machine.Call {
				if err := w.call(ctx, tx, th); err != nil {
					return err
				}
			}
			var err error
			if moves[i], err = w.move(th); err != nil {
				return err
			}
		}
		if err := tx.MoveFlowItems(ctx, w.run, moves, w.Now()); err != nil {
			return err
		}
		return w.endWith(ctx, tx, moves)
	})
	if err != nil {
		return err
	}
	for i, th := range threads {
		th.stored(moves[i])
	}
	return nil
}

// endWith ends the run in the transaction in which its steps on top end, if nothing else is open; else one that was queued has begun.
func (w *work) endWith(ctx context.Context, tx *store.Tx, moves []store.FlowItemMove) error {
	for _, m := range moves {
		if m.Step == "" && m.To.Final() && w.run.Counts.Open() == 0 {
			return w.end(ctx, tx, m.To, m.Error, m.Output)
		}
	}
	if w.run.State != store.FlowRunQueued {
		return nil
	}
	w.run.State, w.run.ReasonCode, w.run.ReasonDetail = store.FlowRunRunning, "", "" // it has begun
	return tx.SetFlowRun(ctx, w.run, w.Now())
}

// send sends what threads want sent, a few side by side, and lets them go on with what came of it.
func (w *work) send(threads []*thread) {
	ctx, cancel := context.WithTimeout(w.turn.work, min(lang.MaxTimeout, w.LastStep*9/10)) // what came of it has to be stored yet
	defer cancel()
	var all errgroup.Group
	results := make([]machine.Result, len(threads))
	for i, th := range threads {
		key, e := w.key(th), th.effect
		send := w.Sender.Request
		if e.Kind == machine.Notify {
			send = w.Sender.Notify
		}
		all.Go(func() error { results[i] = send(ctx, key, e); return nil })
	}
	_ = all.Wait()
	for i, th := range threads { // not side by side: what panics here is caught with the run
		w.take(th, results[i])
	}
}

// beside is how many requests of these threads are under way at once.
func (w *work) beside(threads []*thread) int {
	if len(threads) == 0 || threads[0].item.Step == "" {
		return 1
	}
	return max(1, w.prog.Flow().Step(threads[0].item.Step).Each.Concurrency)
}

func until(t time.Time) []byte { return []byte(`{"until":"` + t.UTC().Format(time.RFC3339Nano) + `"}`) }
