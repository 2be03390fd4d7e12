package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/store"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 123456000, time.UTC)

const (
	orders  = "purchase-orders"
	vendors = "vendors"
	project = "p1"
)

// world is a store with a clock that only the test moves.
type world struct {
	t *testing.T
	*store.Store
	now time.Time
	ids int
}

func (w *world) tick(d time.Duration) { w.now = w.now.Add(d) }

// id gives ids that sort in the order they were given, as UUIDv7 do.
func (w *world) id() string {
	w.ids++
	return fmt.Sprintf("019f0000-0000-7000-8000-%012d", w.ids)
}

// ok ends the test when err is not nil.
func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func must[T any](w *world) func(T, error) T {
	return func(v T, err error) T {
		w.t.Helper()
		w.ok(err)
		return v
	}
}

func (w *world) write(fn func(tx *store.Tx) error) {
	w.t.Helper()
	w.ok(w.Write(w.t.Context(), fn))
}

// connect makes an active connection with streams of purchase orders and vendors.
func (w *world) connect() *store.Connection {
	w.t.Helper()
	c := &store.Connection{
		ID: w.id(), ProjectID: project, System: "tryton", Name: "Plant", State: store.ConnectionActive, AuthMethod: "password",
		CreatedAt: w.now, UpdatedAt: w.now, StateSince: w.now,
	}
	w.write(func(tx *store.Tx) error {
		if err := tx.InsertConnection(w.t.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(w.t.Context(), c.Scope(), []store.Stream{{Entity: vendors, Schedule: "1h"}, {Entity: orders, Schedule: "1h", History: "P90D"}})
	})
	return c
}

func (w *world) request(c *store.Connection, entity string, mode store.Mode) (r *store.Run, created bool) {
	w.t.Helper()
	w.write(func(tx *store.Tx) (err error) {
		r, created, err = tx.RequestRun(w.t.Context(), c.Scope(), entity, mode, "manual", w.id(), w.now)
		return err
	})
	return r, created
}

func (w *world) acquire(r *store.Run) *store.Run {
	w.t.Helper()
	got, err := w.AcquireRun(w.t.Context(), r, "worker", w.now.Add(time.Minute), w.now)
	w.ok(err)
	return got
}

// begin requests and acquires a run.
func (w *world) begin(c *store.Connection, entity string, mode store.Mode) *store.Run {
	w.t.Helper()
	r, _ := w.request(c, entity, mode)
	return w.acquire(r)
}

func (w *world) finish(r *store.Run, f store.Finish) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error { return tx.FinishRun(w.t.Context(), r, f, w.now) })
}

func (w *world) complete(r *store.Run) {
	w.t.Helper()
	w.finish(r, store.Finish{State: store.RunComplete, Full: r.Mode != store.Incremental})
}

// rec is a record as a source has it.
type rec struct {
	id, value string
	rangeAt   time.Time
}

// recs makes n records of one value.
func recs(n int, value string) []rec {
	out := make([]rec, n)
	for i := range out {
		out[i] = rec{id: fmt.Sprintf("r%04d", i), value: value}
	}
	return out
}

func idOf(c *store.Connection, entity, remoteID string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(c.ID+"/"+entity+"/"+remoteID))
}

func raw(r rec) []byte { return []byte(fmt.Sprintf(`{"id":%q,"v":%q}`, r.id, r.value)) }

func (w *world) heads(c *store.Connection, entity string, page []rec) []*store.Head {
	w.t.Helper()
	ids := make([]uuid.UUID, len(page))
	for i, r := range page {
		ids[i] = idOf(c, entity, r.id)
	}
	heads, err := w.Heads(w.t.Context(), c.Scope(), entity, ids)
	w.ok(err)
	return heads
}

// classify does what the engine does: what has the same hash is seen, the rest is a change.
func (w *world) classify(c *store.Connection, entity string, page []rec) store.PageResult {
	w.t.Helper()
	p := store.PageResult{Pages: 1, Fetched: int64(len(page)), Expected: -1}
	for i, h := range w.heads(c, entity, page) {
		hash := xxh3.Hash128(raw(page[i])).Bytes()
		if h != nil && !h.Deleted && h.RawHash == hash {
			p.Unchanged++
			p.SeenSeqs = append(p.SeenSeqs, h.Seq)
			continue
		}
		p.Changes = append(p.Changes, store.Change{
			ID: idOf(c, entity, page[i].id), RemoteID: page[i].id, RawHash: hash, Raw: raw(page[i]), RangeAt: page[i].rangeAt, Head: h,
			Fields: []byte(fmt.Sprintf(`{"display_name":%q}`, page[i].value)),
		})
	}
	return p
}

func (w *world) apply(c *store.Connection, r *store.Run, page []rec) {
	w.t.Helper()
	w.ok(w.ApplyPage(w.t.Context(), r, w.classify(c, r.Entity, page), w.now))
}

// sync runs the whole of a sync of these records, sweep included when it is a full one.
func (w *world) sync(c *store.Connection, entity string, mode store.Mode, pages ...[]rec) *store.Run {
	w.t.Helper()
	r := w.begin(c, entity, mode)
	for _, page := range pages {
		w.apply(c, r, page)
	}
	if mode != store.Incremental {
		w.sweep(r)
	}
	w.complete(r)
	return r
}

func (w *world) sweep(r *store.Run) (deleted int) {
	w.t.Helper()
	sw, err := w.OpenSweep(w.t.Context(), r)
	w.ok(err)
	for {
		n, done, err := sw.Delete(w.t.Context(), 7, w.now)
		w.ok(err)
		if deleted += n; done {
			return deleted
		}
	}
}

// list reads a whole stream page by page.
func (w *world) list(c *store.Connection, entity string, r store.Range) (out []store.Record) {
	w.t.Helper()
	for {
		page, more, err := w.Page(w.t.Context(), c.Scope(), entity, r)
		w.ok(err)
		out = append(out, page...)
		if !more {
			return out
		}
		r.After = page[len(page)-1].Seq
	}
}

// feed reads all changes after a seq.
func (w *world) feed(c *store.Connection, entity string, after int64) (out []store.FeedEntry) {
	w.t.Helper()
	r := store.Range{After: after, Limit: 3, JSON: true}
	for {
		page, more, err := w.Feed(w.t.Context(), c.Scope(), entity, r)
		w.ok(err)
		out = append(out, page...)
		if !more {
			return out
		}
		r.After = page[len(page)-1].Seq
	}
}

// types gives remote ids by type of change, in feed order.
func types(entries []store.FeedEntry) map[string][]string {
	out := map[string][]string{}
	for _, e := range entries {
		out[e.Type] = append(out[e.Type], e.RemoteID)
	}
	return out
}

func (w *world) equal(what string, got, want any) {
	w.t.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		w.t.Errorf("%s:\n got %s\nwant %s", what, g, x)
	}
}

func (w *world) is(err, want error) {
	w.t.Helper()
	if !isError(err, want) {
		w.t.Errorf("got error %v, want %v", err, want)
	}
}

func (w *world) stream(c *store.Connection, entity string) *store.Stream {
	w.t.Helper()
	st, err := w.Stream(w.t.Context(), c.Scope(), entity)
	w.ok(err)
	return st
}

func remoteIDs(entries []store.FeedEntry) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.RemoteID
	}
	return out
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }
