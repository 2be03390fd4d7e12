package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/store"
)

var writtenTests = []test{
	{"a written record is stored and in the feed, once", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		rec := w.written(c, written(c, rec{id: "r0001", value: "b"}))
		w.equal("version", rec.Seq, 3)
		w.equal("updated", types(w.feed(c, orders, 2)), map[string][]string{"updated": {"r0001"}})
		w.equal("name", w.record(c, orders, "r0001")["display_name"], "b")
		w.equal("again", *w.written(c, written(c, oneRec("r0001", "b"))), *rec)
		w.equal("nothing new", len(w.feed(c, orders, 3)), 0)
		w.equal("new", w.written(c, written(c, oneRec("n", "x"))).Seq, 4)
		st := w.stream(c, orders)
		w.equal("live", words(st.Live, st.Deleted, st.Seq), "3 0 4")
		w.is(second(w.applyWritten(c, "items", written(c, oneRec("n", "x")))), store.ErrNotFound)
	}},
	{"several written records become what each would by itself", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		gone := written(c, oneRec("r0002", "a"))
		gone.Gone = "explicit"
		w.written(c, gone)
		ws := []store.WrittenRecord{written(c, oneRec("r0000", "a")), written(c, oneRec("r0001", "b")), written(c, oneRec("r0002", "c")), written(c, oneRec("n", "d"))}
		var got []*store.Record
		w.write(func(tx *store.Tx) (err error) {
			got, err = tx.ApplyRecords(t.Context(), c.Scope(), orders, ws, w.now)
			return err
		})
		w.equal("seqs", words(got[0].Seq, got[1].Seq, got[2].Seq, got[3].Seq), "1 5 6 7")
		w.equal("feed", types(w.feed(c, orders, 4)), map[string][]string{"updated": {"r0001"}, "created": {"r0002", "n"}})
		w.equal("stored", words(w.record(c, orders, "r0001")["display_name"], w.record(c, orders, "n")["display_name"]), "b d")
		st := w.stream(c, orders)
		w.equal("counts", words(st.Live, st.Deleted, st.Seq), "4 0 7")
	}},
	{"a record that is gone is deleted with the evidence, and lives again", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		gone := written(c, oneRec("r0001", "a"))
		gone.Gone = "explicit"
		rec := w.written(c, gone)
		w.equal("deleted", words(rec.Deleted, rec.Seq), "true 3")
		got := w.record(c, orders, "r0001")
		w.equal("evidence", words(got["deletion"]), "map[evidence:explicit run_id:<nil>]")
		w.equal("feed", types(w.feed(c, orders, 2)), map[string][]string{"deleted": {"r0001"}})
		w.equal("again", w.written(c, gone).Seq, 3)
		unknown := written(c, oneRec("nobody", "a"))
		unknown.Gone = "not_found"
		w.equal("never known", w.written(c, unknown) == nil, true)
		w.equal("counts", words(w.stream(c, orders).Live, w.stream(c, orders).Deleted), "1 1")
		w.equal("same bytes", w.written(c, written(c, oneRec("r0001", "a"))).Seq, 4)
		w.equal("lives", w.record(c, orders, "r0001")["deletion"] == nil, true)
		w.equal("created", types(w.feed(c, orders, 3)), map[string][]string{"created": {"r0001"}})
		w.equal("counts", words(w.stream(c, orders).Live, w.stream(c, orders).Deleted), "2 0")
	}},
	{"an older page of a running run does not take the place of a write's result", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		run := w.begin(c, orders, store.Full)
		page := w.classify(c, orders, append(recs(3, "old"), oneRec("new", "old"))) // asked for and looked at before the write
		w.written(c, written(c, oneRec("r0001", "written")))
		w.written(c, written(c, oneRec("new", "written")))
		gone := written(c, oneRec("r0002", "x"))
		gone.Gone = "explicit"
		w.written(c, gone)
		w.ok(w.ApplyPage(t.Context(), run, page, w.now))
		w.equal("updated", w.record(c, orders, "r0001")["display_name"], "written")
		w.equal("created", w.record(c, orders, "new")["display_name"], "written")
		w.equal("deleted", w.record(c, orders, "r0002")["deletion"] != nil, true)
		w.equal("untouched by us", w.record(c, orders, "r0000")["display_name"], "old")
		w.equal("swept", w.sweep(run), 0) // what was written since the run began is not missing
		w.complete(run)
	}},
	{"a write that leaves the record as it is stored is news while a run reads the stream", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(1, "a"))
		same := written(c, oneRec("r0000", "a"))
		same.Wrote = true
		w.equal("nobody reads", w.written(c, same).Seq, 1)
		run := w.begin(c, orders, store.Full)
		page := w.classify(c, orders, recs(1, "between")) // what somebody else made of it, before we wrote it back
		w.equal("a run reads", w.written(c, same).Seq, 2)
		w.ok(w.ApplyPage(t.Context(), run, page, w.now))
		w.equal("as written", w.record(c, orders, "r0000")["display_name"], "a")
		same.Wrote = false
		w.equal("only read", w.written(c, same).Seq, 2)
	}},
	{"what the source stamps as older does not replace what is stored", func(t *testing.T, w *world) {
		c := w.connect()
		stamped := func(value string, at time.Time, since int64) store.WrittenRecord {
			r := written(c, oneRec("r", value))
			r.RemoteUpdatedAt, r.Since = at, since
			return r
		}
		w.written(c, stamped("b", w.now, 0))
		w.equal("older", w.written(c, stamped("a", w.now.Add(-time.Second), 0)).Seq, 1)
		w.equal("newer, though stored meanwhile", w.written(c, stamped("c", w.now.Add(time.Second), 0)).Seq, 2)
		_, err := w.applyWritten(c, orders, stamped("d", w.now.Add(time.Second), 1))
		w.is(err, store.ErrConflict)
		_, err = w.applyWritten(c, orders, stamped("d", time.Time{}, 1))
		w.is(err, store.ErrConflict)
		w.equal("the same", w.written(c, stamped("c", time.Time{}, 1)).Seq, 2)
		w.equal("nobody stored it meanwhile", w.written(c, stamped("d", time.Time{}, 2)).Seq, 3)
		gone := stamped("", time.Time{}, 2)
		gone.Gone = "not_found"
		_, err = w.applyWritten(c, orders, gone)
		w.is(err, store.ErrConflict)
	}},
	{"what is in quarantine of a written record is settled, and its history date known again", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		run := w.begin(c, orders, store.Full)
		heads := w.heads(c, orders, recs(1, "a"))
		bad := store.PageResult{Expected: -1, Pages: 1, Fetched: 1, SeenSeqs: []int64{1}, Unsure: heads, Bad: []store.BadRecord{{ID: idOf(c, orders, "r0000"), RemoteID: "r0000", Raw: []byte("x")}}}
		w.ok(w.ApplyPage(t.Context(), run, bad, w.now))
		w.equal("in quarantine", w.stream(c, orders).Quarantined, 1)
		w.equal("stored anew", w.written(c, written(c, oneRec("r0000", "a"))).Seq, 3)
		w.equal("settled", w.stream(c, orders).Quarantined, 0)
		w.equal("unsure", w.heads(c, orders, recs(1, "a"))[0].Unsure(), false)
	}},
	{"a write in the midst of a reset is created for who reads anew", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		reset := w.begin(c, orders, store.Reset)
		must[bool](w)(w.BeginReset(t.Context(), reset, 100))
		w.written(c, written(c, oneRec("r0001", "b")))
		w.equal("at the end", types(w.feed(c, orders, 3)), map[string][]string{"created": {"r0001"}})
		w.written(c, written(c, oneRec("r0001", "c")))
		w.equal("changed", types(w.feed(c, orders, 4)), map[string][]string{"updated": {"r0001"}})
	}},
	{"a write finds its record, and the remote ids it refers to", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(600, "a"))
		gone := written(c, oneRec("r0001", "a"))
		gone.Gone = "explicit"
		w.written(c, gone)
		got := must[*store.RecordForWrite](w)(w.RecordForWrite(t.Context(), c.Scope(), orders, idOf(c, orders, "r0002")))
		w.equal("record", words(got.RemoteID, got.Version, got.Raw, got.Deleted), `r0002 1.3 {"id":"r0002","v":"a"} false`)
		w.equal("json", got.JSON, must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, idOf(c, orders, "r0002"), false)).JSON)
		dead := must[*store.RecordForWrite](w)(w.RecordForWrite(t.Context(), c.Scope(), orders, idOf(c, orders, "r0001")))
		w.equal("deleted", words(dead.Deleted, dead.Version), "true 1.601")
		w.is(second(w.RecordForWrite(t.Context(), c.Scope(), orders, uuid.Nil)), store.ErrNotFound)
		ids := []uuid.UUID{uuid.Nil}
		for _, r := range recs(600, "") {
			ids = append(ids, idOf(c, orders, r.id))
		}
		found := must[map[uuid.UUID]string](w)(w.RemoteIDs(t.Context(), c.Scope(), orders, ids))
		w.equal("found", words(len(found), found[idOf(c, orders, "r0599")], found[idOf(c, orders, "r0001")]), "599 r0599 ")
		w.equal("none", len(must[map[uuid.UUID]string](w)(w.RemoteIDs(t.Context(), c.Scope(), orders, nil))), 0)
		w.is(second(w.RemoteIDs(t.Context(), c.Scope(), "items", ids)), store.ErrNotFound)
	}},
}

func oneRec(id, value string) rec { return rec{id: id, value: value} }

// written is a record as a system shows it after a write.
func written(c *store.Connection, r rec) store.WrittenRecord {
	return store.WrittenRecord{Change: store.Change{
		ID: idOf(c, orders, r.id), RemoteID: r.id, Raw: raw(r), RawHash: xxh3.Hash128(raw(r)).Bytes(), Fields: fmt.Appendf(nil, `{"display_name":%q}`, r.value),
	}}
}

func (w *world) applyWritten(c *store.Connection, entity string, r store.WrittenRecord) (rec *store.Record, err error) {
	w.t.Helper()
	err = w.Write(w.t.Context(), func(tx *store.Tx) error {
		rec, err = tx.ApplyRecord(w.t.Context(), c.Scope(), entity, r, w.now)
		return err
	})
	return rec, err
}

func (w *world) written(c *store.Connection, r store.WrittenRecord) *store.Record {
	w.t.Helper()
	return must[*store.Record](w)(w.applyWritten(c, orders, r))
}
