package write

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// took follows up a step that had its effect: the record is read, stored and compared with what was asked.
func (w *work) took(ctx context.Context, step check.Step, written driver.Written, last bool) (done bool, err error) {
	it := w.item
	w.answered(ctx, nil)
	if written.Job != "" {
		return true, w.handed(ctx, step, written)
	}
	if it.Op == string(manifest.Delete) && step.Move == nil {
		return true, w.conclude(ctx, it, end{to: store.ItemApplied, gone: goneExplicit, answer: written.Answer, outcome: outcomeApplied})
	}
	remoteID := firstOf(it.RemoteID, w.remoteID(), written.RemoteID)
	if remoteID == "" {
		return true, w.doubt(ctx, it, "The system accepted the write and did not say which record came of it.", written.Answer)
	}
	raw, err := w.after(ctx, remoteID, written)
	if err != nil || raw == nil {
		return true, w.unread(ctx, remoteID, written.Answer, err, last)
	}
	return w.compare(ctx, step, remoteID, raw, written.Answer, last)
}

func (w *work) remoteID() string {
	if w.current == nil {
		return ""
	}
	return w.current.RemoteID
}

// after gives the record as it is after the write.
func (w *work) after(ctx context.Context, remoteID string, written driver.Written) ([]byte, error) {
	if written.Record != nil {
		return written.Record, nil
	}
	return w.readOne(ctx, remoteID)
}

// unread is about a write that had its effect, whose record could not be read behind it: it is applied where nothing is left to do, and the next sync brings the record; else it goes on later.
func (w *work) unread(ctx context.Context, remoteID string, answer []byte, err error, last bool) error {
	e := end{to: store.ItemApplied, remoteID: remoteID, answer: answer, outcome: outcomeApplied,
		warnings: append(w.Warnings, problem.Item{Code: problem.SystemFailed, Detail: "The system accepted the write; the record could not be read behind it. The next sync brings it."})}
	if !last {
		e.to, e.due, e.warnings = store.ItemUnknown, w.Now().Add(firstLook), nil
		e.problem = problem.New(problem.WriteOutcomeUnknown, "The record is made; what else was asked for could not be done yet. Busbar goes on by itself.")
	}
	if err != nil {
		e.detail = err.Error()
	}
	return w.conclude(ctx, w.item, e)
}

// compare settles a step by what the record shows.
func (w *work) compare(ctx context.Context, step check.Step, remoteID string, raw, answer []byte, last bool) (done bool, err error) {
	rec, err := w.written(remoteID, raw)
	if err != nil {
		return true, w.unread(ctx, remoteID, answer, err, true)
	}
	first := w.last == nil && !w.doubted
	w.item.RemoteID, w.item.Record, w.last = remoteID, rec.ID, raw
	e := end{to: store.ItemApplied, record: &rec, remoteID: remoteID, answer: answer, outcome: outcomeApplied, warnings: w.Warnings}
	stuck := step.Move != nil && statusOf(w.entity, rec.Fields) != step.Move.To
	if !last && !stuck {
		e.to = store.ItemSending
		return false, w.conclude(ctx, w.item, e)
	}
	if missed := check.Missed(w.entity, w.Wanted, rec.Fields); len(missed) > 0 {
		return true, w.ignored(ctx, e, missed, first && w.overtaken(step, rec.Fields))
	}
	return true, w.conclude(ctx, w.item, e)
}

// overtaken tells that a change of status which was all that was asked for was not made, though the record has changed: somebody else was quicker, and what it is now does not come of what was asked for.
func (w *work) overtaken(step check.Step, now []byte) bool {
	var asked map[string]json.RawMessage
	if step.Move == nil || w.before == nil || json.Unmarshal(w.Wanted, &asked) != nil || len(asked) != 1 {
		return false
	}
	return !check.WentOn(w.entity.Moves, statusOf(w.entity, w.before.JSON), step.Move.To, statusOf(w.entity, now))
}

// ignored is about a write that the system accepted and did not, or not all, take: where it changed nothing at all it is refused, else it is applied and says what was left out.
func (w *work) ignored(ctx context.Context, e end, missed []problem.Item, overtaken bool) error {
	e.outcome = outcomeNotTaken
	if overtaken || w.before != nil && w.sameContent(w.before.Raw, e.record.Raw) {
		e.to, e.warnings = store.ItemRejected, nil
		e.problem = notTaken(w.system.Name, w.entity, missed)
	} else {
		e.warnings = append(e.warnings, missed...)
	}
	return w.conclude(ctx, w.item, e)
}

func notTaken(system string, entity *manifest.Entity, missed []problem.Item) *problem.Error {
	code := problem.ValidationFailed
	if entity.Moves != nil && len(missed) == 1 && missed[0].Pointer == "/"+entity.Moves.Field {
		code = problem.StateForbids
	}
	p := problem.Newf(code, "%s answered that all is well, and changed nothing: its own rules do not allow this. Nothing was done.", system)
	p.Items = missed
	return p
}

// failed settles a call that ended in an error.
func (w *work) failed(ctx context.Context, g *gate, err error) error {
	if g.err != nil { // it was our own no
		return w.unsent(ctx, g, g.err)
	}
	w.report(ctx, err)
	fate := driver.FateOf(err)
	if fate == driver.NotSent {
		return w.unsent(ctx, g, err)
	}
	if !g.passed { // an error before the call itself, such as of a read that the driver makes for it
		return w.held(ctx, err)
	}
	if (fate == driver.Missing || fate == driver.Conflicts) && w.item.Op == string(manifest.Create) && w.item.RemoteID == "" {
		fate = driver.Refused
	}
	switch fate {
	case driver.Conflicts:
		return w.changed(ctx, err)
	case driver.Missing:
		return w.missing(ctx, err)
	case driver.Doubled:
		return w.doubled(ctx, err)
	case driver.Refused:
		return w.refused(ctx, err)
	}
	return w.lost(ctx, err)
}

// unsent is about a write of which nothing went out. What was taken before stays taken.
func (w *work) unsent(ctx context.Context, g *gate, err error) error {
	var e *driver.Error
	ours := !errors.As(err, &e)
	if !g.passed {
		if ours {
			return err
		}
		return w.held(ctx, err)
	}
	back := end{to: store.ItemPending, outcome: outcomeNotSent, untaken: w.untaken(), detail: err.Error(), answer: answerOf(err)}
	if w.doubted {
		back.to, back.due = store.ItemUnknown, w.Now().Add(backoff(w.item.Attempts))
		back.problem = problem.New(problem.WriteOutcomeUnknown, "It is not known whether the write had its effect; sending it again, which would tell, was not possible just now. Busbar tries again by itself.")
	}
	if ours {
		return errors.Join(err, w.conclude(ctx, w.item, back))
	}
	if w.waited && !w.taken && !w.doubted && w.item.Attempts <= 1 {
		return w.reject(ctx, w.item, w.refusal(err), err)
	}
	if err := w.conclude(ctx, w.item, back); err != nil {
		return err
	}
	return w.halted(err)
}

// held is about a call that did not get as far as being sent.
func (w *work) held(ctx context.Context, err error) error {
	switch {
	case w.doubted:
		q := &inquiry{sender: w.sender, item: w.item, since: w.Now()}
		return q.blind(ctx, err)
	case w.item.Status != store.ItemSending:
		return w.stopped(ctx, w.item, err)
	case w.waited && w.untaken() && w.item.Attempts <= 1 && (w.item.Op != string(manifest.Create) || w.item.RemoteID == ""):
		return w.reject(ctx, w.item, w.refusal(err), nil)
	}
	// what went out before it had no effect, or is done: nothing is under way
	if err := w.conclude(ctx, w.item, end{to: store.ItemPending, untaken: w.untaken(), unlogged: true}); err != nil {
		return err
	}
	return w.halted(err)
}

// recordChanged says that the system did nothing, since the record is not what the write was made for any more.
type recordChanged struct{ cause error }

func (c *recordChanged) Error() string { return "the record has changed: " + c.cause.Error() }

func (c *recordChanged) problem(system string, asked bool) *problem.Error {
	if asked {
		return problem.New(problem.VersionMismatch, "The record has changed in the system since this version was read. Nothing was done. Read it again, then decide.")
	}
	return problem.Newf(problem.Conflict, "Others change this record in %s all the time; it changed between reading and writing again and again. Nothing was done. Try again.", system)
}

// changed takes in that the record is not what it was: it is read and stored, and the item is as it was before the attempt.
func (w *work) changed(ctx context.Context, err error) error {
	remoteID := firstOf(w.item.RemoteID, w.remoteID())
	if raw, failed := w.writer.ReadOne(ctx, w.entity, remoteID); failed == nil {
		if _, failed = w.keep(ctx, remoteID, raw); failed != nil {
			return failed
		}
	}
	if failed := w.conclude(ctx, w.item, end{to: store.ItemPending, outcome: outcomeRejected, untaken: w.untaken(), detail: err.Error(), answer: answerOf(err)}); failed != nil {
		return failed
	}
	return &recordChanged{err}
}

// missing is about a record that the system has no more. A deletion that was sent before has then had its effect.
func (w *work) missing(ctx context.Context, err error) error {
	e := end{to: store.ItemRejected, remoteID: firstOf(w.item.RemoteID, w.remoteID()), gone: goneNotFound, outcome: outcomeRejected, answer: answerOf(err),
		problem: problem.Newf(problem.NotFound, "%s has no such record any more; it is shown as deleted now.", w.system.Name)}
	if w.item.Op == string(manifest.Delete) && w.item.Attempts > 1 {
		e.to, e.problem, e.outcome, e.gone = store.ItemApplied, nil, outcomeApplied, goneExplicit
	}
	return w.conclude(ctx, w.item, e)
}

// doubled is about a create whose key exists. Where an earlier call for it is in doubt, that may be its own effect.
func (w *work) doubled(ctx context.Context, err error) error {
	doubt, failed := w.inDoubt(ctx)
	switch {
	case failed != nil:
		return failed
	case doubt:
		return w.lost(ctx, err)
	}
	return w.refused(ctx, err)
}

// inDoubt tells whether a call that was made for the item before the latest one may have had an effect.
func (w *work) inDoubt(ctx context.Context) (bool, error) {
	if w.item.Attempts <= 1 {
		return false, nil
	}
	ledger, err := w.Store.Attempts(ctx, w.op, w.item.N)
	if err != nil || len(ledger) == 0 {
		return true, err
	}
	return slices.ContainsFunc(ledger[:len(ledger)-1], func(a store.Attempt) bool {
		return a.Kind == store.AttemptSend && a.Outcome != outcomeRejected && a.Outcome != outcomeNotSent
	}), nil
}

// refused is about a definite no. A record that an earlier step made or changed stays, and the item says so.
func (w *work) refused(ctx context.Context, err error) error {
	p := w.refusal(err)
	if w.taken || w.item.Op == string(manifest.Create) && w.item.RemoteID != "" {
		return w.partly(ctx, p, err)
	}
	return w.reject(ctx, w.item, p, err)
}

// partly is about a write of which a part was refused after another had its effect.
func (w *work) partly(ctx context.Context, p *problem.Error, err error) error {
	item := problem.Item{Pointer: "/status", Code: problem.NotTaken, Detail: p.Detail}
	if len(p.Items) > 0 {
		item = p.Items[0]
	}
	e := end{to: store.ItemApplied, remoteID: w.item.RemoteID, outcome: outcomeRejected, answer: answerOf(err), warnings: append(w.Warnings, item)}
	if w.last != nil {
		rec, failed := w.written(w.item.RemoteID, w.last)
		if failed != nil {
			return failed
		}
		e.record = &rec
	}
	return w.conclude(ctx, w.item, e)
}

// lost is about a call that may have had its effect.
func (w *work) lost(ctx context.Context, err error) error {
	return w.doubt(ctx, w.item, sentence(err), answerOf(err))
}

// firstLook is how soon it is looked for what became of a write whose answer is lost.
const firstLook = 200 * time.Millisecond

// doubt makes an item unknown: it may have had its effect.
func (s *sender) doubt(ctx context.Context, it *store.Item, why string, answer []byte) error {
	return s.conclude(ctx, it, end{to: store.ItemUnknown, due: s.Now().Add(firstLook), outcome: outcomeUnknown, detail: why, answer: answer,
		problem: problem.New(problem.WriteOutcomeUnknown, "It is not known whether the write had its effect: "+why)})
}
