package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

var itemTests = []test{
	{"a step changes the item, its operation's counts and the ledger, or nothing", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.work(c, creates(2))
		it := w.send(o, 0)
		w.equal("as moved", it, w.item(o, 0))
		w.equal("sent", words(it.Status, it.Attempts, it.SentAt.Equal(w.now), it.UpdatedAt.Equal(w.now)), "sending 1 true true")
		w.equal("counts", o.Counts, store.ItemCounts{Sending: 1, Pending: 1})
		w.is(w.MoveItem(t.Context(), o, it, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemApplied}, w.now), store.ErrConflict)
		w.is(w.MoveItem(t.Context(), o, &store.Item{N: 9}, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemApplied}, w.now), store.ErrNotFound)
		w.tick(time.Second)
		it = w.move(o, 0, store.ItemMove{To: store.ItemUnknown, Error: []byte(`{"code":"lost"}`), DueAt: w.now.Add(time.Minute),
			Attempt: &store.Attempt{Number: store.LastAttempt, Kind: store.AttemptSend, EndedAt: w.now, Outcome: "unknown", Answer: "502", Detail: "torn"}})
		w.equal("unknown", words(string(it.Error), it.DueAt.Equal(w.now.Add(time.Minute)), it.Attempts), `{"code":"lost"} true 1`)
		it = w.move(o, 0, store.ItemMove{To: store.ItemReconciling, Look: true, Attempt: &store.Attempt{Kind: store.AttemptLook, StartedAt: w.now, EndedAt: w.now, Outcome: "not_found"}})
		w.equal("looked", words(it.Looks, string(it.Error), it.DueAt.IsZero()), `1 {"code":"lost"} true`)
		it = w.move(o, 0, store.ItemMove{To: store.ItemPending})
		w.equal("to be sent again", words(string(it.Error), it.Looks, it.Attempts), ` 1 1`)
		it = w.send(o, 0)
		w.equal("sent again", words(it.Looks, it.Attempts), `0 2`)
		id := idOf(c, orders, "17")
		it = w.move(o, 0, store.ItemMove{To: store.ItemApplied, Record: id, RemoteID: "17", Version: "1.3", Warnings: []byte(`[{"code":"not-taken"}]`), Error: []byte(`{}`)})
		w.equal("applied", words(it.Record, it.RemoteID, it.Version, string(it.Warnings), string(it.Error)), words(id, `17 1.3 [{"code":"not-taken"}] `))
		w.balanced(o)
		sent := w.now.Add(-time.Second)
		w.equal("ledger", must[[]store.Attempt](w)(w.Attempts(t.Context(), o, 0)), []store.Attempt{
			{Number: 1, Kind: store.AttemptSend, StartedAt: sent, EndedAt: w.now, Outcome: "unknown", Sent: "{}", Answer: "502", Detail: "torn"},
			{Number: 2, Kind: store.AttemptLook, StartedAt: w.now, EndedAt: w.now, Outcome: "not_found"},
			{Number: 3, Kind: store.AttemptSend, StartedAt: w.now, Outcome: "sending", Sent: "{}"},
		})
	}},
	{"a line of the ledger is replaced by its number, and an end without a beginning is a line", func(t *testing.T, w *world) {
		o := w.work(w.connect(), creates(1))
		note := func(a store.Attempt) { w.move(o, 0, store.ItemMove{To: store.ItemPending, Attempt: &a}) }
		note(store.Attempt{Number: store.LastAttempt, Kind: store.AttemptSend, EndedAt: w.now, Outcome: "not_sent"})
		note(store.Attempt{Number: store.LastAttempt, Kind: store.AttemptSend, EndedAt: w.now, Outcome: "not_sent"})
		note(store.Attempt{Number: 1, Kind: store.AttemptDecision, StartedAt: w.now, EndedAt: w.now, Outcome: "b", Detail: strange})
		w.equal("ledger", must[[]store.Attempt](w)(w.Attempts(t.Context(), o, 0)), []store.Attempt{
			{Number: 1, Kind: store.AttemptDecision, StartedAt: w.now, EndedAt: w.now, Outcome: "b", Detail: "a\uFFFDb\uFFFDc"},
			{Number: 2, Kind: store.AttemptSend, StartedAt: w.now, EndedAt: w.now, Outcome: "not_sent"},
		})
	}},
	{"items are listed by number, status and time", func(t *testing.T, w *world) {
		o := w.work(w.connect(), creates(8))
		w.move(o, 1, store.ItemMove{To: store.ItemApplied})
		w.move(o, 3, store.ItemMove{To: store.ItemUnknown, DueAt: w.now.Add(time.Minute)})
		w.move(o, 4, store.ItemMove{To: store.ItemPending, DueAt: w.now.Add(time.Minute)})
		w.move(o, 6, store.ItemMove{To: store.ItemRejected})
		open := []store.ItemStatus{store.ItemUnknown, store.ItemPending, store.ItemPending}
		for name, tt := range map[string]struct {
			filter store.ItemFilter
			want   []int64
		}{
			"all":           {store.ItemFilter{}, []int64{0, 1, 2, 3, 4, 5, 6, 7}},
			"page":          {store.ItemFilter{From: 2, Limit: 3}, []int64{2, 3, 4}},
			"due":           {store.ItemFilter{Due: w.now}, []int64{0, 1, 2, 5, 6, 7}},
			"status":        {store.ItemFilter{Statuses: []store.ItemStatus{store.ItemRejected}}, []int64{6}},
			"statuses":      {store.ItemFilter{Statuses: open}, []int64{0, 2, 3, 4, 5, 7}},
			"and page":      {store.ItemFilter{Statuses: open, From: 1, Limit: 3}, []int64{2, 3, 4}},
			"statuses, due": {store.ItemFilter{Statuses: open, Due: w.now, From: 1, Limit: 2}, []int64{2, 5}},
			"later":         {store.ItemFilter{Statuses: open, Due: w.now.Add(time.Minute)}, []int64{0, 2, 3, 4, 5, 7}},
			"strange":       {store.ItemFilter{Statuses: []store.ItemStatus{strange}}, []int64{}},
		} {
			got := []int64{}
			for _, it := range must[[]store.Item](w)(w.Items(t.Context(), o, tt.filter)) {
				got = append(got, it.N)
			}
			w.equal(name, got, tt.want)
		}
		w.is(second(w.Item(t.Context(), o, 8)), store.ErrNotFound)
	}},
	{"one write at a time to one record, from before it is sent until its outcome is known", func(t *testing.T, w *world) {
		c := w.connect()
		id := idOf(c, orders, "r1")
		a, b := w.work(c, []store.Item{update(0, id), update(1, id)}), w.work(c, []store.Item{update(0, id)})
		try := func(o *store.Operation, n int64) error {
			return w.MoveItem(t.Context(), o, w.item(o, n), store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true, Lock: true}, w.now)
		}
		w.ok(try(a, 0))
		w.busy(try(a, 1), a, 0)
		w.busy(try(b, 0), a, 0)
		w.equal("untouched", words(w.item(b, 0).Status, w.item(b, 0).Attempts), "pending 0")
		for _, doubtful := range []store.ItemStatus{store.ItemUnknown, store.ItemReconciling, store.ItemNeedsHuman, store.ItemSending} {
			w.move(a, 0, store.ItemMove{To: doubtful, Lock: true})
			w.busy(try(b, 0), a, 0)
		}
		for _, known := range []store.ItemStatus{store.ItemApplied, store.ItemRejected, store.ItemCancelled, store.ItemPending} {
			w.move(a, 0, store.ItemMove{To: known})
			w.ok(try(b, 0))
			w.busy(w.MoveItem(t.Context(), a, w.item(a, 0), store.ItemMove{From: []store.ItemStatus{known}, To: store.ItemSending, Lock: true}, w.now), b, 0)
			w.move(b, 0, store.ItemMove{To: store.ItemPending})
			w.move(a, 0, store.ItemMove{To: store.ItemSending, Lock: true})
		}
		w.balanced(a)
		w.balanced(b)
	}},
	{"a transaction goes on behind a step that was refused", func(t *testing.T, w *world) {
		c := w.connect()
		id := idOf(c, orders, "r1")
		o := w.work(c, []store.Item{update(0, id), update(1, id), update(2, idOf(c, orders, "r2"))})
		m := store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true, Lock: true}
		var refused []error
		w.write(func(tx *store.Tx) error {
			refused = nil
			for n := range int64(3) {
				err := tx.MoveItem(t.Context(), o, &store.Item{N: n}, m, w.now)
				if err != nil && !errors.Is(err, store.ErrBusy) {
					return err
				}
				if err != nil {
					refused = append(refused, err)
				}
			}
			return nil
		})
		w.equal("refused", len(refused), 1)
		w.equal("items", w.statuses(o), []store.ItemStatus{store.ItemSending, store.ItemPending, store.ItemSending})
		w.balanced(o)
	}},
	{"a step that is done again counts once", func(t *testing.T, w *world) {
		c := w.connect()
		o, it := w.work(c, creates(1)), &store.Item{}
		m := store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true, Attempt: &store.Attempt{Kind: store.AttemptSend}}
		failed := errors.New("no")
		for _, err := range []error{failed, failed, nil} {
			w.is(w.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(tx.MoveItem(t.Context(), o, it, m, w.now), err) }), err)
		}
		w.equal("item", it, w.item(o, 0))
		w.equal("counts", o.Counts, w.operation(o).Counts)
		w.equal("attempts", words(it.Attempts, len(must[[]store.Attempt](w)(w.Attempts(t.Context(), o, 0)))), "1 1")
		w.balanced(o)
	}},
	{"text that is none is stored with a mark in its place", func(t *testing.T, w *world) {
		it := store.Item{ClientRef: strange, Op: "create", RemoteID: strange, Data: []byte(`"` + strange + `"`), IfMatch: strange, Mark: "m", Record: uuid.New()}
		o := w.work(w.connect(), []store.Item{it})
		w.move(o, 0, store.ItemMove{To: store.ItemRejected, Error: []byte(strange), Warnings: []byte(strange), RemoteID: strange})
		got, text := w.item(o, 0), "a\uFFFDb\uFFFDc"
		w.equal("texts", []string{got.ClientRef, got.RemoteID, string(got.Data), got.IfMatch, string(got.Error), string(got.Warnings)}, []string{text, text, `"` + text + `"`, text, text, text})
		w.is(second(w.Operation(t.Context(), o.Scope(), strange)), store.ErrNotFound)
		w.equal("lists", len(must[[]store.Operation](w)(w.Operations(t.Context(), o.Scope(), store.OperationFilter{Before: strange, Entity: strange, State: strange, Kind: strange}))), 0)
	}},
	{"many items are received in few steps", func(t *testing.T, w *world) {
		c := w.connect()
		const n = 1234
		o := w.receive(c, creates(n))
		w.write(func(tx *store.Tx) error { return tx.QueueOperation(t.Context(), o, w.now) })
		w.equal("total", o.Total, n)
		last := must[[]store.Item](w)(w.Items(t.Context(), o, store.ItemFilter{From: n - 1}))
		w.equal("last", words(len(last), last[0].Mark, string(last[0].Data)), `1 mark-1233 {"number":"1233"}`)
	}},
}
