package write

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// How an unknown outcome is found out. Each rung of the ladder that a manifest declares is a way to do it; the first that can be used now is.

// Bounds of finding out.
const (
	maxSends   = 12               // of one item, when each answer is lost; then a person looks
	looksApart = 2 * time.Second  // after a look that failed, growing
	mostApart  = 15 * time.Minute //
)

// inquiry is one look for what became of an item.
type inquiry struct {
	*sender
	item  *store.Item
	rung  manifest.Rung
	since time.Time
	part  bool // of an update something had its effect: only its status is left to be changed
}

// findOut looks for what became of an item whose outcome is not known.
func (s *sender) findOut(ctx context.Context, it *store.Item) error {
	q := &inquiry{sender: s, item: it, since: s.Now()}
	switch {
	case len(it.Job) > 0:
		return q.askJob(ctx)
	case it.Op == string(manifest.Create) && it.RemoteID != "":
		return s.goOn(ctx, it)
	case it.Attempts >= maxSends:
		return q.leave(ctx, problem.New(problem.WriteOutcomeUnknown, fmt.Sprintf("The write was sent %d times and no answer came. Look in the system whether it had its effect, then say so.", it.Attempts)))
	}
	q.rung = q.choose()
	switch {
	case q.rung.Class == manifest.W1:
		return q.sendUnderItsKey(ctx)
	case q.rung.Class == manifest.W2 && it.Op != string(manifest.Create):
		return q.readIt(ctx)
	case q.rung.Class == manifest.W2, q.rung.Class == manifest.W3:
		return q.searchIt(ctx)
	case q.rung.Class == manifest.W4:
		return q.candidates(ctx)
	}
	return q.leave(ctx, nobodyKnows(s.system.Name))
}

// choose gives the first rung that can be used: a key of the system's own only as long as the system knows it.
func (q *inquiry) choose() manifest.Rung {
	for _, r := range q.entity.Operations[manifest.Op(q.item.Op)].Ladder {
		if r.Class != manifest.W1 || q.Now().Sub(q.op.CreatedAt) < r.Window-callWithin {
			return r
		}
	}
	return manifest.Rung{Class: manifest.W5}
}

func nobodyKnows(system string) *problem.Error {
	return problem.Newf(problem.WriteOutcomeUnknown, "%s offers no way to find out whether the write had its effect. Look there, then say whether it happened (with the id of the record) or did not: POST /v1/operations/{id}/items/{n}/resolve.", system)
}

// ask leaves the item to a person.
func (q *inquiry) leave(ctx context.Context, p *problem.Error) error {
	return q.conclude(ctx, q.item, end{to: store.ItemNeedsHuman, problem: p, unlogged: true})
}

// sendUnderItsKey sends the same again with the key under which the system knows it. Until it answers the item stays in doubt.
func (q *inquiry) sendUnderItsKey(ctx context.Context) error {
	if wait, err := q.notYet(ctx); wait || err != nil {
		return err
	}
	v, err := q.judge(ctx, q.asked())
	switch {
	case err != nil:
		return q.blind(ctx, err)
	case v.Problem != nil || len(v.Steps) == 0:
		return q.leaveAsItIs(ctx)
	}
	w := &work{sender: q.sender, item: q.item, judged: v, doubted: true}
	for i, step := range v.Steps {
		if done, err := w.step(ctx, step, i == len(v.Steps)-1); done || err != nil {
			return err
		}
	}
	return nil
}

// notYet lets an item wait whose key was sent only just now.
func (q *inquiry) notYet(ctx context.Context) (wait bool, err error) {
	at := q.item.SentAt.Add(backoff(q.item.Attempts - 1))
	if !at.After(q.Now()) {
		return false, nil
	}
	return true, q.conclude(ctx, q.item, end{to: store.ItemReconciling, due: at, unlogged: true,
		problem: problem.New(problem.WriteOutcomeUnknown, "It is not known yet whether the write had its effect. Busbar sends it again under its key, which has one effect at most.")})
}

// leaveAsItIs leaves an item to a person that cannot be sent again as it was.
func (q *inquiry) leaveAsItIs(ctx context.Context) error {
	return q.leave(ctx, problem.New(problem.WriteOutcomeUnknown, "It is not known whether the write had its effect, and it can no longer be sent again as it was. Look in the system, then say whether it happened."))
}

// sendAgain makes the item pending and sends it: it had no effect, or sending it again has none.
func (q *inquiry) sendAgain(ctx context.Context, e end) error {
	e.to, e.untaken = store.ItemPending, !q.part
	if wait := backoff(q.item.Attempts - 1); q.item.SentAt.Add(wait).After(q.Now()) {
		e.due = q.item.SentAt.Add(wait)
	}
	if err := q.conclude(ctx, q.item, e); err != nil || q.whole || !e.due.IsZero() {
		return err
	}
	return q.begin(ctx, q.item)
}

// backoff is how long after the n-th lost answer the same is tried again: at once after the first.
func backoff(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	return min(looksApart<<min(n, 10), mostApart)
}

// goOn continues a create whose record is known: what was asked for besides is done.
func (s *sender) goOn(ctx context.Context, it *store.Item) error {
	q := &inquiry{sender: s, item: it, since: s.Now()}
	v, err := s.judge(ctx, s.ask(it))
	if err != nil {
		return q.blind(ctx, err)
	}
	raw, err := s.readOne(ctx, it.RemoteID)
	if err != nil {
		return q.blind(ctx, err)
	}
	if raw == nil {
		return s.conclude(ctx, it, end{to: store.ItemApplied, gone: goneNotFound, looked: true, since: q.since, outcome: outcomeFound, remoteID: it.RemoteID,
			warnings: []problem.Item{{Code: problem.NotTaken, Detail: "The record was made, and is gone again by now."}}})
	}
	return s.finish(ctx, it, v, raw)
}

// finish takes the steps that a found record still lacks: the changes of status behind the one that it has.
func (s *sender) finish(ctx context.Context, it *store.Item, v judged, raw []byte) error {
	rec, err := s.written(it.RemoteID, raw)
	if err != nil {
		return err
	}
	w := &work{sender: s, item: it, judged: v, last: raw}
	w.current = &check.Current{Raw: raw, RemoteID: it.RemoteID}
	left := leftOf(v.Steps, statusOf(s.entity, rec.Fields))
	for i, step := range left {
		if done, err := w.step(ctx, step, i == len(left)-1); done || err != nil {
			return err
		}
	}
	e := end{to: store.ItemApplied, record: &rec, remoteID: it.RemoteID, outcome: outcomeFound, looked: true, since: s.Now(), warnings: v.Warnings}
	if v.Problem == nil {
		e.warnings = append(e.warnings, check.Missed(s.entity, v.Wanted, rec.Fields)...)
	}
	return s.conclude(ctx, it, e)
}

// leftOf gives the moves that a record in this status still has before it.
func leftOf(steps []check.Step, status string) []check.Step {
	moves := slices.DeleteFunc(slices.Clone(steps), func(st check.Step) bool { return st.Move == nil })
	for i := len(moves) - 1; i >= 0; i-- {
		if moves[i].Move.To == status {
			return moves[i+1:]
		}
	}
	if len(moves) > 0 && slices.Contains(moves[0].Move.From, status) {
		return moves
	}
	return nil
}

// readIt looks at the record that an update or a deletion was for.
func (q *inquiry) readIt(ctx context.Context) error {
	now, err := q.stored(ctx, q.item.Record)
	if err != nil {
		return err
	}
	if now == nil {
		return q.leave(ctx, problem.New(problem.WriteOutcomeUnknown, "The record is not stored any more, so it cannot be told whether the write had its effect."))
	}
	raw, err := q.readOne(ctx, now.RemoteID)
	if err != nil {
		return q.blind(ctx, err)
	}
	if raw == nil {
		return q.gone(ctx, now.RemoteID)
	}
	if !q.sameContent(now.Raw, raw) {
		if _, err := q.keep(ctx, now.RemoteID, raw); err != nil {
			return q.blind(ctx, err)
		}
	}
	return q.changedAsAsked(ctx, now.RemoteID, raw)
}

// gone is about a record that is not there any more: a deletion has had its effect; an update can have none.
func (q *inquiry) gone(ctx context.Context, remoteID string) error {
	e := end{to: store.ItemApplied, gone: goneExplicit, looked: true, since: q.since, outcome: outcomeFound, remoteID: remoteID}
	if q.item.Op != string(manifest.Delete) {
		e.to, e.gone, e.outcome = store.ItemRejected, goneNotFound, outcomeNotFound
		e.problem = problem.Newf(problem.NotFound, "%s has no such record any more.", q.system.Name)
	}
	return q.conclude(ctx, q.item, e)
}

// changedAsAsked compares the record with what the write asked for.
func (q *inquiry) changedAsAsked(ctx context.Context, remoteID string, raw []byte) error {
	m, err := q.mapper.Map(raw, q.env)
	if err != nil {
		return q.blind(ctx, &driver.Error{Kind: driver.Torn, Detail: "The record cannot be read as the system shows it now: " + err.Error()})
	}
	asked := q.asked()
	asked.ifMatch, asked.renewed = "", true
	if q.part = q.shows(q.item, m.Fields); q.part {
		asked.data = q.statusAsked(q.item)
	}
	v, err := q.judge(ctx, asked)
	if err != nil {
		return q.blind(ctx, err)
	}
	v.Wanted = firstGiven(q.item.Wanted, v.Wanted)
	if v.Nothing || len(v.Wanted) > 0 && len(check.Missed(q.entity, v.Wanted, m.Fields)) == 0 {
		rec, err := q.written(remoteID, raw)
		if err != nil {
			return q.blind(ctx, err)
		}
		return q.conclude(ctx, q.item, end{to: store.ItemApplied, record: &rec, remoteID: remoteID, looked: true, since: q.since, outcome: outcomeFound, warnings: v.Warnings})
	}
	if v.Problem != nil && q.item.Op == string(manifest.Update) {
		return q.conclude(ctx, q.item, end{to: store.ItemNeedsHuman, looked: true, since: q.since, outcome: outcomeCandidate,
			problem: problem.New(problem.WriteOutcomeUnknown, "The record does not show what the write asked for, and is now in a state in which it could not be sent again: "+v.Problem.Detail+" Look at the record, then say whether it happened.")})
	}
	if len(q.item.Wanted) == 0 && asksLists(v.Wanted) {
		return q.conclude(ctx, q.item, end{to: store.ItemNeedsHuman, looked: true, since: q.since, outcome: outcomeCandidate,
			problem: problem.New(problem.WriteOutcomeUnknown, "How the record was before the write was sent is not known any more, so it cannot be told whether its lines are those that the write asked for. Look at the record, then say whether it happened.")})
	}
	if !q.part && q.item.IfMatch != "" && v.current != nil && !strings.Contains(q.item.IfMatch, v.current.Version) {
		return q.conclude(ctx, q.item, end{to: store.ItemNeedsHuman, looked: true, since: q.since, outcome: outcomeCandidate,
			problem: problem.New(problem.WriteOutcomeUnknown, "The record has changed since the write was sent and does not show what it asked for: perhaps it had its effect and others changed the record after it, perhaps it had none. Look at the record, then say so.")})
	}
	return q.absent(ctx)
}

// absent is about an effect that is not there (yet): it is looked for again until it cannot appear any more, and then it is sent again.
func (q *inquiry) absent(ctx context.Context) error {
	sent, settle := q.item.SentAt, q.rung.Settle
	if q.Now().Before(sent.Add(2*settle)) || q.item.Looks < 1 {
		next := sent.Add(settle)
		if !next.After(q.Now()) {
			next = sent.Add(2 * settle)
		}
		if !next.After(q.Now()) {
			next = q.Now().Add(settle)
		}
		return q.conclude(ctx, q.item, end{to: store.ItemReconciling, due: next, looked: true, since: q.since, outcome: outcomeNotFound,
			problem: problem.New(problem.WriteOutcomeUnknown, "It is not known yet whether the write had its effect. Busbar looks again by itself.")})
	}
	return q.sendAgain(ctx, end{looked: true, since: q.since, outcome: outcomeNotFound, detail: "It had no effect: it was not there whenever it was looked for."})
}

// blind is about a look that could not be made: the item stays unknown, and it is looked again.
func (q *inquiry) blind(ctx context.Context, err error) error {
	e := end{to: store.ItemUnknown, due: q.Now().Add(backoff(q.item.Looks + 1)), looked: true, since: q.since, outcome: outcomeFailed, detail: sentence(err), answer: answerOf(err),
		problem: problem.Newf(problem.WriteOutcomeUnknown, "It is not known whether the write had its effect, and %s could not be asked: %s Busbar looks again by itself.", q.system.Name, sentence(err))}
	if len(q.item.Job) > 0 { // the system has taken it, and nothing is in doubt
		e.to, e.due = store.ItemReconciling, q.Now().Add(max(q.patience(), retryAfter(err)))
	}
	q.report(ctx, err)
	if failed := q.conclude(ctx, q.item, e); failed != nil {
		return failed
	}
	if h := q.halted(err); driver.KindOf(err) != "" && driver.Kind(driver.KindOf(err)).Verdict().Effect.Whole() {
		return h
	}
	return nil
}

// candidates shows the records that may be the effect of a create: a person decides.
func (q *inquiry) candidates(ctx context.Context) error {
	if q.item.SentAt.Add(q.rung.Settle).After(q.Now()) && q.item.Looks == 0 {
		return q.conclude(ctx, q.item, end{to: store.ItemReconciling, due: q.item.SentAt.Add(q.rung.Settle), unlogged: true, looked: true,
			problem: problem.New(problem.WriteOutcomeUnknown, "It is not known yet whether the write had its effect. Busbar looks for records that may have come of it.")})
	}
	found, err := q.search(ctx, driver.Search{Entity: q.entity, Rung: &q.rung, Since: q.item.SentAt.Add(-skew)})
	if err != nil {
		return q.blind(ctx, err)
	}
	v, err := q.judge(ctx, q.asked())
	if err != nil {
		return q.blind(ctx, err)
	}
	alike := slices.DeleteFunc(found, func(raw []byte) bool {
		m, err := q.mapper.Map(raw, q.env)
		return err != nil || !check.Same(q.entity, q.rung.Match, v.Wanted, m.Fields)
	})
	return q.several(ctx, alike, map[bool]string{
		true:  "Records that may have come of this write are named in candidates. Look at them in the system, then say which one it is, or that it is none.",
		false: "No record was found that looks as if it had come of this write, which proves nothing. Look in the system, then say whether it happened.",
	}[len(alike) > 0])
}

// skew is how far the system's clock may be behind ours.
const skew = 5 * time.Minute

// candidate is a record that may be the effect of a write.
type candidate struct {
	ID        string `json:"id"`
	RemoteID  string `json:"remote_id"`
	DisplayID string `json:"display_id,omitempty"`
}

// several leaves the item to a person, with the records that come into question.
func (q *inquiry) several(ctx context.Context, found [][]byte, sentence string) error {
	var named []candidate
	for _, raw := range found[:min(len(found), 10)] {
		if remoteID, err := q.mapper.RemoteID(raw); err == nil {
			c := candidate{ID: q.recordID(remoteID).String(), RemoteID: remoteID}
			if m, err := q.mapper.Map(raw, q.env); err == nil {
				c.DisplayID = memberOf(m.Fields, "display_id")
			}
			named = append(named, c)
		}
	}
	p := problem.New(problem.WriteOutcomeUnknown, sentence).With("candidates", named)
	return q.conclude(ctx, q.item, end{to: store.ItemNeedsHuman, problem: p, looked: true, since: q.since, outcome: outcomeSeveral, detail: fmt.Sprintf("%d records come into question", len(found))})
}

// asked is the item as a write to be judged; what it is compared with is read, not sent.
func (q *inquiry) asked() ask { return q.sender.ask(q.item) }
