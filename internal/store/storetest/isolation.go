package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Two connections with the same remote ids, entities and even record ids never see each other's rows.
var isolationTests = []test{
	{"no method gives or changes what is another connection's", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		w.sync(a, orders, store.Full, recs(5, "a"))
		w.sync(b, orders, store.Full, recs(3, "b"))
		before := w.everything(b)
		idA := idOf(a, orders, "r0001")

		_, err := w.Get(t.Context(), b.Scope(), orders, idA, true)
		w.is(err, store.ErrNotFound)
		heads := must[[]*store.Head](w)(w.Heads(t.Context(), b.Scope(), orders, []uuid.UUID{idA}))
		w.equal("heads", heads[0] == nil, true)
		raws := must[[][]byte](w)(w.RawBySeq(t.Context(), b.Scope(), orders, []int64{4}))
		w.equal("raw", string(raws[0]), "")
		w.equal("list", len(w.list(b, orders, store.Range{})), 3)
		w.equal("feed", len(w.feed(b, orders, 0)), 3)
		w.equal("seq before", must[int64](w)(w.SeqBefore(t.Context(), b.Scope(), orders, w.now)), 3)

		runA := w.begin(a, orders, store.Full)
		_, err = w.Run(t.Context(), b.Scope(), runA.ID)
		w.is(err, store.ErrNotFound)
		w.equal("runs", len(must[[]store.Run](w)(w.Runs(t.Context(), b.Scope(), store.RunFilter{}))), 1)
		w.equal("runnable", len(w.runnable(b)), 0)
		err = w.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.CancelRun(t.Context(), b.Scope(), runA.ID, w.now); return err })
		w.is(err, store.ErrNotFound)
		bad := store.PageResult{Bad: []store.BadRecord{{RemoteID: "x"}}, Expected: -1}
		w.ok(w.ApplyPage(t.Context(), runA, bad, w.now))
		w.equal("quarantine", len(w.quarantined(b, runA.ID, 0)), 0)

		w.apply(a, runA, recs(2, "changed"))
		w.equal("swept", w.sweep(runA), 3)
		w.complete(runA)
		reset := w.begin(a, orders, store.Reset)
		must[bool](w)(w.BeginReset(t.Context(), reset, 100))
		w.write(func(tx *store.Tx) error {
			return tx.InsertToken(t.Context(), a.Scope(), store.Token{ID: "t", Hash: []byte("a"), CreatedAt: w.now})
		})
		err = w.Write(t.Context(), func(tx *store.Tx) error { return tx.RevokeToken(t.Context(), b.Scope(), "t", w.now) })
		w.is(err, store.ErrNotFound)
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), a.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), a.Scope(), w.now) })
		for !must[bool](w)(w.DeleteDataStep(t.Context(), a.Scope(), 100)) {
		}
		w.equal("everything of the other", w.everything(b), before)
	}},
	{"no method gives or changes another connection's writes", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		w.sync(a, orders, store.Full, recs(2, "a"))
		w.sync(b, orders, store.Full, recs(2, "b"))
		record := idOf(a, orders, "r0001") // both write a record of this id
		mine, theirs := w.work(a, []store.Item{update(0, record)}), w.work(b, []store.Item{update(0, record)})
		w.send(theirs, 0)
		w.send(mine, 0)
		before := w.everything(b)

		w.is(second(w.Operation(t.Context(), b.Scope(), mine.ID)), store.ErrNotFound)
		w.equal("listed", len(must[[]store.Operation](w)(w.Operations(t.Context(), b.Scope(), store.OperationFilter{}))), 1)
		err := w.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CancelOperation(t.Context(), b.Scope(), mine.ID, w.now)
			return err
		})
		w.is(err, store.ErrNotFound)
		w.is(second(w.RecordForWrite(t.Context(), b.Scope(), orders, record)), store.ErrNotFound)
		w.equal("remote ids", len(must[map[uuid.UUID]string](w)(w.RemoteIDs(t.Context(), b.Scope(), orders, []uuid.UUID{record}))), 0)
		w.claim(store.IdempotencyKey{Owner: store.KeyOwner(a.ID), Name: "k", Operation: mine.ID}, true)
		w.claim(store.IdempotencyKey{Owner: store.KeyOwner(b.ID), Name: "k", Operation: theirs.ID}, true)

		w.move(mine, 0, store.ItemMove{To: store.ItemNeedsHuman})
		w.write(func(tx *store.Tx) error { return tx.FreeOperations(t.Context(), a.Scope(), "", w.now) })
		w.release(mine)
		w.ok(w.decideItem(mine, 0, store.ItemMove{To: store.ItemPending}))
		w.write(func(tx *store.Tx) error { return tx.FreeKeyOf(t.Context(), mine) })
		w.written(a, written(a, oneRec("r0001", "changed")))
		w.state(a, store.ConnectionPaused, "")
		w.write(func(tx *store.Tx) error { return tx.SetWriteRules(t.Context(), a.Scope(), []byte(`{"x":{}}`), w.now) })
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), a.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), a.Scope(), w.now) })
		for !must[bool](w)(w.DeleteDataStep(t.Context(), a.Scope(), 100)) {
		}
		must[*store.IdempotencyKey](w)(w.Key(t.Context(), store.KeyOwner(b.ID), "k"))
		w.equal("everything of the other", w.everything(b), before)
		rival := w.work(b, []store.Item{update(0, record)})
		step := store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Lock: true}
		w.busy(w.MoveItem(t.Context(), rival, w.item(rival, 0), step, w.now), theirs, 0)
	}},
	{"equal record ids in two connections are two records", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("same"))
		for _, c := range []*store.Connection{a, b} {
			r := w.begin(c, orders, store.Full)
			w.ok(w.ApplyPage(t.Context(), r, store.PageResult{Expected: -1, Changes: []store.Change{
				{ID: id, RemoteID: "same", Raw: []byte(`{}`), Fields: []byte(`{"display_name":"` + c.ID + `"}`)},
			}}, w.now))
			w.complete(r)
		}
		w.sync(a, orders, store.Full)
		for c, deleted := range map[*store.Connection]bool{a: true, b: false} {
			got := must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, id, false))
			w.equal("deleted", got.Deleted, deleted)
			w.equal("its own", strings.Contains(got.JSON, `"display_name":"`+c.ID+`"`), true)
		}
	}},
}

// everything is what a connection's owner can see of it.
func (w *world) everything(c *store.Connection) (out []string) {
	w.t.Helper()
	ctx := w.t.Context()
	add := func(v any) { out = append(out, fmt.Sprintf("%+v", v)) }
	add(*must[*store.Connection](w)(w.ConnectionByScope(ctx, c.Scope())))
	for _, s := range must[[]store.Stream](w)(w.Streams(ctx, c.Scope())) {
		s.LastRun, s.ActiveRun = nil, nil
		add(s)
		for _, r := range w.list(c, s.Entity, store.Range{Deleted: true, Raw: true}) {
			out = append(out, r.JSON, r.Raw)
		}
	}
	add(must[[]store.Run](w)(w.Runs(ctx, c.Scope(), store.RunFilter{})))
	add(must[[]store.Token](w)(w.Tokens(ctx, c.Scope())))
	for _, o := range must[[]store.Operation](w)(w.Operations(ctx, c.Scope(), store.OperationFilter{})) {
		add(o)
		for _, it := range must[[]store.Item](w)(w.Items(ctx, &o, store.ItemFilter{})) {
			add(it)
			add(must[[]store.Attempt](w)(w.Attempts(ctx, &o, it.N)))
		}
	}
	return out
}
