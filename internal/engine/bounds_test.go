package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestPagesThatLeadNowhereEndTheRun(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func(n int) []order{
		"empty pages with growing tokens":        func(int) []order { return nil },
		"one page again with growing tokens":     func(int) []order { return orders(0, 5) },
		"two pages in turn, with growing tokens": func(n int) []order { return orders(n%2*5, n%2*5+5) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.pages(orders(0, 100))
			w.ends(w.sync(store.Full), store.RunComplete, "")
			cursor, before := w.stream().CursorAt, len(w.source.requests())
			w.source.fetch = func(r driver.Request) (*driver.Page, error) {
				n, _ := strconv.Atoi(string(r.Token))
				return page(list(n), json.RawMessage(strconv.Itoa(n+1)), -1), nil
			}
			w.ends(w.sync(store.Full), store.RunIncomplete, "page-token-loop")
			if asked := len(w.source.requests()) - before; asked > barrenPages+10 {
				t.Errorf("%d pages were asked for", asked)
			}
			if n := len(w.notes()); n != 100 || !w.stream().CursorAt.Equal(cursor) {
				t.Errorf("%d records left of 100, cursor %s; want %s", n, w.stream().CursorAt, cursor)
			}
		})
	}
}

func TestEmptyPagesInTheMiddleAreNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 10), nil, orders(10, 20), nil, nil, orders(20, 30))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if n := len(w.notes()); n != 30 {
		t.Errorf("%d stored, want 30", n)
	}
}

func TestCountsOfTheSourceThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		totals []int64
		state  store.RunState
	}{
		"too low": {[]int64{3, 3}, store.RunComplete}, "too high": {[]int64{90, 90}, store.RunIncomplete},
		"falling": {[]int64{90, 20}, store.RunComplete}, "rising": {[]int64{20, 21}, store.RunIncomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.fetch = func(r driver.Request) (*driver.Page, error) {
				if r.Token == nil {
					return page(orders(0, 10), json.RawMessage("1"), c.totals[0]), nil
				}
				return page(orders(10, 20), nil, c.totals[1]), nil
			}
			run := w.sync(store.Full)
			if run.State != c.state || len(w.notes()) != 20 {
				t.Errorf("%s, %d stored; want %s and all 20 stored", run.State, len(w.notes()), c.state)
			}
		})
	}
}

// ceaseless is a source in order of modification that has another change whenever it is asked, one page's worth for each page.
func ceaseless(from time.Time) func(driver.Request) (*driver.Page, error) {
	return func(r driver.Request) (*driver.Page, error) {
		n, _ := strconv.Atoi(string(r.Token))
		if r.Token == nil && !r.Since.IsZero() {
			n = max(0, int(r.Since.Sub(from)/time.Second))
		}
		o := orders(n%50, n%50+1)
		at := from.Add(time.Duration(n) * time.Second)
		o[0].updated, o[0].note = at.Format(time.RFC3339), strconv.Itoa(n)
		p := filteredPage(o)
		p.Next, p.HighWater, p.Ordered = json.RawMessage(strconv.Itoa(n+1)), at, true
		return p, nil
	}
}

// A source that changes faster than its pages are read never comes to an end: the run ends, proved up to where it came, and the next goes on.
func TestASourceThatChangesFasterThanItIsReadIsReadInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 60))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.source.fetch = ceaseless(w.clock.Add(-time.Minute))
	for _, mode := range []store.Mode{store.Incremental, store.Incremental, store.Full} {
		before := w.stream().CursorAt
		run := w.sync(mode)
		w.ends(run, store.RunComplete, "")
		if after := w.stream().CursorAt; !after.After(before) || run.Counts.Deleted > 0 {
			t.Errorf("%s: the cursor went from %s to %s, %d deleted; want it further, and nothing deleted", mode, before, after, run.Counts.Deleted)
		}
		if run.Counts.Pages > 2500 {
			t.Errorf("%d pages were read", run.Counts.Pages)
		}
	}
	if n := len(w.notes()); n != 60 {
		t.Errorf("%d records left of 60: what was not met in the part that was read is not gone", n)
	}
}

// 5,000 rows with one stamp lie across many pages: all are read, and no page twice.
func TestThousandsOfRowsWithOneStamp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const rows, size = 5000, 200
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		n, _ := strconv.Atoi(string(r.Token))
		p := filteredPage(orders(n, min(n+size, rows)))
		p.HighWater, p.Ordered = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), true
		if n+size < rows {
			p.Next = json.RawMessage(strconv.Itoa(n + size))
		}
		return p, nil
	}
	for _, mode := range []store.Mode{store.Incremental, store.Incremental, store.Full} {
		before := len(w.source.requests())
		run := w.sync(mode)
		w.ends(run, store.RunComplete, "")
		if asked := len(w.source.requests()) - before; asked != rows/size || run.Counts.Fetched != rows {
			t.Errorf("%s: %d pages, %d rows; want %d and %d", mode, asked, run.Counts.Fetched, rows/size, rows)
		}
	}
	if n := len(w.notes()); n != rows {
		t.Errorf("%d stored, want %d", n, rows)
	}
}

func TestTheCursorIsRoundedDownToThePrecisionOfTheSource(t *testing.T) {
	t.Parallel()
	for precision, want := range map[string]string{
		"1s": "2026-03-01T23:59:59Z", "1m": "2026-03-01T23:59:00Z", "24h": "2026-03-01T00:00:00Z", "1us": "2026-03-01T23:59:59.999999Z", "1ms": "2026-03-01T23:59:59.999Z", "1ns": "2026-03-01T23:59:59.999999Z",
	} {
		t.Run(precision, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, "precision: 1s", "precision: "+precision)
			list := orders(0, 2)
			list[1].updated = "2026-03-01T23:59:59.999999999Z"
			w.source.pages(list)
			w.ends(w.sync(store.Incremental), store.RunComplete, "")
			if got := w.stream().CursorAt.Format(time.RFC3339Nano); got != want {
				t.Errorf("cursor %s, want %s", got, want)
			}
		})
	}
}

// newWorldOf is a world whose manifest has one text in place of another.
func newWorldOf(t *testing.T, old, text string) *world {
	t.Helper()
	w := newWorld(t)
	w.system = w.load(strings.Replace(scriptedManifest, old, text, 1))
	w.worker = w.newWorker("other")
	return w
}

// A source changes faster than it is read. The catch-up of a full run over a period stops sooner than its reading did: orders outside the period that
// changed in between are left to the next run.
func TestTheCursorDoesNotPassTheCatchUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.history("P60D")
	w.source.fetch = filtered(orders(0, 1))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	var last time.Time
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		at := 0
		if r.Token != nil {
			w.must(json.Unmarshal(r.Token, &at))
		}
		last = w.clock.Add(time.Duration(at) * time.Second)
		if !r.HistoryFrom.IsZero() { // much that is old comes first
			last = last.Add(-300 * time.Second)
		}
		o := order{fmt.Sprintf("x%04d", at), "n", "2026-02-01", "", last.Format(time.RFC3339)}
		p := filteredPage([]order{o})
		p.Ordered, p.HighWater, p.Next = true, last, fmt.Append(nil, at+1)
		return p, nil
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if c := w.stream().CursorAt; c.After(last) {
		t.Errorf("the catch-up was asked up to %s; the cursor is at %s", last, c)
	}
}
