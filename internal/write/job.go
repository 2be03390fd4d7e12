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

// How a write goes on that the system has only taken, to do it by a job of its own. Which job that is is stored with the item, so that whoever has the operation's lease asks for it. As long as the
// job may still do the write, nothing is sent again; a job that tells nothing leaves it to the ladder.

// Bounds of asking for a job.
const (
	longestJob = 24 * time.Hour   // after the write; then a person looks
	newJob     = 10 * time.Second // after the write: a system may not find yet what it has only just taken
)

// theJob is what is stored with an item: the job, and the step of the write that it does.
type theJob struct {
	ID  string `json:"id"`
	Row *int   `json:"row,omitempty"` // of the entity's moves; absent: the operation's own call
	To  string `json:"to,omitempty"`  // where that row leads
}

// handed stores that the system has taken a step as a job.
func (w *work) handed(ctx context.Context, step check.Step, written driver.Written) error {
	j := theJob{ID: written.Job}
	if step.Move != nil {
		for i := range w.entity.Moves.Rows {
			if &w.entity.Moves.Rows[i] == step.Move {
				j.Row, j.To = &i, step.Move.To
			}
		}
	}
	return w.conclude(ctx, w.item, end{to: store.ItemReconciling, job: members(j), due: w.Now().Add(firstLook), outcome: outcomeTaken, answer: written.Answer, problem: working(w.system.Name, j.ID)})
}

func working(system, job string) *problem.Error {
	return problem.Newf(problem.WriteOutcomeUnknown, "%s has taken the write and does it as its job %s. Busbar asks how far it is.", system, job)
}

// askJob asks how far the job of an item is.
func (q *inquiry) askJob(ctx context.Context) error {
	var j theJob
	if err := json.Unmarshal(q.item.Job, &j); err != nil {
		return q.jobTellsNothing(ctx, nil, "Which job does the write is not known any more.")
	}
	c, why, err := q.jobCommand(ctx, j)
	switch {
	case err != nil:
		return err
	case c == nil:
		return q.jobTellsNothing(ctx, nil, why)
	}
	job, err := q.writer.Job(ctx, *c, j.ID)
	q.answered(ctx, err)
	switch age := q.Now().Sub(q.item.SentAt); {
	case (err != nil || !job.Over) && age > longestJob:
		return q.leave(ctx, problem.Newf(problem.WriteOutcomeUnknown, "%s has taken the write as its job %s, and a day later that is not over. Look there what became of it, then say whether the write had its effect.", q.system.Name, j.ID))
	case err != nil:
		return q.blind(ctx, err)
	case !job.Over, job.Err != nil && driver.FateOf(job.Err) == driver.Unknown && age < newJob:
		return q.conclude(ctx, q.item, end{to: store.ItemReconciling, due: q.Now().Add(max(job.After, q.patience())), unlogged: true, problem: working(q.system.Name, j.ID)})
	case job.Err != nil:
		return q.jobFailed(ctx, job.Err)
	}
	return q.jobDone(ctx, c, job.Written)
}

// patience is how long a job is left alone: a second, of one that takes long a tenth of what it has taken, a minute at most.
func (q *inquiry) patience() time.Duration {
	return min(max(q.Now().Sub(q.item.SentAt)/10, time.Second), time.Minute)
}

// retryAfter is how long the system asks to wait; 0: it does not.
func retryAfter(err error) time.Duration {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// jobCommand is the step that the job does; nil: it cannot be asked for, and why.
func (q *inquiry) jobCommand(ctx context.Context, j theJob) (c *driver.Command, why string, err error) {
	c = &driver.Command{Entity: q.entity, Op: manifest.Op(q.item.Op), RemoteID: q.item.RemoteID, Mark: q.item.Mark}
	if j.Row != nil {
		if q.entity.Moves == nil || *j.Row >= len(q.entity.Moves.Rows) || q.entity.Moves.Rows[*j.Row].To != j.To {
			return nil, "The connector has changed, so that the job cannot be asked for any more.", nil
		}
		c.Op, c.Move = manifest.Update, &q.entity.Moves.Rows[*j.Row]
	}
	if c.Op != manifest.Create && c.RemoteID == "" {
		now, err := q.stored(ctx, q.item.Record)
		if err != nil || now == nil {
			return nil, "The record is not stored any more.", err
		}
		c.RemoteID = now.RemoteID
	}
	return c, "", nil
}

// jobTellsNothing leaves it to the ladder what became of the write.
func (q *inquiry) jobTellsNothing(ctx context.Context, answer []byte, why string) error {
	return q.conclude(ctx, q.item, end{to: store.ItemUnknown, jobOver: true, due: q.Now().Add(firstLook), looked: true, since: q.since, outcome: outcomeUnknown, answer: answer, detail: why,
		problem: problem.New(problem.WriteOutcomeUnknown, "It is not known whether the write had its effect: "+why)})
}

// jobFailed settles a write whose job did nothing, or does not say what it did.
func (q *inquiry) jobFailed(ctx context.Context, err error) error {
	e := end{to: store.ItemRejected, looked: true, since: q.since, outcome: outcomeRejected, answer: answerOf(err), detail: sentence(err), problem: q.refusal(err)}
	fate, made := driver.FateOf(err), q.item.Op == string(manifest.Create) && q.item.RemoteID != ""
	part, failed := q.partDone(ctx)
	switch {
	case failed != nil:
		return failed
	case fate == driver.Unknown, fate == driver.NotSent, fate == driver.Doubled && q.item.Attempts > 1, fate == driver.Conflicts && made && q.item.Attempts < maxSends:
		return q.jobTellsNothing(ctx, e.answer, e.detail)
	case fate == driver.Conflicts && q.item.IfMatch == "" && q.item.Attempts < maxSends:
		return q.madeAnew(ctx, e)
	case part:
		return q.jobFailedLater(ctx, e)
	case fate == driver.Conflicts:
		e.problem = (&recordChanged{err}).problem(q.system.Name, q.item.IfMatch != "")
	case fate == driver.Missing && q.item.Op == string(manifest.Delete) && q.item.Attempts > 1:
		e.to, e.problem, e.outcome, e.gone = store.ItemApplied, nil, outcomeApplied, goneExplicit
	case fate == driver.Missing && q.item.Op != string(manifest.Create):
		e.gone = goneNotFound
	}
	return q.conclude(ctx, q.item, e)
}

// partDone says that an earlier step of the write had its effect.
func (q *inquiry) partDone(ctx context.Context) (bool, error) {
	if q.item.Op == string(manifest.Create) && q.item.RemoteID != "" {
		return true, nil
	}
	ledger, err := q.Store.Attempts(ctx, q.op, q.item.N)
	return slices.ContainsFunc(ledger, func(a store.Attempt) bool { return a.Outcome == outcomeApplied }), err
}

// jobFailedLater is about a later step that was refused: what the steps before it did stays, and the item says what was not taken.
func (q *inquiry) jobFailedLater(ctx context.Context, e end) error {
	now, err := q.stored(ctx, q.item.Record)
	if err != nil {
		return err
	}
	remoteID := q.item.RemoteID
	if now != nil {
		remoteID = now.RemoteID
	}
	raw, err := q.readOne(ctx, remoteID)
	if err != nil {
		return q.blind(ctx, err)
	}
	rec, err := q.written(remoteID, raw)
	if err != nil {
		return q.blind(ctx, err)
	}
	item := problem.Item{Pointer: "/status", Code: problem.NotTaken, Detail: e.problem.Detail}
	e.to, e.problem, e.warnings, e.remoteID, e.record = store.ItemApplied, nil, []problem.Item{item}, remoteID, &rec
	return q.conclude(ctx, q.item, e)
}

// madeAnew sends a write again whose job did nothing, since the record is not what the write was made for any more. What an earlier step has added to lists is not asked for again.
func (q *inquiry) madeAnew(ctx context.Context, e end) error {
	now, err := q.stored(ctx, q.item.Record)
	switch {
	case err != nil:
		return err
	case now == nil:
		return q.leaveAsItIs(ctx)
	}
	raw, err := q.readOne(ctx, now.RemoteID)
	if err != nil {
		return q.blind(ctx, err)
	}
	if raw != nil {
		m, err := q.mapper.Map(raw, q.env)
		if err != nil {
			return q.blind(ctx, &driver.Error{Kind: driver.Torn, Detail: "The record cannot be read as the system shows it now: " + err.Error(), Err: err})
		}
		q.part = q.shows(q.item, m.Fields)
	}
	if _, err := q.keep(ctx, now.RemoteID, raw); err != nil {
		return q.blind(ctx, err)
	}
	e.problem = nil
	return q.sendAgain(ctx, e)
}

// jobDone goes on with a write whose job did it.
func (q *inquiry) jobDone(ctx context.Context, c *driver.Command, written driver.Written) error {
	if c.Op == manifest.Delete {
		return q.conclude(ctx, q.item, end{to: store.ItemApplied, gone: goneExplicit, looked: true, since: q.since, answer: written.Answer, outcome: outcomeApplied})
	}
	remoteID := firstOf(c.RemoteID, written.RemoteID)
	if remoteID == "" {
		return q.jobTellsNothing(ctx, written.Answer, "The job is done and does not say which record came of it.")
	}
	raw, err := written.Record, error(nil)
	if raw == nil {
		raw, err = q.readOne(ctx, remoteID)
	}
	var rec store.WrittenRecord
	if err == nil && raw != nil {
		rec, err = q.written(remoteID, raw)
	}
	switch {
	case err != nil:
		return q.blind(ctx, err)
	case raw == nil:
		return q.jobTellsNothing(ctx, written.Answer, "The job is done, and there is no record that came of it.")
	}
	return q.afterJob(ctx, c, rec, written.Answer)
}

// afterJob takes the record that a job has left for the effect of its step, and does what is left of the write. A change of status that the job says it made and did not make is not asked for again.
func (q *inquiry) afterJob(ctx context.Context, c *driver.Command, rec store.WrittenRecord, answer []byte) error {
	it, asked := q.item, q.asked()
	asked.ifMatch, asked.renewed = "", true
	v, err := q.judge(ctx, asked)
	if err != nil {
		return q.blind(ctx, err)
	}
	v.Wanted = firstGiven(it.Wanted, v.Wanted)
	status := statusOf(q.entity, rec.Fields)
	left, stuck := leftOf(v.Steps, status), c.Move != nil && status != c.Move.To
	e := end{to: store.ItemApplied, looked: true, since: q.since, outcome: outcomeApplied, answer: answer, record: &rec, remoteID: rec.RemoteID, warnings: v.Warnings}
	if len(left) > 0 && !stuck {
		e.to, e.jobOver, e.warnings, e.problem = store.ItemUnknown, true, nil, problem.New(problem.WriteOutcomeUnknown, "The job is done; what else was asked for is being done.")
		if err := q.conclude(ctx, it, e); err != nil {
			return err
		}
		it.RemoteID, it.Record = rec.RemoteID, rec.ID
		return q.finish(ctx, it, v, rec.Raw)
	}
	if missed := check.Missed(q.entity, v.Wanted, rec.Fields); v.Problem == nil && len(missed) > 0 {
		untouched, err := q.untouched(ctx, rec)
		if err != nil {
			return err
		}
		if e.outcome, e.warnings = outcomeNotTaken, append(v.Warnings, missed...); untouched {
			e.to, e.warnings, e.problem = store.ItemRejected, nil, notTaken(q.system.Name, q.entity, missed)
		}
	}
	return q.conclude(ctx, it, e)
}

// untouched says that no step of a change had an effect: none before the job, and the record is as it was stored before the write was sent.
func (q *inquiry) untouched(ctx context.Context, rec store.WrittenRecord) (bool, error) {
	part, err := q.partDone(ctx)
	if err != nil || part {
		return false, err
	}
	now, err := q.stored(ctx, q.item.Record)
	if err != nil || now == nil {
		return false, err
	}
	return isBefore(memberOf(now.JSON, "updated_at"), q.item.SentAt) && q.sameContent(now.Raw, rec.Raw), nil
}
