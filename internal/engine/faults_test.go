package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// filtered is a source that holds the list and answers as it is asked: by modification, and by the historical period.
func filtered(list []order) func(driver.Request) (*driver.Page, error) {
	return func(r driver.Request) (*driver.Page, error) {
		p := &driver.Page{Total: -1}
		for _, o := range list {
			at, err := time.Parse(time.RFC3339, o.updated)
			if err != nil {
				return nil, err
			}
			if at.Before(r.Since) || !r.HistoryFrom.IsZero() && o.date[:10] < r.HistoryFrom.UTC().Format(time.DateOnly) {
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

func (w *world) history(period string) {
	w.t.Helper()
	_, err := w.service.Settings(acting(w.t.Context()), w.conn, "purchase-orders", Settings{History: &period})
	w.must(err)
}

// has fails the test when an order that the source still has is not stored.
func (w *world) has(id string) {
	w.t.Helper()
	if _, ok := w.notes()[id]; !ok {
		w.t.Errorf("order %s, which is in the source, was deleted", id)
	}
}

// A record that comes twice must not stand in for one that did not come.
func TestTwiceIsNotOneMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.Token == nil {
			return page(orders(0, 50), json.RawMessage("1"), 100), nil
		}
		return page(append(orders(0, 1), orders(51, 100)...), nil, 100), nil // 50 was skipped, 0 came twice
	}
	w.ends(w.sync(store.Full), store.RunIncomplete, "records-missing")
	w.ends(w.sync(store.Incremental), store.RunIncomplete, "records-missing")
	w.has("0050")
}

// Nor must one that comes again changed, because it was edited while the list was read.
func TestTwiceAndChangedIsNotOneMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	edited := orders(0, 1)
	edited[0].note, edited[0].updated = "edited while the list was read", "2026-03-02T10:00:00Z"
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.Token == nil {
			return page(orders(0, 50), json.RawMessage("1"), 100), nil
		}
		return page(append(orders(51, 100), edited...), nil, 100), nil
	}
	w.ends(w.sync(store.Full), store.RunIncomplete, "records-missing")
	w.has("0050")
	if w.notes()["0000"] != edited[0].note {
		t.Error("the edit was not stored")
	}
}

// A process that dies between the last, unproved page and the run's end leaves the run unproved.
func TestUnprovedStaysUnproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.source.fetch = func(driver.Request) (*driver.Page, error) { return page(orders(0, 90), nil, 100), nil }
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, "manual")
	w.must(err)
	run, err := w.store.AcquireRun(t.Context(), &runs[0], "x", w.clock.Add(time.Minute), w.clock)
	w.must(err)
	s := &runSlice{worker: w.worker, conn: w.conn, run: run, turn: t.Context()}
	if err := s.advance(t.Context()); err == nil {
		t.Fatal("90 of 100 records are proved")
	}
	w.clock = w.clock.Add(2 * time.Minute) // nobody settles; the lease runs out
	w.work()
	w.ends(w.run(run.ID), store.RunIncomplete, "records-missing")
	if n := len(w.notes()); n != 100 {
		t.Errorf("%d left of 100", n)
	}
}

func TestRunThatRemapsFindsDeletions(t *testing.T) {
	t.Parallel()
	for _, mode := range []store.Mode{store.Full, store.Reset} {
		w := newWorld(t)
		w.source.pages(orders(0, 100))
		w.ends(w.sync(store.Full), store.RunComplete, "")
		w.system = w.load(strings.Replace(scriptedManifest, "notes: note", "notes: num", 1))
		w.worker = w.newWorker("two")
		w.source.pages(orders(0, 95))
		w.ends(w.sync(mode), store.RunComplete, "")
		if n := len(w.notes()); n != 95 {
			t.Errorf("%s: %d records stored; the source has 95", mode, n)
		}
		recs, _, err := w.store.Page(t.Context(), w.conn.Scope(), "purchase-orders", store.Range{Limit: 1})
		w.must(err)
		if epoch := fmt.Sprintf(`"version":"%d.`, w.stream().Epoch); !strings.Contains(recs[0].JSON, epoch) {
			t.Errorf("%s: the first record is %.200s; want a version of the present epoch, %s", mode, recs[0].JSON, epoch)
		}
	}
}

// A modification time in the future is no cursor: it would hide every change until then.
func TestStampInTheFutureHidesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 10)
	list[9].updated, list[0].date = "2099-01-01T00:00:00Z", "2020-01-01"
	w.source.fetch = filtered(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.history("P90D")
	list[0].note, list[0].updated = "changed", "2026-03-10T11:59:00Z"
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	if w.notes()["0000"] != "changed" || w.stream().CursorAt.After(w.clock) {
		t.Errorf("the change of now is not there; cursor %s", w.stream().CursorAt)
	}
}

// Where the day of the source and the day of the period differ by the zone, the record at the edge stays.
func TestRecordAtTheEdgeOfThePeriodStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.conn.TimeZone = "America/New_York"
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetConnectionProfile(t.Context(), w.conn, w.clock) }))
	list := orders(0, 30)
	list[5].date = "2025-12-09T21:00:00" // 2025-12-10 02:00 UTC; the period begins on 2025-12-10
	w.source.pages(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.history("P90D")
	list[9].updated = "2026-03-09T00:00:00Z"
	for range 2 {
		w.source.fetch = filtered(list)
		w.ends(w.sync(store.Full), store.RunComplete, "")
	}
	w.has("0005")
}

// A record whose new state is in quarantine may have left the period: a sweep of the period does not speak of it.
func TestQuarantinedRecordIsNotSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 30)
	w.source.fetch = filtered(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.history("P90D")
	list[4].date, list[4].updated = "2020-02-31", "2026-03-05T10:00:00Z"
	if run := w.sync(store.Incremental); run.Counts.Quarantined != 1 {
		t.Fatalf("counts %+v; want the impossible date in quarantine", run.Counts)
	}
	list[7].note, list[7].updated = "x", "2026-03-06T10:00:00Z"
	w.sync(store.Incremental)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.has("0004")
}

// Without a cursor to catch up from, a sweep of a period cannot tell what was deleted from what left the period.
func TestBoundedSweepWithoutCursorDeletesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.history("P90D")
	list := orders(0, 30)
	w.source.fetch = func(driver.Request) (*driver.Page, error) { return page(list, nil, 31), nil }
	w.ends(w.sync(store.Full), store.RunIncomplete, "records-missing")
	list[4].date, list[4].updated = "2020-01-01", "2026-03-05T10:00:00Z"
	w.source.fetch = filtered(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.has("0004")
}

// What changed while the clock was behind is still found by the time of what was read before.
func TestModifiedAfterWithTheClockBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 5)
	w.source.pages(list)
	w.sync(store.Full)
	entries := w.feed(0)
	last := entries[len(entries)-1].ChangedAt
	w.clock = w.clock.Add(-time.Hour)
	list[2].note = "after the clock went back"
	w.source.pages(list)
	w.sync(store.Full)
	seq, err := w.store.SeqBefore(t.Context(), w.conn.Scope(), "purchase-orders", last)
	w.must(err)
	if got := w.feed(seq); len(got) != 1 || got[0].RemoteID != "0002" {
		t.Errorf("changes after %s: %v; want order 2", last, got)
	}
}

// Two records of one page with one id: the newer one where times tell, else one of them is shown in quarantine.
func TestTwoRecordsWithOneID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 5)
	other, older := list[2], list[3]
	other.num = "PO-OTHER"
	older.note, older.updated = "older", "2026-02-01T10:00:00Z"
	w.source.pages(append(list, other, older, list[4]))
	run := w.sync(store.Full)
	w.ends(run, store.RunComplete, "")
	c := run.Counts
	if c.Fetched != 8 || c.Fetched != c.Unchanged+c.Created+c.Updated+c.Quarantined || c.Quarantined != 1 {
		t.Errorf("counts %+v; want 8 fetched, each counted once, one in quarantine", c)
	}
	if w.notes()["0003"] == "older" {
		t.Error("the older one of two states was stored")
	}
}

// A page from a copy of the source that lags does not bring back what a page before it had newer.
func TestOlderPageDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lagging, list := orders(0, 3), orders(0, 3)
	list[1].note, list[1].updated = "newer", "2026-03-02T10:00:00Z"
	w.source.pages(list)
	w.sync(store.Full)
	w.source.pages(list, lagging[1:2])
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if w.notes()["0001"] != "newer" {
		t.Error("an older state replaced the newer one")
	}
}

// hanging accepts a request and says nothing.
type hanging struct{ *source }

func (hanging) Fetch(ctx context.Context, _ driver.Request) (*driver.Page, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

type hangingConnections struct{ *world }

func (h hangingConnections) Open(context.Context, *store.Connection) (driver.Client, *manifest.System, error) {
	return hanging{h.source}, h.system, nil
}

func TestSystemThatHangsIsUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.worker.Connections, w.worker.FetchWithin = hangingConnections{w}, time.Millisecond
	w.ends(w.sync(store.Full), store.RunQueued, "system-unreachable")
	if len(w.reports) != 1 || driver.KindOf(w.reports[0]) != driver.Unreachable {
		t.Errorf("reported %v", w.reports)
	}
}

// Schedules made while the clock was a month ahead do not wait for that month to come.
func TestSchedulesFollowAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 5))
	w.sync(store.Full)
	w.clock = w.clock.AddDate(0, 0, 30)
	w.must(w.worker.Tick(t.Context()))
	w.work()
	w.clock = w.clock.AddDate(0, 0, -30).Add(3 * time.Hour)
	w.must(w.worker.Tick(t.Context()))
	if wait := w.stream().NextRunAt.Sub(w.clock); wait > 2*time.Hour {
		t.Errorf("an hourly schedule waits for %s", wait)
	}
}

// A page token that is gone starts the phase anew; what was in quarantine is not counted a second time.
func TestQuarantineOfAPhaseThatStartsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if asked++; asked == 2 {
			return nil, &driver.Error{Kind: driver.TokenGone, Detail: "gone"}
		}
		if r.Token != nil {
			return page(orders(20, 30), nil, -1), nil
		}
		p := page(orders(0, 20), json.RawMessage("1"), -1)
		for i := range 6 {
			p.Records = append(p.Records, fmt.Appendf(nil, `{"id":"bad%d","date":"nodate"}`, i))
		}
		return p, nil
	}
	run := w.sync(store.Full)
	w.ends(run, store.RunQueued, "page-token-gone")
	w.clock = run.RetryAt
	w.work()
	run = w.run(run.ID)
	w.ends(run, store.RunComplete, "")
	bad := w.quarantine(run)
	if len(bad) != 6 || run.Counts.Quarantined != 6 || len(w.notes()) != 30 {
		t.Errorf("%d in quarantine, counted %d, %d stored; want 6, 6 and 30", len(bad), run.Counts.Quarantined, len(w.notes()))
	}
}

// Deletions that are held do not make every scheduled run a full one.
func TestHeldDeletionsAreTriedOnceADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.clock = w.clock.Add(25 * time.Hour)
	w.source.pages(orders(0, 50))
	for range 10 {
		w.must(w.worker.Tick(t.Context()))
		w.work()
		w.clock = w.clock.Add(70 * time.Minute)
	}
	runs, err := w.store.Runs(t.Context(), w.conn.Scope(), store.RunFilter{Entity: "purchase-orders", Limit: 50})
	w.must(err)
	modes := map[store.Mode]int{}
	for _, r := range runs[:10] {
		modes[r.Mode]++
	}
	if modes[store.Full] != 1 || modes[store.Incremental] != 9 {
		t.Errorf("ten scheduled runs: %v; want one full", modes)
	}
}

// A queued run that has begun and is then asked to be stronger is planned anew.
func TestStrongerRequestIsPlannedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 10), orders(10, 20))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	whole := w.source.fetch
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.Token != nil {
			return nil, &driver.Error{Kind: driver.Unreachable, Detail: "gone"}
		}
		return whole(r)
	}
	w.ends(w.sync(store.Incremental), store.RunQueued, "system-unreachable")
	w.source.fetch = whole
	run := w.sync(store.Full)
	w.ends(run, store.RunComplete, "")
	if !run.Since.IsZero() || run.Counts.Fetched != 20 {
		t.Errorf("since %s, counts %+v; want everything read", run.Since, run.Counts)
	}
}

// Pages that may have skipped records are no evidence that a record is gone.
func TestPagesThatMaySkipDeleteNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		p := page(orders(0, 99), nil, -1)
		p.Unproved = true
		return p, nil
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.has("0099")
}
