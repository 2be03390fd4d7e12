package write

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What became of a call of all or none is one thing for all of its items: what the system says of one of them alone is held against what it says of the others.

// doManyAgain sends all items together, of which it is not known whether they had their effect, each under its key: all have it or none, whatever became of the first call.
func (s *sender) doManyAgain(ctx context.Context, its []*store.Item) error {
	ctx = budget.WithPriority(ctx, s.priority)
	if wait, err := s.mustWait(ctx, its); wait || err != nil {
		return err
	}
	ws := make([]*work, len(its))
	for i, it := range its {
		q := &inquiry{sender: s, item: it, since: s.Now()}
		doubted := it.Status != store.ItemPending // by a person's word it had no effect
		v, err := s.judge(ctx, s.ask(it))
		switch {
		case err != nil && doubted:
			return q.blind(ctx, err)
		case err != nil:
			return s.stopped(ctx, it, err)
		case v.Problem != nil || len(v.Steps) != 1:
			return q.leaveAsItIs(ctx)
		}
		ws[i] = &work{sender: s, item: it, judged: v, doubted: doubted}
	}
	return s.sendTogether(ctx, ws, true)
}

// mustWait lets all items wait while one of them was sent only just now.
func (s *sender) mustWait(ctx context.Context, its []*store.Item) (wait bool, err error) {
	for _, it := range its {
		if it.Status == store.ItemPending {
			continue
		}
		q := &inquiry{sender: s, item: it}
		waits, err := q.notYet(ctx)
		if err != nil {
			return false, err
		}
		wait = wait || waits
	}
	return wait, nil
}

// settleWhole settles a call of all or none that was answered item by item.
func (s *sender) settleWhole(ctx context.Context, g *gate, ws []*work, results []driver.Result) error {
	fates := make([]driver.Fate, len(ws))
	for i, r := range results {
		fates[i] = fateOf(r)
	}
	settle := (*work).settleOne
	switch {
	case slices.Contains(fates, done) || !slices.ContainsFunc(fates, saysNo): // each speaks for itself
	case mayBeOurs(ws, fates):
		settle = func(w *work, ctx context.Context, _ *gate, r driver.Result) error { return w.lost(ctx, r.Err) }
	case s.changedForNow(ws, fates):
		settle = (*work).notNow
	default:
		settle = (*work).notDone
	}
	var errs []error
	for i, w := range ws {
		errs = append(errs, settle(w, ctx, g, results[i]))
	}
	return firstOfErrors(errs)
}

// done is the fate of an item that had its effect.
const done driver.Fate = ""

func fateOf(r driver.Result) driver.Fate {
	if r.Err == nil {
		return done
	}
	return driver.FateOf(r.Err)
}

// saysNo says that the system looked at an item and did not do it, so that it did none of a call of all or none.
func saysNo(f driver.Fate) bool {
	return slices.Contains([]driver.Fate{driver.Refused, driver.Conflicts, driver.Missing, driver.Doubled}, f)
}

// mayBeOurs says that what is in the way of an item may be the effect of an earlier call, which then was that of all items.
func mayBeOurs(ws []*work, fates []driver.Fate) bool {
	for i, w := range ws {
		if w.item.Attempts > 1 && (fates[i] == driver.Doubled || fates[i] == driver.Missing && w.item.Op == string(manifest.Delete)) {
			return true
		}
	}
	return false
}

// changedForNow says that nothing but others' changes to records is in the way, so that all may be done when they are made for the records as they are now.
func (s *sender) changedForNow(ws []*work, fates []driver.Fate) bool {
	changed := false
	for i, w := range ws {
		if fates[i] != driver.Conflicts {
			continue
		}
		if w.item.IfMatch != "" || w.item.Record == uuid.Nil || w.item.Attempts >= maxConflicts {
			return false
		}
		changed = true
	}
	return changed
}

// notNow leaves an item pending that had no effect.
func (w *work) notNow(ctx context.Context, g *gate, r driver.Result) error {
	if fateOf(r) == driver.Conflicts {
		err := w.failed(ctx, g, r.Err)
		var changed *recordChanged
		if errors.As(err, &changed) {
			return nil
		}
		return err
	}
	return w.conclude(ctx, w.item, end{to: store.ItemPending, outcome: outcomeRejected, untaken: true, detail: sentence(r.Err), answer: answerOf(r.Err)})
}

// notDone ends an item that had no effect, in this call or before.
func (w *work) notDone(ctx context.Context, g *gate, r driver.Result) error {
	w.doubted = false
	if !saysNo(fateOf(r)) {
		return w.reject(ctx, w.item, problem.Newf(problem.Conflict, "%s refused another item of this batch, and does all of them or none.", w.system.Name), r.Err)
	}
	err := w.failed(ctx, g, r.Err)
	var changed *recordChanged
	if errors.As(err, &changed) {
		return w.reject(ctx, w.item, changed.problem(w.system.Name, w.item.IfMatch != ""), nil)
	}
	return err
}
