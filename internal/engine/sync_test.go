package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestFirstSyncThenNothingChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 40), orders(40, 80), orders(80, 100))
	first := w.sync(store.Incremental)
	w.ends(first, store.RunComplete, "")
	if first.Counts.Created != 100 || first.Counts.Pages != 3 || len(w.notes()) != 100 {
		t.Errorf("counts %+v, %d stored; want 100 created on 3 pages", first.Counts, len(w.notes()))
	}
	seq := w.stream().Seq
	for _, mode := range []store.Mode{store.Incremental, store.Full} {
		again := w.sync(mode)
		w.ends(again, store.RunComplete, "")
		if c := again.Counts; c.Unchanged != 100 || c.Created+c.Updated+c.Deleted != 0 {
			t.Errorf("%s: counts %+v; want 100 unchanged", mode, c)
		}
	}
	if entries := w.feed(seq); len(entries) != 0 {
		t.Errorf("nothing changed, yet the feed has %v", entries)
	}
}

func TestCursorIsTheSourcesRoundedDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 3)
	list[2].updated = "2026-03-01T10:00:07.9Z"
	w.source.pages(list)
	w.sync(store.Incremental)
	want := time.Date(2026, 3, 1, 10, 0, 7, 0, time.UTC)
	if got := w.stream().CursorAt; !got.Equal(want) {
		t.Errorf("cursor %s; want the newest stamp rounded down to the second, %s", got, want)
	}
	w.sync(store.Incremental)
	asked := w.source.requests()
	if got := asked[len(asked)-1].Since; !got.Equal(want.Add(-15 * time.Minute)) {
		t.Errorf("the next run reads since %s; want the cursor less the lookback", got)
	}
}

// The source gives a record on one page and, changed meanwhile, on the next: the later one wins, once.
func TestRecordOnTwoPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := orders(0, 10), orders(10, 20), orders(20, 30)
	moved := a[3]
	moved.note = "changed while paging"
	w.source.pages(a, append(b, moved), append(c, moved), append(orders(30, 40), a[4], a[4]))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if got := w.notes(); len(got) != 40 || got["0003"] != "changed while paging" {
		t.Errorf("%d stored, order 3 says %q", len(got), got["0003"])
	}
	w.source.pages(a[:3], orders(10, 20))
	back := a[3]
	back.note = "newest"
	w.source.pages(append(a[4:], moved), append(orders(10, 40), back), a[:3])
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if got := w.notes(); len(got) != 40 || got["0003"] != "newest" {
		t.Errorf("an unchanged record came again changed: %d stored, order 3 says %q", len(got), got["0003"])
	}
}

func TestEncoderOrderAndVolatileMembersAreNoChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 2))
	w.sync(store.Full)
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		return &driver.Page{Total: -1, Records: [][]byte{
			[]byte(`{"updated":"2026-03-01T10:00:00Z", "etag":"x", "num":"PO-0000","id":"0000","date":"2026-02-01","note":""}`),
			[]byte(`{"updated":"2026-03-01T10:00:00Z","num":"PO-0001","id":"0001","date":"2026-02-01","note":"new"}`),
		}}, nil
	}
	run := w.sync(store.Full)
	if c := run.Counts; c.Unchanged != 1 || c.Updated != 1 {
		t.Errorf("counts %+v; want one unchanged and one updated", c)
	}
	if run = w.sync(store.Full); run.Counts.Unchanged != 2 {
		t.Errorf("the same bytes again: %+v; want both unchanged", run.Counts)
	}
}

func TestFailedPageIsReadAgainFromTheCheckpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 10), orders(10, 20), orders(20, 30))
	whole, broken := w.source.fetch, true
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if broken && string(r.Token) == "2" {
			return nil, &driver.Error{Kind: driver.Unreachable, Detail: "gone"}
		}
		return whole(r)
	}
	run := w.sync(store.Full)
	w.ends(run, store.RunQueued, "system-unreachable")
	if !run.RetryAt.After(w.clock) || len(w.notes()) != 20 || driver.KindOf(w.reports[0]) != driver.Unreachable {
		t.Fatalf("retry at %s, %d stored, reported %v; want a later retry, the 20 records before the fault, unreachable", run.RetryAt, len(w.notes()), w.reports)
	}
	if !w.stream().CursorAt.IsZero() {
		t.Error("the cursor moved although the run is not complete")
	}
	broken, w.clock = false, run.RetryAt
	before := len(w.source.requests())
	w.work()
	w.ends(w.run(run.ID), store.RunComplete, "")
	if again := w.source.requests()[before:]; len(again) != 1 || string(again[0].Token) != "2" {
		t.Errorf("the retry asked for %d pages, first %s; want only the page that failed", len(again), again[0].Token)
	}
	if len(w.notes()) != 30 {
		t.Errorf("%d stored, want 30", len(w.notes()))
	}
}

func TestARunThatNeverSucceedsEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		return nil, &driver.Error{Kind: driver.Fault, Detail: "500"}
	}
	run := w.sync(store.Full)
	for tries := 0; run.State == store.RunQueued; tries++ {
		if tries > 20 {
			t.Fatal("still trying")
		}
		w.clock = run.RetryAt
		w.work()
		run = w.run(run.ID)
	}
	w.ends(run, store.RunFailed, "system-error")
	if s := w.stream(); s.NextRunAt.IsZero() || s.ErrorCode != "system-error" {
		t.Errorf("next run %s, error %q; want the schedule to go on and the reason shown", s.NextRunAt, s.ErrorCode)
	}
}

func TestUnprovedRunsDeleteNothingAndKeepTheCursor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason string
		fetch  func(driver.Request) (*driver.Page, error)
	}{
		"a page token that stays": {"page-token-loop", func(driver.Request) (*driver.Page, error) {
			return page(orders(0, 5), json.RawMessage(`"same"`), -1), nil
		}},
		"page tokens in a circle": {"page-token-loop", func(r driver.Request) (*driver.Page, error) {
			n := 0
			_ = json.Unmarshal(r.Token, &n)
			return page(orders(n, n+1), fmt.Append(nil, (n+1)%7), -1), nil
		}},
		"fewer records than counted": {"records-missing", func(driver.Request) (*driver.Page, error) {
			return page(orders(0, 90), nil, 100), nil
		}},
		"an empty answer": {"deletions-held", func(driver.Request) (*driver.Page, error) { return page(nil, nil, -1), nil }},
		"a third is gone": {"deletions-held", func(driver.Request) (*driver.Page, error) { return page(orders(0, 66), nil, 66), nil }},
		"a record without an id": {"unidentified-records", func(driver.Request) (*driver.Page, error) {
			p := page(orders(0, 99), nil, -1)
			p.Records = append(p.Records, []byte(`{"num":"PO-0099"}`))
			return p, nil
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.pages(orders(0, 100))
			w.ends(w.sync(store.Full), store.RunComplete, "")
			cursor := w.stream().CursorAt
			w.source.fetch = c.fetch
			w.ends(w.sync(store.Full), store.RunIncomplete, c.reason)
			if n := len(w.notes()); n != 100 {
				t.Errorf("%d records left of 100", n)
			}
			if got := w.stream().CursorAt; !got.Equal(cursor) {
				t.Errorf("the cursor moved from %s to %s", cursor, got)
			}
		})
	}
}

func page(list []order, next json.RawMessage, total int64) *driver.Page {
	p := &driver.Page{Next: next, Total: total, HighWater: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	for _, o := range list {
		p.Records = append(p.Records, o.raw())
	}
	return p
}

func TestDeletionsAreFoundByACompleteSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 60), orders(60, 100))
	w.sync(store.Full)
	seq := w.stream().Seq
	w.source.pages(orders(5, 60), orders(60, 100))
	run := w.sync(store.Full)
	w.ends(run, store.RunComplete, "")
	if run.Counts.Deleted != 5 || len(w.notes()) != 95 {
		t.Errorf("%d deleted, %d left; want 5 and 95", run.Counts.Deleted, len(w.notes()))
	}
	for _, e := range w.feed(seq) {
		if e.Type != "deleted" {
			t.Errorf("the feed says %s of %s", e.Type, e.RemoteID)
		}
	}
	w.source.pages(orders(0, 100))
	if run = w.sync(store.Full); run.Counts.Created != 5 || len(w.notes()) != 100 {
		t.Errorf("they came back: %+v, %d stored; want 5 created", run.Counts, len(w.notes()))
	}
}

func TestBadRecordsAreQuarantinedAndNotDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 100))
	w.sync(store.Full)
	list := orders(0, 100)
	list[7].date = "2026-02-31"
	w.source.pages(list)
	run := w.sync(store.Full)
	w.ends(run, store.RunComplete, "")
	if run.Counts.Quarantined != 1 || run.Counts.Unchanged != 99 || len(w.notes()) != 100 {
		t.Errorf("counts %+v, %d stored; want one quarantined, its last good state kept", run.Counts, len(w.notes()))
	}
	bad := w.quarantine(run)
	if len(bad) != 1 || bad[0].RemoteID != "0007" || bad[0].Reason == "" || string(bad[0].Raw) != string(list[7].raw()) {
		t.Errorf("quarantine %+v; want order 7 as received, with the reason", bad)
	}
	for i := range list {
		list[i].date = "never"
	}
	w.source.pages(list)
	w.ends(w.sync(store.Full), store.RunFailed, "too-many-bad-records")
}

func TestHistoryBoundsTheSweepAndCatchesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 20)
	for i := range list {
		list[i].date = "2025-06-01"
	}
	w.source.pages(append(list, orders(20, 40)...))
	w.sync(store.Full)
	period := "P90D"
	_, err := w.service.Settings(acting(t.Context()), w.conn, "purchase-orders", Settings{History: &period})
	w.must(err)

	late := list[3]
	late.note = "old, yet changed"
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.HistoryFrom.IsZero() {
			return page([]order{late}, nil, -1), nil // catching up since the last cursor
		}
		return page(orders(21, 40), nil, -1), nil
	}
	run := w.sync(store.Full)
	w.ends(run, store.RunComplete, "")
	if got := w.notes(); run.Counts.Deleted != 1 || len(got) != 39 || got["0003"] != late.note {
		t.Errorf("counts %+v, %d stored, order 3 %q; want order 20 deleted, older ones kept, the changed one updated", run.Counts, len(got), got["0003"])
	}
	asked := w.source.requests()
	if from := asked[len(asked)-2].HistoryFrom; !from.Equal(time.Date(2025, 12, 10, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the sweep reads from %s; want 90 days before today", from)
	}
}

func TestResetForgetsTheFeedAndKeepsTheRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 30))
	w.sync(store.Full)
	w.source.pages(orders(2, 30))
	w.sync(store.Full)
	before := w.stream()
	run := w.sync(store.Reset)
	w.ends(run, store.RunComplete, "")
	after := w.stream()
	if after.Epoch <= before.Epoch || after.Seq <= before.Seq {
		t.Errorf("epoch %d→%d, seq %d→%d; want both raised", before.Epoch, after.Epoch, before.Seq, after.Seq)
	}
	entries := append(w.feed(0)[:10], w.feed(before.Seq+10)...)
	if len(entries) != 28 || len(w.notes()) != 28 {
		t.Errorf("the feed has %d entries, %d records stored; want 28 and no tombstones", len(entries), len(w.notes()))
	}
	for _, e := range entries {
		if e.Type != "created" {
			t.Errorf("order %s is %s to a reader who begins anew", e.RemoteID, e.Type)
		}
		if e.Seq <= before.Seq {
			t.Errorf("order %s keeps seq %d of before the reset", e.RemoteID, e.Seq)
		}
	}
}

func TestRefusedLoginLetsTheRunWaitAndIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		return nil, &driver.Error{Kind: driver.Credentials, Detail: "wrong password"}
	}
	w.ends(w.sync(store.Incremental), store.RunQueued, "credentials-refused")
	if len(w.reports) != 1 || driver.KindOf(w.reports[0]) != driver.Credentials {
		t.Errorf("reported %v", w.reports)
	}
}

func TestCancelStopsBeforeTheNextPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 10), orders(10, 20), orders(20, 30), orders(30, 40), orders(40, 50), orders(50, 60), orders(60, 70), orders(70, 80))
	whole := w.source.fetch
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if string(r.Token) == "1" {
			runs, err := w.store.Runs(t.Context(), w.conn.Scope(), store.RunFilter{Limit: 1})
			if err != nil {
				return nil, err
			}
			if _, err := w.service.Cancel(acting(t.Context()), w.conn, runs[0].ID); err != nil {
				return nil, err
			}
		}
		return whole(r)
	}
	w.ends(w.sync(store.Full), store.RunCancelled, "")
	if n := len(w.notes()); n > 30 {
		t.Errorf("%d records stored after the cancel", n)
	}
}

// A worker that was asleep past its lease stores nothing once another has taken the run over.
func TestFencedWorkerStoresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 10), orders(10, 20))
	whole, slept := w.source.fetch, false
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if string(r.Token) != "1" || slept {
			return whole(r)
		}
		slept = true
		w.source.mu.Unlock() // the other worker asks the same source
		defer w.source.mu.Lock()
		w.clock = w.clock.Add(2 * lease.For)
		if _, err := w.newWorker("two").Work(t.Context(), w.conn.ID, func(*store.Tx) error { return nil }); err != nil {
			return nil, err
		}
		stale := orders(10, 20)
		stale[0].note = "from the worker that slept"
		return page(stale, nil, -1), nil
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if got := w.notes(); len(got) != 20 || got["0010"] != "" {
		t.Errorf("%d stored, order 10 says %q; want the other worker's 20", len(got), got["0010"])
	}
}

func TestTickMakesDueRunsAndWakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.sync(store.Full)
	due := w.stream().NextRunAt
	if due.Before(w.clock.Add(time.Hour)) || due.After(w.clock.Add(70*time.Minute)) {
		t.Fatalf("next run at %s; want an hour from now, spread by up to a tenth", due)
	}
	w.must(w.worker.Tick(t.Context()))
	if w.stream().ActiveRun != nil {
		t.Fatal("a run was made before its time")
	}
	w.clock, w.woken = due, 0
	w.must(w.worker.Tick(t.Context()))
	run := w.stream().ActiveRun
	if run == nil || run.Trigger != "schedule" || run.Mode != store.Incremental || w.woken == 0 {
		t.Fatalf("due: run %+v, woken %d times", run, w.woken)
	}
	w.must(w.worker.Tick(t.Context()))
	if next := w.stream(); next.ActiveRun.ID != run.ID || !next.NextRunAt.After(w.clock) {
		t.Errorf("a second look made run %s and leaves the next at %s", next.ActiveRun.ID, next.NextRunAt)
	}
	w.work()
	w.clock = w.clock.Add(25 * time.Hour)
	w.must(w.worker.Tick(t.Context()))
	if run := w.stream().ActiveRun; run == nil || run.Mode != store.Full {
		t.Errorf("a day after the last full run: %+v; want a full one", run)
	}
}

func code(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

// A manifest that maps another way maps what is stored anew, from the raw records, without asking the source for them.
func TestChangedMappingMapsStoredRecordsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	list := orders(0, 450)
	for i := range list {
		list[i].note = "n" + list[i].id
	}
	list[449].note = ""
	w.source.pages(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	seq := w.stream().Seq

	w.system = w.load(strings.Replace(scriptedManifest, "notes: note", "notes: num", 1))
	w.worker = w.newWorker("two")
	w.source.pages(nil)
	run := w.sync(store.Incremental)
	w.ends(run, store.RunComplete, "")
	if run.Counts.Updated != 450 || run.Counts.Fetched != 0 || w.notes()["0449"] != "PO-0449" {
		t.Errorf("counts %+v, order 449 says %q; want all 450 mapped anew and none fetched", run.Counts, w.notes()["0449"])
	}
	if entries := w.feed(seq); len(entries) != 450 || entries[0].Type != "updated" {
		t.Errorf("the feed has %d entries, first %+v; want 450 updates", len(entries), entries[0])
	}
	if run = w.sync(store.Incremental); run.Counts.Updated != 0 {
		t.Errorf("the next run: %+v; want nothing mapped anew", run.Counts)
	}
	w.system = w.load(scriptedManifest)
	w.worker = w.newWorker("three")
	if run = w.sync(store.Incremental); run.Counts.Updated != 450 || w.notes()["0449"] != "" {
		t.Errorf("back to the first mapping: %+v", run.Counts)
	}
}

// A mapping that no longer takes a stored record keeps the record as it was, and shows it in quarantine.
func TestChangedMappingQuarantinesWhatItCannotMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 5))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.system = w.load(strings.Replace(scriptedManifest, "order_date: date", "order_date: num", 1))
	w.worker = w.newWorker("two")
	w.source.pages(nil)
	run := w.sync(store.Incremental)
	w.ends(run, store.RunComplete, "")
	if run.Counts.Quarantined != 5 || run.Counts.Updated != 0 || len(w.notes()) != 5 {
		t.Errorf("counts %+v, %d stored; want five in quarantine and kept", run.Counts, len(w.notes()))
	}
}

func TestChangedMappingThatTakesHardlyAnythingStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 1500))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.system = w.load(strings.Replace(scriptedManifest, "order_date: date", "order_date: num", 1))
	w.worker = w.newWorker("two")
	run := w.sync(store.Incremental)
	w.ends(run, store.RunFailed, "too-many-bad-records")
	if asked := len(w.source.requests()); asked != 1 || len(w.notes()) != 1500 {
		t.Errorf("the source was asked %d times, %d stored; want the first sync's only, and all kept", asked, len(w.notes()))
	}
}
