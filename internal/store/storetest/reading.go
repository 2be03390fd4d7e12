package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var readingTests = []test{
	{"a page ends at its limit or its budget, and says whether there is more", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(10, "a"))
		size := len(must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, idOf(c, orders, "r0001"), false)).JSON)
		for name, tt := range map[string]struct {
			r    store.Range
			n    int
			more bool
		}{
			"all":              {store.Range{Limit: 10}, 10, false},
			"limit":            {store.Range{Limit: 9}, 9, true},
			"rest":             {store.Range{After: 9, Limit: 9}, 1, false},
			"past the end":     {store.Range{After: 10, Limit: 9}, 0, false},
			"budget":           {store.Range{Limit: 10, Bytes: 3 * size}, 3, true},
			"one at least":     {store.Range{Limit: 10, Bytes: 1}, 1, true},
			"last on a budget": {store.Range{After: 9, Limit: 10, Bytes: 1}, 1, false},
		} {
			recs, more, err := w.Page(t.Context(), c.Scope(), orders, tt.r)
			w.ok(err)
			w.equal(name, []any{len(recs), more}, []any{tt.n, tt.more})
			entries, more, err := w.Feed(t.Context(), c.Scope(), orders, store.Range{After: tt.r.After, Limit: tt.r.Limit, Bytes: tt.r.Bytes, JSON: true})
			w.ok(err)
			w.equal(name+" (feed)", []any{len(entries), more}, []any{tt.n, tt.more})
		}
		_, _, err := w.Page(t.Context(), c.Scope(), "assets", store.Range{})
		w.is(err, store.ErrNotFound)
	}},
	{"raw and deleted records come only when asked for", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(3, "a"))
		w.sync(c, orders, store.Full, recs(2, "a"))
		for _, r := range []store.Range{{}, {Raw: true}, {Deleted: true}, {Deleted: true, Raw: true}} {
			got := w.list(c, orders, r)
			w.equal(fmt.Sprintf("records of %+v", r), len(got) == 3, r.Deleted)
			for _, rec := range got {
				var m map[string]any
				w.ok(json.Unmarshal([]byte(rec.JSON), &m))
				w.equal("deleted", m["deleted_at"] != nil, rec.Deleted)
				w.equal("raw", len(rec.Raw) > 0, r.Raw)
				w.equal("seq", m["seq"], rec.Seq)
			}
		}
	}},
	{"the type of a change is what it is to the reader", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(4, "a"))
		w.sync(c, orders, store.Full, append(recs(2, "a"), rec{id: "r0002", value: "b"}, rec{id: "r0004", value: "b"}))
		w.equal("from the start", types(w.feed(c, orders, 0)), map[string][]string{"created": {"r0000", "r0001", "r0002", "r0004"}, "deleted": {"r0003"}})
		w.equal("from the first sync", types(w.feed(c, orders, 4)), map[string][]string{"updated": {"r0002"}, "created": {"r0004"}, "deleted": {"r0003"}})
		e := w.feed(c, orders, 4)[0]
		w.equal("entry", []any{e.Seq, e.ID, e.RemoteID, e.Version, e.ChangedAt}, []any{5, idOf(c, orders, "r0002"), "r0002", "1.5", w.now.Add(time.Microsecond)})
		w.equal("record", e.JSON, must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, e.ID, false)).JSON)
		bare, _, err := w.Feed(t.Context(), c.Scope(), orders, store.Range{Limit: 1})
		w.ok(err)
		w.equal("no record unless asked for", len(bare[0].JSON), 0)
	}},
	{"updated_at never goes back when the clock does", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		w.tick(-time.Hour)
		w.sync(c, orders, store.Full, recs(1, "b"))
		feed := w.feed(c, orders, 0)
		w.equal("changes", len(feed), 2)
		w.equal("commits of an hour earlier come later", feed[0].ChangedAt.After(start) && feed[1].ChangedAt.After(feed[0].ChangedAt), true)
		w.equal("all of them changed since", must[int64](w)(w.SeqBefore(t.Context(), c.Scope(), orders, start)), 0)
	}},
	{"changes before an instant are found by bisection", func(t *testing.T, w *world) {
		c := w.connect()
		w.equal("of none", must[int64](w)(w.SeqBefore(t.Context(), c.Scope(), orders, w.now)), 0)
		at := map[int64]time.Time{}
		for i := range 20 {
			w.tick(time.Minute)
			page := recs(i%4+1, fmt.Sprint(i))
			w.sync(c, orders, store.Incremental, page)
			at[w.stream(c, orders).Seq] = w.now
		}
		feed := w.feed(c, orders, 0)
		for _, from := range []time.Time{start, start.Add(90 * time.Second), w.now.Add(-time.Microsecond), w.now, w.now.Add(time.Hour)} {
			want := int64(0)
			for _, e := range feed {
				if !e.ChangedAt.After(from) {
					want = e.Seq
				}
			}
			w.equal("before "+from.String(), must[int64](w)(w.SeqBefore(t.Context(), c.Scope(), orders, from)), want)
		}
	}},
	{"a reader that follows the feed misses nothing while it is written", followed},
}

// followed lets a reader follow the feed while runs of two streams write, and compares what it has with what is stored.
func followed(t *testing.T, w *world) {
	c := w.connect()
	var writing sync.WaitGroup
	for _, entity := range []string{orders, vendors} {
		r := w.begin(c, entity, store.Full)
		writing.Add(1)
		go func() {
			defer writing.Done()
			for i := range 30 {
				p := w.classify(c, entity, recs(10+i, fmt.Sprint(i/2)))
				if err := w.ApplyPage(t.Context(), r, p, start); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()

	seen := map[string]int64{}
	for last, ended := int64(0), false; ; {
		entries, more, err := w.Feed(t.Context(), c.Scope(), orders, store.Range{After: last, Limit: 7})
		w.ok(err)
		for _, e := range entries {
			if e.Seq <= last {
				t.Fatalf("seq %d after %d", e.Seq, last)
			}
			last = e.Seq
			seen[e.RemoteID] = e.Seq
		}
		if ended && !more {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	want := map[string]int64{}
	for _, e := range w.feed(c, orders, 0) {
		want[e.RemoteID] = e.Seq
	}
	w.equal("followed", seen, want)
}
