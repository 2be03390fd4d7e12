package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// quarantined lists what a run has in quarantine after a position, without ids.
func (w *world) quarantined(c *store.Connection, runID string, after int64) (out []store.BadRecord) {
	w.t.Helper()
	page, _, err := w.Quarantine(w.t.Context(), c.Scope(), runID, store.QuarantineRange{After: after, Limit: 100})
	w.ok(err)
	for _, q := range page {
		out = append(out, q.BadRecord)
	}
	return out
}

// states gives the states of a run's quarantine by remote id, in the order in which it came.
func (w *world) states(c *store.Connection, runID string) (out []string) {
	w.t.Helper()
	page, _, err := w.Quarantine(w.t.Context(), c.Scope(), runID, store.QuarantineRange{Limit: 100})
	w.ok(err)
	for _, q := range page {
		out = append(out, fmt.Sprintf("%d %s %s", q.N, q.RemoteID, q.State))
	}
	return out
}

// spoil puts records in quarantine.
func (w *world) spoil(c *store.Connection, r *store.Run, ids ...string) {
	w.t.Helper()
	p := store.PageResult{Pages: 1, Fetched: int64(len(ids)), Expected: -1}
	for _, id := range ids {
		p.Bad = append(p.Bad, store.BadRecord{ID: idOf(c, r.Entity, id), RemoteID: id, Reason: "bad", Raw: []byte(fmt.Sprintf(`{"id":%q,"bad":%q}`, id, r.ID))})
	}
	w.ok(w.ApplyPage(w.t.Context(), r, p, w.now))
}

// mended is another try that maps the n-th record of a quarantine.
func mended(c *store.Connection, entity string, n int64, r rec, at time.Time) store.Retried {
	return store.Retried{N: n, Change: &store.Change{
		ID: idOf(c, entity, r.id), RemoteID: r.id, Raw: raw(r), Fields: []byte(fmt.Sprintf(`{"display_name":%q}`, r.value)), RangeAt: r.rangeAt, RemoteUpdatedAt: at,
	}}
}

func (w *world) retry(r *store.Run, tried ...store.Retried) store.RetryCounts {
	w.t.Helper()
	return must[store.RetryCounts](w)(w.RetryQuarantine(w.t.Context(), r, tried, w.now))
}

var quarantineTests = []test{
	{"a page of the quarantine ends at its limit or its bytes", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		p := store.PageResult{Pages: 1, Expected: -1}
		for i := range 5 {
			p.Bad = append(p.Bad, store.BadRecord{RemoteID: fmt.Sprint(i), Raw: []byte(fmt.Sprintf(`{"n":%d,"pad":"%s"}`, i, strings.Repeat("x", 1000)))})
		}
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		for _, tt := range []struct {
			q    store.QuarantineRange
			want string
		}{
			{store.QuarantineRange{Limit: 2}, "1 2 more"},
			{store.QuarantineRange{After: 3, Limit: 2}, "4 5"},
			{store.QuarantineRange{Limit: 5, Bytes: 1500}, "1 2 more"},
			{store.QuarantineRange{Limit: 5, Bytes: 1}, "1 more"},
			{store.QuarantineRange{Limit: 5, State: store.QuarantineStored}, ""},
			{store.QuarantineRange{After: 5, Limit: 5}, ""},
		} {
			page, more, err := w.Quarantine(t.Context(), c.Scope(), r.ID, tt.q)
			w.ok(err)
			var got []string
			for _, q := range page {
				got = append(got, fmt.Sprint(q.N))
			}
			if more {
				got = append(got, "more")
			}
			w.equal(fmt.Sprint(tt.q), strings.Join(got, " "), tt.want)
		}
	}},
	{"a record that comes in order leaves the quarantine, changed or unchanged", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(4, "a"))
		first := w.begin(c, orders, store.Incremental)
		w.spoil(c, first, "r0000", "r0001", "r0002", "new")
		w.complete(first)
		w.equal("in quarantine", w.stream(c, orders).Quarantined, 4)

		second := w.begin(c, orders, store.Incremental)
		p := w.classify(c, orders, []rec{{id: "r0000", value: "a"}, {id: "r0001", value: "b"}, {id: "r0003", value: "a"}, {id: "r0002", value: "a"}})
		p.Unsure = w.heads(c, orders, []rec{{id: "r0002"}})
		w.ok(w.ApplyPage(t.Context(), second, p, w.now))
		w.equal("states", w.states(c, first.ID), []string{"1 r0000 superseded", "2 r0001 superseded", "3 r0002 open", "4 new open"})
		w.apply(c, second, []rec{{id: "new", value: "a"}})
		w.equal("in quarantine", w.stream(c, orders).Quarantined, 1)
		w.equal("of others", w.stream(c, vendors).Quarantined, 0)
	}},
	{"a record is open in quarantine once, as it came last", func(t *testing.T, w *world) {
		c := w.connect()
		first := w.begin(c, orders, store.Incremental)
		w.spoil(c, first, "x", "y")
		nameless := store.PageResult{Expected: -1, Bad: []store.BadRecord{{Raw: []byte(`{"no":"id"}`)}}}
		w.ok(w.ApplyPage(t.Context(), first, nameless, w.now))
		w.complete(first)
		second := w.begin(c, orders, store.Incremental)
		w.spoil(c, second, "x")
		w.ok(w.ApplyPage(t.Context(), second, nameless, w.now))
		w.equal("first", w.states(c, first.ID), []string{"1 x superseded", "2 y open", "3  superseded"})
		w.equal("second", w.states(c, second.ID), []string{"1 x open", "2  open"})
	}},
	{"a retry stores what maps by now, once", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		r := w.begin(c, orders, store.Incremental)
		w.spoil(c, r, "r0000", "new", "bad")
		w.complete(r)
		seq := w.stream(c, orders).Seq
		tried := []store.Retried{
			mended(c, orders, 1, rec{id: "r0000", value: "b"}, time.Time{}), mended(c, orders, 2, rec{id: "new", value: "n"}, time.Time{}),
			{N: 3, Pointer: "/v", Reason: "still bad"},
		}
		w.equal("counts", w.retry(r, tried...), store.RetryCounts{Created: 1, Updated: 1, Open: 1})
		w.equal("again", w.retry(r, tried...), store.RetryCounts{Open: 1})
		w.equal("states", w.states(c, r.ID), []string{"1 r0000 stored", "2 new stored", "3 bad open"})
		w.equal("reason", w.quarantined(c, r.ID, 2)[0].Reason, "still bad")
		w.equal("feed", types(w.feed(c, orders, seq)), map[string][]string{"updated": {"r0000"}, "created": {"new"}})
		w.equal("live", w.stream(c, orders).Live, 3)
		w.equal("r0000", w.record(c, orders, "r0000")["display_name"], "b")
	}},
	{"a retry leaves alone what is newer by now", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(4, "a"))
		r := w.begin(c, orders, store.Incremental)
		w.spoil(c, r, "r0000", "r0001", "r0002", "r0003")
		w.complete(r)
		// Changed by a mapping: newer by its seq, older by its own time.
		remap := w.begin(c, orders, store.Incremental)
		p := w.classify(c, orders, []rec{{id: "r0000", value: "b"}, {id: "r0001", value: "b"}, {id: "r0002", value: "b"}})
		p.Changes[1].RemoteUpdatedAt, p.Changes[2].RemoteUpdatedAt = w.now, w.now
		p.Remapped = true
		w.ok(w.ApplyPage(t.Context(), remap, p, w.now))
		w.complete(remap)
		got := w.retry(r,
			mended(c, orders, 1, rec{id: "r0000", value: "old"}, time.Time{}),
			mended(c, orders, 2, rec{id: "r0001", value: "newer"}, w.now.Add(time.Hour)),
			mended(c, orders, 3, rec{id: "r0002", value: "older"}, w.now.Add(-time.Hour)),
			mended(c, orders, 4, rec{id: "r0003", value: "mended"}, time.Time{}))
		w.equal("counts", got, store.RetryCounts{Updated: 2, Superseded: 2})
		for id, want := range map[string]string{"r0000": "b", "r0001": "newer", "r0002": "b", "r0003": "mended"} {
			w.equal(id, w.record(c, orders, id)["display_name"], want)
		}
	}},
	{"a retry does not bring back what was found gone, nor the lesser of two twins", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		r := w.begin(c, orders, store.Incremental)
		w.spoil(c, r, "r0002")
		twin := store.PageResult{Expected: -1, Bad: []store.BadRecord{{ID: idOf(c, orders, "r0000"), RemoteID: "r0000", Raw: []byte(`{}`), Twin: true}}}
		w.ok(w.ApplyPage(t.Context(), r, twin, w.now))
		w.complete(r)
		full := w.begin(c, orders, store.Full)
		w.apply(c, full, recs(2, "a")[1:])
		w.sweep(full)
		got := w.retry(r, mended(c, orders, 1, rec{id: "r0002", value: "b"}, time.Time{}), mended(c, orders, 2, rec{id: "r0000", value: "b"}, time.Time{}))
		w.equal("counts", got, store.RetryCounts{Superseded: 2})
		w.equal("live", w.stream(c, orders).Live, 1)
	}},
	{"a retry takes the lease of the stream's run, which classifies anew", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(1, "a"))
		r := w.begin(c, orders, store.Incremental)
		w.spoil(c, r, "r0000")
		w.complete(r)
		running := w.begin(c, orders, store.Incremental)
		inFlight := w.classify(c, orders, []rec{{id: "r0000", value: "newest"}})
		w.equal("nothing maps", w.retry(r, store.Retried{N: 1, Reason: "still bad"}), store.RetryCounts{Open: 1})
		w.ok(w.RenewRun(t.Context(), running, w.now.Add(time.Minute)))
		w.equal("counts", w.retry(r, mended(c, orders, 1, rec{id: "r0000", value: "mended"}, time.Time{})), store.RetryCounts{Updated: 1})
		w.is(w.ApplyPage(t.Context(), running, inFlight, w.now), store.ErrFenced)
		running = w.acquire(running)
		w.apply(c, running, []rec{{id: "r0000", value: "newest"}})
		w.equal("record", w.record(c, orders, "r0000")["display_name"], "newest")
	}},
	{"a complete full run lets go of older quarantine, within its range", func(t *testing.T, w *world) {
		c := w.connect()
		old := w.begin(c, orders, store.Incremental)
		w.spoil(c, old, "x", "y")
		w.complete(old)
		other := w.begin(c, vendors, store.Incremental)
		w.spoil(c, other, "x")
		w.complete(other)
		bounded := w.begin(c, orders, store.Full)
		w.ok(w.PlanRun(t.Context(), bounded, time.Time{}, w.now.Add(-time.Hour), nil))
		w.apply(c, bounded, []rec{{id: "x", value: "a"}})
		w.complete(bounded)
		w.equal("after a period", w.states(c, old.ID), []string{"2 y open"})
		failed := w.begin(c, orders, store.Full)
		w.spoil(c, failed, "z")
		w.finish(failed, store.Finish{State: store.RunFailed, Full: true})
		w.equal("after a failure", w.states(c, old.ID), []string{"2 y open"})
		whole := w.begin(c, orders, store.Full)
		w.spoil(c, whole, "w")
		w.complete(whole)
		w.equal("after all", w.states(c, old.ID), []string(nil))
		w.equal("its own", w.states(c, whole.ID), []string{"1 w open"})
		w.equal("of others", w.states(c, other.ID), []string{"1 x open"})
	}},
}
