package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// beside stores an order as one does who reads it back while a run is under way: a write, or a hint that came in.
func (w *world) beside(o order) {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), w.conn.Scope(), store.RunFilter{Entity: "purchase-orders", Limit: 1})
	w.must(err)
	run := runs[0]
	s := &runSlice{worker: w.worker, conn: w.conn, run: &run, turn: w.t.Context()}
	w.must(s.open(w.t.Context()))
	raw := o.raw()
	m, err := s.mapper.Map(raw, s.env)
	w.must(err)
	id := mapping.RecordID(s.connection, run.Entity, o.id)
	heads, err := w.store.Heads(w.t.Context(), w.conn.Scope(), run.Entity, []uuid.UUID{id})
	w.must(err)
	w.must(w.store.ApplyPage(w.t.Context(), &run, store.PageResult{Expected: -1, Changes: []store.Change{{
		ID: id, RemoteID: o.id, RawHash: xxh3.Hash128(raw).Bytes(), Raw: raw, Fields: m.Fields, RemoteUpdatedAt: m.RemoteUpdatedAt, RangeAt: m.RangeAt, Head: heads[0],
	}}}, w.clock))
}

func TestAnOlderPageNeverReplacesWhatWasStoredWhileItWasUnderWay(t *testing.T) {
	t.Parallel()
	old, soon, later := "2026-03-01T10:00:00Z", "2026-03-01T10:00:05Z", "2026-03-01T11:00:00Z"
	for _, c := range []struct {
		name           string
		page, beside   string // their stamps
		want, nextRead string // the note after the run, and after the next one
	}{
		{"the page is older", old, soon, "beside", "source"},
		{"they have one stamp", old, old, "beside", "source"},
		{"the page is newer", later, soon, "page", "source"},
		{"the page has no stamp", "", soon, "beside", "source"},
		{"what was stored has no stamp", soon, "", "beside", "source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			list := orders(0, 30)
			w.source.pages(list)
			w.ends(w.sync(store.Full), store.RunComplete, "")
			beside, page, source := list[7], list[7], list[7]
			beside.note, beside.updated = "beside", c.beside
			page.note, page.updated = "page", c.page
			source.note, source.updated = "source", c.page
			w.source.fetch = func(driver.Request) (*driver.Page, error) {
				w.beside(beside)
				p := filteredPage(append(orders(0, 7), append([]order{page}, orders(8, 30)...)...))
				p.HighWater = time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
				return p, nil
			}
			w.ends(w.sync(store.Incremental), store.RunComplete, "")
			if got := w.notes()["0007"]; got != c.want {
				t.Errorf("order 7 says %q, want %q", got, c.want)
			}
			list[7] = source
			w.source.fetch = since(list)
			w.ends(w.sync(store.Incremental), store.RunComplete, "")
			if got := w.notes()["0007"]; got != c.nextRead && c.want == "beside" {
				t.Errorf("the next run left order 7 at %q; want what the source says", got)
			}
		})
	}
}

func filteredPage(list []order) *driver.Page {
	p := &driver.Page{Total: -1}
	for _, o := range list {
		p.Records = append(p.Records, o.raw())
	}
	return p
}

// since answers with the orders that changed at or after what is asked for; without a stamp they come always.
func since(list []order) func(driver.Request) (*driver.Page, error) {
	return func(r driver.Request) (*driver.Page, error) {
		p := &driver.Page{Total: -1}
		for _, o := range list {
			at, err := time.Parse(time.RFC3339, o.updated)
			if err == nil && at.Before(r.Since) {
				continue
			}
			p.Records = append(p.Records, o.raw())
			if at.After(p.HighWater) {
				p.HighWater = at
			}
		}
		return p, nil
	}
}

// A source whose clock jumped back stamps an edit older than what is stored: it is news all the same, for it was asked for after that was stored.
func TestAnEditWithAnOlderStampIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 10)
	w.source.pages(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	list[3].note, list[3].updated = "edited after the clock jumped back", "2026-03-01T09:00:00Z"
	w.source.pages(list)
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	if w.notes()["0003"] != list[3].note {
		t.Error("the edit was not taken")
	}
}

// Somebody stores a record between the classification of a page and its transaction.
func TestARecordStoredJustBeforeThePageIsJudgedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 10)
	w.source.pages(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, "manual")
	w.must(err)
	run, err := w.store.AcquireRun(t.Context(), &runs[0], "x", w.clock.Add(time.Minute), w.clock)
	w.must(err)
	s := &runSlice{worker: w.worker, conn: w.conn, run: run, turn: t.Context()}
	w.must(s.open(t.Context()))
	w.must(s.plan(t.Context()))
	w.must(s.beginPhase(t.Context()))
	at, err := s.position(t.Context())
	w.must(err)
	pages := orders(0, 3)
	for i := range pages {
		pages[i].note = "page"
	}
	pages[1].updated = "2026-03-02T10:00:00Z"
	b := s.classifyPage(t.Context(), fetchedPage{page: filteredPage(pages), since: at})
	w.must(b.err)
	for i := range 2 {
		o := pages[i]
		o.note, o.updated = "beside", "2026-03-01T12:00:00Z"
		w.beside(o)
	}
	keeper := pageKeeper{slice: s}
	w.must(keeper.keep(t.Context(), b, true))
	if got := w.notes(); got["0000"] != "beside" || got["0001"] != "page" || got["0002"] != "page" {
		t.Errorf("%v; want the newer of each", got)
	}
	if want := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC); !s.cp.Left.Equal(want) {
		t.Errorf("left from %s; want order 0 left for the next run, from %s", s.cp.Left, want)
	}
}

// event is an edit in the source while a page is under way, and whether a writer reads the record back and stores it.
type event struct {
	edited int
	step   time.Duration // of the source's clock
	stored int           // -1: none
}

func events() *rapid.Generator[[]event] {
	one := rapid.Custom(func(t *rapid.T) event {
		return event{
			rapid.IntRange(0, 3).Draw(t, "edited"), time.Duration(rapid.IntRange(-1, 3).Draw(t, "step")) * 300 * time.Millisecond, rapid.IntRange(-1, 3).Draw(t, "stored"),
		}
	})
	return rapid.SliceOfN(one, 0, 6)
}

// stamper writes the source's stamps.
func stamper(kind string) func(time.Time) string {
	switch kind {
	case "none":
		return func(time.Time) string { return "" }
	case "second":
		return func(t time.Time) string { return t.Truncate(time.Second).Format(time.RFC3339) }
	}
	return func(t time.Time) string { return t.Format(time.RFC3339Nano) }
}

// Whatever a writer stores beside a reader: the older page does not replace it where the stamps are honest, and whatever they are, the next run brings what the source has.
func TestWriterBesideReader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list, version := orders(0, 4), 0
	w.source.fetch = since(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		write, plan, stored := stamper(rapid.SampledFrom([]string{"exact", "second", "none"}).Draw(rt, "stamps")), events().Draw(rt, "events"), map[string]string{}
		honest := true // the source's clock never went back, so its stamps tell
		w.source.fetch = func(r driver.Request) (*driver.Page, error) {
			seen := append([]order(nil), list...) // the source answers as of now; the answer arrives after all the events
			for _, e := range plan {
				version++
				at, honest = at.Add(e.step), honest && e.step >= 0
				list[e.edited].note, list[e.edited].updated = fmt.Sprintf("%06d", version), write(at)
				if e.stored >= 0 {
					w.beside(list[e.stored])
					stored[list[e.stored].id] = list[e.stored].note
				}
			}
			return since(seen)(r)
		}
		w.ends(w.sync(store.Incremental), store.RunComplete, "")
		for id, note := range stored {
			if got := w.notes()[id]; honest && got < note {
				rt.Errorf("order %s says %q, older than %q, which was stored beside", id, got, note)
			}
		}
		at = at.Add(2 * time.Second)
		w.source.fetch = since(list)
		w.ends(w.sync(store.Incremental), store.RunComplete, "")
		for _, o := range list {
			if got := w.notes()[o.id]; got != o.note {
				rt.Errorf("order %s says %q, the source %q", o.id, got, o.note)
			}
		}
	})
}

// Pages that were asked for side by side: a record on both is left for the next run where no stamp tells which is the later state.
func TestARecordOnTwoPagesReadSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := orders(0, 10), orders(10, 20)
	again := a[3]
	again.note = "from the page read ahead"
	w.source.ahead([][]order{a, append(b, again)}, 2)
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	if got := w.notes()["0003"]; got != "" {
		t.Errorf("order 3 says %q; want it left", got)
	}
	w.source.fetch = since(append(orders(0, 3), again))
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	if got := w.notes()["0003"]; got != again.note {
		t.Errorf("the next run left order 3 at %q", got)
	}
}
