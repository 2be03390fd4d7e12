package write

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// gate stands right before the first byte of a call that has an effect: it stores that the items are being sent, and lets the call pass only while their operation is ours.
type gate struct {
	sender *sender
	lines  []line
	passed bool
	err    error
}

// line is one item at the gate.
type line struct {
	item *store.Item
	sent []byte // what goes out, for the ledger
	lock bool   // the record that it changes is known
	want []byte // what it asks for, where the record tells only together with that
	made string // version of the record that it was made for; empty: it is not held against the present one
}

// pass is asked by the transport once a connection stands, when nothing has gone out yet.
func (g *gate) pass(ctx context.Context) error {
	if g.err = g.sender.allowed(); g.err != nil {
		return g.err
	}
	if g.err = g.store(ctx); g.err != nil {
		return g.err
	}
	g.passed = true
	if g.err = g.sender.allowed(); g.err != nil {
		return g.err
	}
	return nil
}

func (g *gate) store(ctx context.Context) error {
	s := g.sender
	making := s.make != nil && s.op == nil
	before := make([]store.Item, len(g.lines))
	for i, l := range g.lines {
		before[i] = *l.item
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		if making {
			if err := s.make(ctx, tx); err != nil {
				return err
			}
		}
		for i, l := range g.lines {
			*l.item = before[i]
			if err := tx.MoveItem(ctx, s.operation(), l.item, l.move(s), s.Now()); err != nil {
				return err
			}
			if err := l.upToDate(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err == nil && making && s.made != nil:
		s.made()
	case err != nil:
		for i, l := range g.lines {
			*l.item = before[i]
		}
		if making {
			s.op = nil
		}
	}
	return err
}

// upToDate holds the record, which is ours from here on, against the one that the write was judged by: what another write of Busbar's or a page has made of it meanwhile is not written over. *recordChanged.
func (l line) upToDate(ctx context.Context, tx *store.Tx, s *sender) error {
	if l.made == "" {
		return nil
	}
	now, err := tx.RecordVersion(ctx, s.conn.Scope(), s.entity.Name, l.item.Record)
	if err != nil || now == l.made {
		return err
	}
	return &recordChanged{fmt.Errorf("it is %s and was %s when the write was judged", now, l.made)}
}

func (l line) move(s *sender) store.ItemMove {
	return store.ItemMove{
		From: []store.ItemStatus{store.ItemPending, store.ItemSending, store.ItemUnknown, store.ItemReconciling}, To: store.ItemSending, Record: l.item.Record, Sent: true, Lock: l.lock, Wanted: l.want,
		Attempt: &store.Attempt{Kind: store.AttemptSend, StartedAt: s.Now(), Outcome: outcomeSending, Sent: cut(l.sent)},
	}
}

// marked gives the context of a call that has an effect.
func (g *gate) marked(ctx context.Context, op manifest.Operation) context.Context {
	return egress.AsWrite(ctx, egress.Sending{Allowed: func() error { return g.pass(ctx) }, Stores: true, Fresh: !recoverable(op)})
}

// recoverable says that an unknown outcome of the operation can be found out without a person.
func recoverable(op manifest.Operation) bool {
	return len(op.Ladder) > 0 && op.Ladder[0].Class <= manifest.W3
}

// maxLedger is how much of what goes out and comes back the ledger keeps.
const maxLedger = 4 << 10

func cut(raw []byte) string {
	if len(raw) > maxLedger {
		raw = raw[:maxLedger]
	}
	return string(raw)
}

// What an attempt may have come to.
const (
	outcomeSending   = "sending" // its end was not learnt
	outcomeApplied   = "applied"
	outcomeTaken     = "taken" // the system does it by a job of its own
	outcomeNotSent   = "not_sent"
	outcomeRejected  = "rejected"
	outcomeUnknown   = "unknown"
	outcomeFound     = "found"
	outcomeNotFound  = "not_found"
	outcomeSeveral   = "several"
	outcomeFailed    = "look_failed"
	outcomeDecided   = "decided"
	outcomeNotTaken  = "not_taken"
	outcomeCandidate = "candidates"
)

// members gives the JSON of a value that always has one.
func members(v any) []byte {
	raw, _ := json.Marshal(v) //nolint:errchkjson // structs of texts and numbers
	return raw
}
