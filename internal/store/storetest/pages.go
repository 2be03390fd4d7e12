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
		p.Bad = []store.BadRecord{{RemoteID: "x", Pointer: "/total", Reason: "no number", Raw: []byte(`{}`)}}
		p.Fetched++
		p.Checkpoint = json.RawMessage(`{"page":2}`)
		p.Expected = 500
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))

		want := store.Counts{Pages: 1, Fetched: 124, Created: 123, Quarantined: 1}
		w.equal("counts", r.Counts, want)
		stored := must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID))
		w.equal("stored counts", stored.Counts, want)
		w.equal("checkpoint", string(stored.Checkpoint), `{"page":2}`)
		w.equal("expected", stored.Expected, 500)
		w.equal("live", w.stream(c, orders).Live, 123)
		w.equal("records", len(w.list(c, orders, store.Range{Limit: 50})), 123)
		bad := must[[]store.BadRecord](w)(w.BadRecords(t.Context(), c.Scope(), r.ID, 0, 10))
		w.equal("quarantine", bad, p.Bad)
	}},
	{"a record is served with its envelope", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.apply(c, r, []rec{{id: `4500"0001`, value: "Bolts"}})
		id := idOf(c, orders, `4500"0001`)
		got := must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, id, true))
		w.equal("record", string(got.JSON), `{"id":"`+id.String()+`","remote_id":"4500\"0001","connection_id":"`+c.ID+`","entity":"purchase-orders",`+
			`"version":"1.1","seq":1,"created_at":"2026-11-23T08:00:00.123456Z","updated_at":"2026-11-23T08:00:00.123456Z","deleted_at":null,"deletion":null,`+
			`"display_name":"Bolts"}`)
		w.equal("raw", string(got.Raw), `{"id":"4500\"0001","v":"Bolts"}`)
	}},
	{"a changed record moves to a new seq and keeps created_at", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		w.tick(time.Hour)
		w.sync(c, orders, store.Incremental, []rec{{id: "r0001", value: "b"}})
		w.equal("feed", remoteIDs(w.feed(c, orders, 0)), []string{"r0000", "r0002", "r0001"})
		got := must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, idOf(c, orders, "r0001"), false))
		var m map[string]any
		w.ok(json.Unmarshal(got.JSON, &m))
		w.equal("seq", m["seq"], 4)
		w.equal("version", m["version"], "1.4")
		w.equal("created_at", m["created_at"], "2026-11-23T08:00:00.123456Z")
		w.equal("updated_at", m["updated_at"], "2026-11-23T09:00:00.123456Z")
		w.equal("live", w.stream(c, orders).Live, 3)
	}},
}
