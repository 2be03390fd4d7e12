package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var sweepTests = []test{
	{"what a full run did not meet is deleted with evidence", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(40, "a"))
		w.tick(time.Hour)
		r := w.begin(c, orders, store.Full)
		w.apply(c, r, append(recs(30, "a"), rec{id: "r0030", value: "b"}, rec{id: "new", value: "n"}))
		sw := must[*store.Sweep](w)(w.OpenSweep(t.Context(), r))
		missing, inRange, err := sw.Count(t.Context())
		w.ok(err)
		w.equal("missing, in range", []int64{missing, inRange}, []int64{9, 40})
		w.equal("deleted", w.sweep(r), 9)
		w.equal("deleted again", w.sweep(r), 0)
		w.equal("counts", r.Counts, store.Counts{Pages: 1, Fetched: 32, Unchanged: 30, Updated: 1, Created: 1, Deleted: 9})

		st := w.stream(c, orders)
		w.equal("live, deleted", []int64{st.Live, st.Deleted}, []int64{32, 9})
		m := w.record(c, orders, "r0031")
		w.equal("tombstone", []any{m["deleted_at"], m["updated_at"], m["created_at"], m["deletion"], m["display_name"]}, []any{
			"2026-11-23T09:00:00.123458Z", "2026-11-23T09:00:00.123458Z", "2026-11-23T08:00:00.123456Z",
			map[string]any{"evidence": "absent_from_complete_sweep", "run_id": r.ID}, "a"})
		w.equal("live records", len(w.list(c, orders, store.Range{Limit: 7})), 32)
		w.equal("all records", len(w.list(c, orders, store.Range{Limit: 7, Deleted: true})), 41)
	}},
	{"a sweep speaks only of its range", func(t *testing.T, w *world) {
		c := w.connect()
		day := 24 * time.Hour
		w.sync(c, orders, store.Full, []rec{
			{id: "old", rangeAt: w.now.Add(-100 * day)}, {id: "edge", rangeAt: w.now.Add(-90 * day)}, {id: "recent", rangeAt: w.now.Add(-day)},
			{id: "undated"}, {id: "1970", rangeAt: time.Unix(0, 0)}, {id: "kept", rangeAt: w.now},
		})
		r := w.begin(c, orders, store.Full)
		w.ok(w.PlanRun(t.Context(), r, time.Time{}, w.now.Add(-90*day), nil))
		w.apply(c, r, []rec{{id: "kept", rangeAt: w.now}})
		sw := must[*store.Sweep](w)(w.OpenSweep(t.Context(), r))
		missing, inRange, err := sw.Count(t.Context())
		w.ok(err)
		w.equal("missing, in range", []int64{missing, inRange}, []int64{2, 3}) // the edge is a matter of time zones
		w.sweep(r)
		w.equal("deleted", sorted(types(w.feed(c, orders, 6))["deleted"]), []string{"recent", "undated"})
	}},
	{"a sweep spares what has no date, when told so", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, []rec{{id: "undated"}, {id: "recent", rangeAt: w.now}})
		r := w.begin(c, orders, store.Full)
		w.ok(w.PlanRun(t.Context(), r, time.Time{}, w.now.Add(-90*24*time.Hour), nil))
		sw := must[*store.Sweep](w)(w.OpenSweep(t.Context(), r))
		sw.SpareUndated()
		missing, inRange, err := sw.Count(t.Context())
		w.ok(err)
		w.equal("missing, in range", []int64{missing, inRange}, []int64{1, 1})
	}},
	{"a sweep deletes nothing that came during the run", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.apply(c, r, recs(5, "a"))
		w.equal("deleted", w.sweep(r), 0)
	}},
	{"a crash during a sweep is made good by repeating it", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(20, "a"))
		r := w.begin(c, orders, store.Full)
		w.apply(c, r, recs(2, "a"))
		sw := must[*store.Sweep](w)(w.OpenSweep(t.Context(), r))
		n, done, err := sw.Delete(t.Context(), 5, w.now)
		w.ok(err)
		w.equal("first step", []any{n, done}, []any{5, false})
		w.tick(2 * time.Minute)
		taken := w.acquire(r)
		_, _, err = sw.Delete(t.Context(), 5, w.now)
		w.is(err, store.ErrFenced)
		w.equal("rest", w.sweep(taken), 13)
		w.equal("run", taken.Counts.Deleted, 18)
		w.equal("feed", len(w.feed(c, orders, 20)), 18)
	}},
	{"a record that comes back is created again and keeps created_at", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		w.sync(c, orders, store.Full, recs(2, "a"))
		position := must[store.Position](w)(w.Position(t.Context(), c.Scope(), orders))
		w.tick(time.Hour)
		r := w.sync(c, orders, store.Full, recs(3, "a"))
		w.equal("created", r.Counts.Created, 1)
		w.equal("feed", types(w.feed(c, orders, position.Seq)), map[string][]string{"created": {"r0002"}})
		m := w.record(c, orders, "r0002")
		w.equal("record", []any{m["created_at"], m["deleted_at"], m["deletion"]}, []any{"2026-11-23T08:00:00.123456Z", nil, nil})
		st := w.stream(c, orders)
		w.equal("live, deleted", []int64{st.Live, st.Deleted}, []int64{3, 0})
	}},
	{"a reset raises the epoch once and forgets tombstones in steps", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(12, "a"))
		w.sync(c, orders, store.Full, recs(2, "a"))
		r := w.begin(c, orders, store.Reset)
		steps := 1
		for ; !must[bool](w)(w.BeginReset(t.Context(), r, 4)); steps++ {
		}
		w.equal("steps", steps, 3)
		w.equal("again", must[bool](w)(w.BeginReset(t.Context(), r, 4)), true)
		p := must[store.Position](w)(w.Position(t.Context(), c.Scope(), orders))
		w.equal("epoch and seq", []int64{p.Epoch, p.Seq}, []int64{2, 22})
		w.equal("feed", remoteIDs(w.feed(c, orders, 0)), []string{"r0000", "r0001"})
		_, err := w.Get(t.Context(), c.Scope(), orders, idOf(c, orders, "r0005"), false)
		w.is(err, store.ErrNotFound)
		w.apply(c, r, []rec{{id: "r0000", value: "b"}, {id: "r0005", value: "b"}})
		w.equal("versions", []any{w.record(c, orders, "r0000")["version"], w.record(c, orders, "r0001")["version"]}, []any{"2.23", "1.2"})
		for _, e := range w.feed(c, orders, 0) {
			w.equal("feed version of "+e.RemoteID, e.Version, w.record(c, orders, e.RemoteID)["version"])
		}
		w.equal("deleted by this run", w.sweep(r), 1)
		w.equal("its tombstones stay", must[bool](w)(w.BeginReset(t.Context(), r, 4)), true)
		w.equal("deleted", w.stream(c, orders).Deleted, 1)
		w.complete(r)
		second := w.begin(c, orders, store.Reset)
		must[bool](w)(w.BeginReset(t.Context(), second, 100))
		w.equal("epoch", must[store.Position](w)(w.Position(t.Context(), c.Scope(), orders)).Epoch, 3)
	}},
}
