package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// look opens and counts the sweep of a full run that met these records.
func (w *world) look(c *store.Connection, r *store.Run, met []rec) *store.Sweep {
	w.t.Helper()
	w.apply(c, r, met)
	return w.count(r)
}

func (w *world) count(r *store.Run) *store.Sweep {
	w.t.Helper()
	sw := must[*store.Sweep](w)(w.OpenSweep(w.t.Context(), r))
	_, _, err := sw.Count(w.t.Context())
	w.ok(err)
	return sw
}

// hold makes a full run that met these records and holds back what is missing.
func (w *world) hold(c *store.Connection, met []rec) *store.Run {
	w.t.Helper()
	r := w.begin(c, orders, store.Full)
	sw := w.look(c, r, met)
	w.finish(r, store.Finish{State: store.RunIncomplete, ReasonCode: "deletions-held", Full: true, Held: sw.Hold(w.now)})
	return r
}

func (w *world) decide(r *store.Run, d store.Decision) (h store.HeldDeletions, err error) {
	err = w.Write(w.t.Context(), func(tx *store.Tx) error {
		h, err = tx.DecideHeld(w.t.Context(), r, d, w.now)
		return err
	})
	return h, err
}

func (w *world) tryFinish(r *store.Run, f store.Finish) error {
	return w.Write(w.t.Context(), func(tx *store.Tx) error { return tx.FinishRun(w.t.Context(), r, f, w.now) })
}

var heldTests = []test{
	{"a hold is what every sweep since has missed", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		first := w.hold(c, recs(4, "a"))
		h := w.stream(c, orders).Held
		w.equal("held", []any{h.Run, h.Missing, h.InRange, h.HeldAt, h.Decision, h.ConfirmedRun}, []any{first.ID, 6, 10, w.now, store.DecisionPending, ""})
		w.equal("of others", w.stream(c, vendors).Held, (*store.HeldDeletions)(nil))

		w.tick(time.Hour)
		second := w.begin(c, orders, store.Full)
		sw := w.look(c, second, append(recs(3, "a"), rec{id: "r0008", value: "a"}, rec{id: "r0009", value: "b"}))
		w.equal("agreed", sw.Agreed(), 4)
		w.finish(second, store.Finish{State: store.RunIncomplete, Held: sw.Confirm(w.now)})
		h = w.stream(c, orders).Held
		w.equal("confirmed", []any{h.Run, h.Missing, h.ConfirmedRun, h.ConfirmedAt}, []any{first.ID, 4, second.ID, w.now})

		third := w.begin(c, orders, store.Full)
		w.equal("came back and went again", w.look(c, third, recs(4, "a")).Agreed(), 4)
		w.equal("live", w.stream(c, orders).Live, 10)
	}},
	{"decisions are kept, may be changed until they are carried out, and hold for one set only", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		none := w.sync(c, vendors, store.Full, recs(3, "a"))
		first := w.hold(c, recs(4, "a"))
		_, err := w.decide(none, store.DecisionApproved)
		w.is(err, store.ErrNotFound)
		for _, d := range []store.Decision{store.DecisionRejected, store.DecisionRejected, store.DecisionApproved, store.DecisionApproved} {
			h, err := w.decide(first, d)
			w.ok(err)
			w.equal("decision", []any{h.Decision, h.DecidedAt, w.stream(c, orders).Held.Decision}, []any{d, w.now, d})
		}
		second := w.begin(c, orders, store.Full)
		sw := w.look(c, second, recs(4, "a"))
		w.equal("deleted", w.sweep(second), 6)
		w.completeWith(second, sw.CarryOut(w.now))
		w.equal("held", w.stream(c, orders).Held, (*store.HeldDeletions)(nil))
		h, err := w.decide(first, store.DecisionApproved)
		w.ok(err)
		w.equal("carried out", []any{h.CarriedRun, h.CarriedAt}, []any{second.ID, w.now})
		_, err = w.decide(first, store.DecisionRejected)
		w.is(err, store.ErrConflict)

		w.hold(c, recs(1, "a"))
		_, err = w.decide(first, store.DecisionApproved)
		w.is(err, store.ErrNotFound)
	}},
	{"a decision that comes while a sweep ends is not overlooked", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		first := w.hold(c, recs(4, "a"))
		second := w.begin(c, orders, store.Full)
		sw := w.look(c, second, recs(4, "a"))
		_, err := w.decide(first, store.DecisionApproved)
		w.ok(err)
		w.is(w.tryFinish(second, store.Finish{State: store.RunIncomplete, Held: sw.Confirm(w.now)}), store.ErrDecided)
		w.equal("still running", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), second.ID)).State, store.RunRunning)

		sw = w.count(second)
		n, _, err := sw.Delete(t.Context(), 2, w.now)
		w.ok(err)
		_, err = w.decide(first, store.DecisionRejected)
		w.ok(err)
		_, _, err = sw.Delete(t.Context(), 2, w.now)
		w.is(err, store.ErrDecided)
		w.equal("deleted", []any{n, w.stream(c, orders).Live}, []any{2, 8})
	}},
	{"rejected records stay while others are deleted, and leave the set when they come back", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		first := w.hold(c, recs(4, "a"))
		_, err := w.decide(first, store.DecisionRejected)
		w.ok(err)
		second := w.begin(c, orders, store.Full)
		sw := w.look(c, second, append(recs(3, "a"), rec{id: "r0009", value: "a"}))
		w.equal("deleted", w.sweep(second), 1)
		w.completeWith(second, sw.KeepRejected())
		h := w.stream(c, orders).Held
		w.equal("held", []any{h.Run, h.Missing, h.Decision}, []any{first.ID, 5, store.DecisionRejected})
		w.equal("live", w.stream(c, orders).Live, 9)
		third := w.begin(c, orders, store.Full)
		w.completeWith(third, w.look(c, third, recs(10, "b")).KeepRejected())
		w.equal("held", w.stream(c, orders).Held, (*store.HeldDeletions)(nil))
	}},
	{"rejected records that lie outside of a period stay rejected", func(t *testing.T, w *world) {
		c := w.connect()
		old := w.now.Add(-100 * 24 * time.Hour)
		w.sync(c, orders, store.Full, []rec{{id: "old", rangeAt: old}, {id: "recent", rangeAt: w.now}, {id: "here", rangeAt: w.now}})
		first := w.hold(c, []rec{{id: "here", rangeAt: w.now}})
		_, err := w.decide(first, store.DecisionRejected)
		w.ok(err)
		bounded := w.begin(c, orders, store.Full)
		w.ok(w.PlanRun(t.Context(), bounded, time.Time{}, w.now.Add(-90*24*time.Hour), nil))
		sw := w.look(c, bounded, []rec{{id: "here", rangeAt: w.now}})
		w.equal("agreed", sw.Agreed(), 1)
		w.completeWith(bounded, sw.KeepRejected())
		w.equal("kept", w.stream(c, orders).Held.Missing, 2)
	}},
	{"held records that a new mapping maps anew stay held", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		w.hold(c, recs(4, "a"))
		r := w.begin(c, orders, store.Full)
		p := w.classify(c, orders, recs(8, "mapped anew")[2:])
		p.Remapped = true
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		w.ok(w.FinishRemap(t.Context(), r, "two", []byte(`{}`)))
		sw := w.look(c, r, []rec{{id: "r0000", value: "a"}, {id: "r0001", value: "a"}, {id: "r0002", value: "mapped anew"}, {id: "r0003", value: "mapped anew"}})
		w.equal("agreed", sw.Agreed(), 6)
	}},
	{"a hold that is over is gone, and so is that of a connection whose data are deleted", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		first := w.hold(c, recs(4, "a"))
		second := w.begin(c, orders, store.Full)
		w.completeWith(second, w.look(c, second, recs(10, "a")).Dissolve())
		w.equal("held", len(must[[]store.HeldDeletions](w)(w.HeldDeletions(t.Context(), c.Scope()))), 0)
		_, err := w.decide(first, store.DecisionApproved)
		w.is(err, store.ErrNotFound)
		third := w.begin(c, orders, store.Full)
		w.equal("nothing to end", w.look(c, third, recs(10, "a")).Dissolve() == nil, true)
		w.complete(third)

		w.hold(c, nil)
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
		for !must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 100)) {
		}
		w.equal("held", len(must[[]store.HeldDeletions](w)(w.HeldDeletions(t.Context(), c.Scope()))), 0)
	}},
}

// completeWith ends a full run that did something to the held deletions.
func (w *world) completeWith(r *store.Run, h *store.HeldChange) {
	w.t.Helper()
	w.finish(r, store.Finish{State: store.RunComplete, Full: true, Held: h})
}
