package write

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/store"
)

// end is what an attempt or a look came to.
type end struct {
	to       store.ItemStatus
	record   *store.WrittenRecord // the record as the system shows it now
	gone     string               // the record is gone: the evidence
	remoteID string
	problem  *problem.Error
	warnings []problem.Item
	due      time.Time
	looked   bool      // a look, not a send
	since    time.Time // when the look began
	outcome  string
	answer   []byte
	detail   string
	shared   bool   // record was found by a key of the caller's own, under which another item may have made it: then errMadeByAnother
	untaken  bool   // nothing of it had an effect
	job      []byte // the system does it by this job
	jobOver  bool   // the job tells nothing more
	unlogged bool   // no call was made: the ledger gets no line
}

// conclude stores what an attempt came to: the item's new state, its ledger, and the record with its place in the feed, in one transaction.
func (s *sender) conclude(ctx context.Context, it *store.Item, e end) error {
	if s.op == nil { // nothing went out, so no operation was made: the caller gets the answer, and nobody keeps it
		it.Status, it.Error = e.to, document(e.problem)
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	move := s.moveOf(it, e)
	before := *it
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		*it = before // a transaction may be done again
		rec, err := s.applyRecord(ctx, tx, it, e)
		if err != nil {
			return err
		}
		if e.shared {
			if taken, err := tx.MadeByAnother(ctx, s.op, it, e.record.ID); err != nil || taken {
				return errors.Join(err, orNil(taken, errMadeByAnother))
			}
		}
		m := move
		if rec != nil && e.to == store.ItemApplied {
			m.Version = versionOf(rec)
		}
		o := s.operation()
		if err := tx.MoveItem(ctx, o, it, m, s.Now()); err != nil {
			return err
		}
		if s.final != nil && it.Status.Final() {
			return s.final(ctx, tx, it, rec)
		}
		return nil
	})
	if err != nil {
		*it = before
	}
	return err
}

// errMadeByAnother says that the record that was found came of another item.
var errMadeByAnother = errors.New("another write made the record")

func (s *sender) moveOf(it *store.Item, e end) store.ItemMove {
	m := store.ItemMove{From: []store.ItemStatus{it.Status}, To: e.to, Record: it.Record, RemoteID: firstOf(e.remoteID, it.RemoteID), Error: document(e.problem), DueAt: e.due, Look: e.looked, Untaken: e.untaken, Job: e.job, JobOver: e.jobOver}
	if m.RemoteID != "" {
		m.Record = s.recordID(m.RemoteID)
	}
	if len(e.warnings) > 0 {
		m.Warnings = members(e.warnings)
	}
	if e.unlogged {
		return m
	}
	now := s.Now()
	m.Attempt = &store.Attempt{Kind: store.AttemptSend, Number: store.LastAttempt, EndedAt: now, Outcome: e.outcome, Answer: cut(e.answer), Detail: e.detail}
	if e.looked {
		m.Attempt.Kind, m.Attempt.Number, m.Attempt.StartedAt = store.AttemptLook, 0, e.since
	}
	return m
}

// applyRecord stores the record that a write left behind.
func (s *sender) applyRecord(ctx context.Context, tx *store.Tx, it *store.Item, e end) (*store.Record, error) {
	switch {
	case e.gone != "":
		remoteID := firstOf(e.remoteID, it.RemoteID)
		return tx.ApplyRecord(ctx, s.conn.Scope(), s.entity.Name, store.WrittenRecord{Change: store.Change{ID: it.Record, RemoteID: remoteID}, Gone: e.gone}, s.Now())
	case e.record != nil:
		w := *e.record
		w.Wrote = it.Attempts > 0
		return tx.ApplyRecord(ctx, s.conn.Scope(), s.entity.Name, w, s.Now())
	}
	return nil, nil
}

// reject ends an item that had no effect. cause is the system's own no; nil: it was not sent.
func (s *sender) reject(ctx context.Context, it *store.Item, p *problem.Error, cause error) error {
	e := end{to: store.ItemRejected, problem: p, outcome: outcomeRejected, unlogged: cause == nil}
	if cause != nil {
		e.answer, e.detail = answerOf(cause), sentence(cause)
	}
	return s.conclude(ctx, it, e)
}

// applyUnchanged ends an item whose record is as it asks already: nothing is sent.
func (s *sender) applyUnchanged(ctx context.Context, it *store.Item, v judged) error {
	e := end{to: store.ItemApplied, remoteID: v.current.RemoteID, warnings: v.Warnings, unlogged: true}
	rec, err := s.written(v.current.RemoteID, v.current.Raw)
	if err == nil {
		e.record = &rec
	}
	return s.conclude(ctx, it, e)
}

// versionOf gives the version of a stored record.
func versionOf(r *store.Record) string {
	return memberOf([]byte(r.JSON), "version")
}

// statusOf gives the status among mapped members.
func statusOf(e *manifest.Entity, fields []byte) string {
	if e.Moves == nil {
		return ""
	}
	return memberOf(fields, e.Moves.Field)
}

// memberOf gives a member that is a text; "" where it is none.
func memberOf(object []byte, name string) string {
	var text string
	raw, ok, err := rawjson.Find(object, name)
	if err != nil || !ok || json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// answerOf is what came back with an error.
func answerOf(err error) []byte {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Answer
	}
	return nil
}

// sentence says for a person what an error of a call was.
func sentence(err error) string {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return "The call ended without an answer."
}
