package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

func isError(err, want error) bool { return errors.Is(err, want) }

var pageTests = []test{
	{"a page is stored whole and counted", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		p := w.classify(c, orders, recs(123, "a"))
		p.Bad = []store.BadRecord{{RemoteID: "x", Pointer: "/total", Reason: "no number", Raw: []byte(`{}`)}, {Reason: "no id", Raw: []byte(`{"a":1}`)}}
		p.Fetched += 2
		p.Checkpoint, p.Expected = json.RawMessage(`{"page":2}`), 500
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		w.ok(w.ApplyPage(t.Context(), r, store.PageResult{Pages: 1, Expected: -1}, w.now))

		want := store.Counts{Pages: 2, Fetched: 125, Created: 123, Quarantined: 2}
		stored := must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID))
		for _, r := range []*store.Run{r, stored} {
			w.equal("run", []any{r.Counts, string(r.Checkpoint), r.Expected}, []any{want, `{"page":2}`, 500})
		}
		w.equal("live", w.stream(c, orders).Live, 123)
		w.equal("records", len(w.list(c, orders, store.Range{Limit: 50})), 123)
		w.equal("quarantine", w.quarantined(c, r.ID, 0), p.Bad)
		w.equal("quarantine after 1", w.quarantined(c, r.ID, 1), p.Bad[1:])
	}},
	{"a record is served with its envelope", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.apply(c, r, []rec{{id: `4500"0001`, value: "Bolts"}})
		id := idOf(c, orders, `4500"0001`)
		got := must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, id, true))
		w.equal("record", got.JSON, `{"id":"`+id.String()+`","remote_id":"4500\"0001","connection_id":"`+c.ID+`","entity":"purchase-orders",`+
			`"version":"1.1","seq":1,"created_at":"2026-11-23T08:00:00.123456Z","updated_at":"2026-11-23T08:00:00.123456Z","deleted_at":null,"deletion":null,`+
			`"display_name":"Bolts"}`)
		w.equal("raw", got.Raw, `{"id":"4500\"0001","v":"Bolts"}`)
	}},
	{"a changed record moves to a new seq and keeps created_at", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		w.tick(time.Hour)
		r := w.sync(c, orders, store.Incremental, []rec{{id: "r0001", value: "b"}, {id: "r0002", value: "a"}})
		w.equal("counts", r.Counts, store.Counts{Pages: 1, Fetched: 2, Updated: 1, Unchanged: 1})
		w.equal("feed", remoteIDs(w.feed(c, orders, 0)), []string{"r0000", "r0002", "r0001"})
		m := w.record(c, orders, "r0001")
		w.equal("record", []any{m["seq"], m["version"], m["created_at"], m["updated_at"], m["display_name"]},
			[]any{4, "1.4", "2026-11-23T08:00:00.123456Z", "2026-11-23T09:00:00.123456Z", "b"})
		w.equal("live", w.stream(c, orders).Live, 3)
	}},
	{"a change whose head has moved is dropped", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		r := w.begin(c, orders, store.Incremental)
		stale := w.classify(c, orders, []rec{{id: "r0000", value: "stale"}, {id: "r0001", value: "b"}, {id: "new", value: "stale"}})
		w.apply(c, r, []rec{{id: "r0000", value: "newer"}, {id: "new", value: "newer"}})
		w.ok(w.ApplyPage(t.Context(), r, stale, w.now))
		for id, want := range map[string]string{"r0000": "newer", "r0001": "b", "new": "newer"} {
			w.equal(id, w.record(c, orders, id)["display_name"], want)
		}
		w.equal("counts", r.Counts, store.Counts{Pages: 2, Fetched: 5, Created: 1, Updated: 2, Unchanged: 2})
		w.equal("live", w.stream(c, orders).Live, 3)
	}},
	{"of two changes of one record in a page the newer is kept", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		p := w.classify(c, orders, []rec{{id: "x", value: "first"}, {id: "x", value: "last"}, {id: "y", value: "newer"}, {id: "y", value: "older"}})
		p.Changes[2].RemoteUpdatedAt, p.Changes[3].RemoteUpdatedAt = w.now, w.now.Add(-time.Hour)
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		w.equal("x", w.record(c, orders, "x")["display_name"], "last")
		w.equal("y", w.record(c, orders, "y")["display_name"], "newer")
		w.equal("counts", r.Counts, store.Counts{Pages: 1, Fetched: 4, Created: 2, Unchanged: 2})
	}},
	{"heads and raw bodies are given aligned", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(60, "a"))
		heads := w.heads(c, orders, []rec{{id: "none"}, {id: "r0059"}, {id: "none"}, {id: "r0000"}, {id: "r0059"}})
		w.equal("found", []bool{heads[0] == nil, heads[1].Seq == 60, heads[2] == nil, heads[3].Seq == 1, heads[4].Seq == 60}, []bool{true, true, true, true, true})
		raws := must[[][]byte](w)(w.RawBySeq(t.Context(), c.Scope(), orders, []int64{99, 2, 1, 2}))
		w.equal("raw", []string{string(raws[0]), string(raws[1]), string(raws[2]), string(raws[3])},
			[]string{"", string(raw(rec{id: "r0001", value: "a"})), string(raw(rec{id: "r0000", value: "a"})), string(raw(rec{id: "r0001", value: "a"}))})
		w.equal("none asked", len(w.heads(c, orders, nil)), 0)
	}},
	{"a rehash stores the hash, and only of the head it was made for", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		r := w.begin(c, orders, store.Incremental)
		before := w.heads(c, orders, recs(2, ""))
		w.apply(c, r, []rec{{id: "r0001", value: "b"}})
		hash := [16]byte{1, 2, 3}
		w.ok(w.ApplyPage(t.Context(), r, store.PageResult{Pages: 1, Expected: -1, Rehashed: []store.Rehash{
			{ID: before[0].ID, Seq: before[0].Seq, RawHash: hash, Raw: []byte(`{"n":1}`)}, {ID: before[1].ID, Seq: before[1].Seq, RawHash: hash},
		}}, w.now))
		after := w.heads(c, orders, recs(2, ""))
		w.equal("hash", after[0].RawHash, hash)
		w.equal("seq", after[0].Seq, before[0].Seq)
		w.equal("moved head", after[1].RawHash == hash, false)
		raws := must[[][]byte](w)(w.RawBySeq(t.Context(), c.Scope(), orders, []int64{before[0].Seq}))
		w.equal("raw", string(raws[0]), `{"n":1}`)
	}},
	{"an interrupted run goes on from its checkpoint", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(30, "a"))
		r := w.begin(c, orders, store.Full)
		p := w.classify(c, orders, recs(20, "a"))
		p.Checkpoint = json.RawMessage(`20`)
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		w.tick(2 * time.Minute)
		r = w.acquire(r)
		w.equal("checkpoint", string(r.Checkpoint), "20")
		w.apply(c, r, recs(29, "a")[20:])
		w.equal("deleted", w.sweep(r), 1)
		w.equal("counts", r.Counts, store.Counts{Pages: 2, Fetched: 29, Unchanged: 29, Deleted: 1})
	}},
	{"a page that is no record stores nothing", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		p := w.classify(c, orders, recs(3, "a"))
		p.Changes[1].Fields = []byte(`[]`)
		if err := w.ApplyPage(t.Context(), r, p, w.now); err == nil {
			t.Error("members that are no object were stored")
		}
		w.equal("records", len(w.list(c, orders, store.Range{})), 0)
		w.equal("counts", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID)).Counts, store.Counts{})
	}},
}

// record reads one record as a client would.
func (w *world) record(c *store.Connection, entity, remoteID string) (m map[string]any) {
	w.t.Helper()
	got, err := w.Get(w.t.Context(), c.Scope(), entity, idOf(c, entity, remoteID), false)
	w.ok(err)
	w.ok(json.Unmarshal([]byte(got.JSON), &m))
	return m
}
