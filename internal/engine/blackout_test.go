package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// leaveAlone sets the connection's blackouts.
func (w *world) leaveAlone(zone string, windows ...string) {
	w.t.Helper()
	w.conn.TimeZone, w.conn.Blackouts = zone, windows
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error { return tx.SetConnectionProfile(w.t.Context(), w.conn, w.clock) }))
}

// due makes both streams due now.
func (w *world) due(schedule string) {
	w.t.Helper()
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		for _, entity := range []string{"purchase-orders", "vendors"} {
			if err := tx.UpdateStream(w.t.Context(), w.conn.Scope(), entity, store.StreamSettings{NextRunAt: &w.clock, Schedule: &schedule}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) tick() {
	w.t.Helper()
	w.must(w.worker.Tick(w.t.Context()))
	w.work()
}

func (w *world) runs() []store.Run {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), w.conn.Scope(), store.RunFilter{Limit: 500})
	w.must(err)
	return runs
}

// The world's clock stands at Tuesday, 2026-03-10, 12:00 UTC.

func TestDueRunsWaitForTheEndOfABlackout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.leaveAlone("UTC", "Tue 11:00-14:00")
	w.due("5m")
	for w.clock.Before(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)) {
		w.tick()
		w.clock = w.clock.Add(time.Minute)
	}
	if n := len(w.runs()); n != 0 || len(w.source.requests()) != 0 {
		t.Fatalf("%d runs and %d calls in the window", n, len(w.source.requests()))
	}
	st := w.stream()
	if wait := st.NextRunAt.Sub(w.clock); wait < 0 || wait > afterBlackout {
		t.Errorf("due %s after the window", wait)
	}
	w.clock = w.clock.Add(afterBlackout)
	w.tick()
	if n := len(w.runs()); n != 2 {
		t.Errorf("%d runs after the window, want one of each entity", n)
	}
}

func TestARunningRunStopsAtThePageAndGoesOnAfterTheBlackout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.leaveAlone("UTC", "Tue 12:10-14:00")
	w.source.pages(orders(0, 2), orders(2, 4), orders(4, 6), orders(6, 8))
	fetch := w.source.fetch
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if len(w.source.asked) == 2 {
			w.clock = time.Date(2026, 3, 10, 12, 10, 0, 0, time.UTC)
		}
		return fetch(r)
	}
	run := w.sync(store.Full)
	if run.State != store.RunRunning || run.ReasonCode != problem.ReasonBlackout || !run.RetryAt.Equal(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)) {
		t.Fatalf("%s (%s) until %s", run.State, run.ReasonCode, run.RetryAt)
	}
	if len(w.notes()) != 4 || len(w.source.requests()) != 2 || len(w.reports) != 0 {
		t.Errorf("%d records of %d pages are stored, %d reports", len(w.notes()), len(w.source.requests()), len(w.reports))
	}
	w.tick()
	if len(w.source.requests()) != 2 {
		t.Errorf("%d calls in the window", len(w.source.requests())-2)
	}
	w.clock = run.RetryAt
	w.tick()
	run = w.run(run.ID)
	w.ends(run, store.RunComplete, "")
	if len(w.notes()) != 8 || len(w.source.requests()) != 4 || run.Attempt != 1 || w.stream().Failures != 0 {
		t.Errorf("%d records by %d calls, attempt %d, %d failures", len(w.notes()), len(w.source.requests()), run.Attempt, w.stream().Failures)
	}
}

func TestARequestInABlackoutWaitsAndSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.leaveAlone("Europe/Berlin", "Tue 12:00-15:00") // until 14:00 UTC
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	end := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)
	if runs[0].ReasonCode != problem.ReasonBlackout || !runs[0].RetryAt.Equal(end) {
		t.Errorf("the answer says %q, %s", runs[0].ReasonCode, runs[0].RetryAt)
	}
	again, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	w.work()
	if again[0].ID != runs[0].ID || len(w.source.requests()) != 0 {
		t.Errorf("another run, or %d calls", len(w.source.requests()))
	}
	if stored := w.run(runs[0].ID); stored.State != store.RunQueued || stored.ReasonCode != problem.ReasonBlackout || !stored.RetryAt.Equal(end) {
		t.Errorf("stored: %s %s %s", stored.State, stored.ReasonCode, stored.RetryAt)
	}
	w.clock = end
	w.work()
	w.ends(w.run(runs[0].ID), store.RunComplete, "")
}

// What was asked for before a window and is not begun yet is not begun in it.
func TestAQueuedRunDoesNotBeginInABlackout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.leaveAlone("UTC", "Tue 12:10-14:00")
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	w.clock = w.clock.Add(10 * time.Minute)
	w.work()
	if r := w.run(runs[0].ID); r.State != store.RunQueued || r.Attempt != 0 || r.ReasonCode != problem.ReasonBlackout {
		t.Errorf("%s, attempt %d, %q", r.State, r.Attempt, r.ReasonCode)
	}
}

// A turn that falls into a window takes its locks in the order of all others: the wake-up's comes last.
func TestATurnInABlackoutTakesItsLocksInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.leaveAlone("UTC", "Tue 12:10-14:00")
	_, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	w.clock = w.clock.Add(10 * time.Minute)
	ready := -1
	_, err = w.worker.Work(t.Context(), w.conn.ID, func(tx *store.Tx) error {
		runs, err := tx.RunnableRuns(t.Context(), w.conn.Scope(), w.clock)
		ready = len(runs)
		return err
	})
	w.must(err)
	if ready != 0 {
		t.Errorf("%d runs were not held when the wake-up ended", ready)
	}
}

// Nobody is woken in vain while a window holds.
func TestABlackoutWakesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.leaveAlone("UTC", "Tue 11:00-14:00")
	_, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders", "vendors"}, store.Full, store.TriggerManual)
	w.must(err)
	w.work()
	w.woken = 0
	for range 30 {
		w.clock = w.clock.Add(time.Minute)
		w.must(w.worker.Tick(t.Context()))
	}
	if w.woken != 0 {
		t.Errorf("woken %d times", w.woken)
	}
}

// Whatever is due, asked for, failing or under way: no page is asked for while a clock on the wall shows a time in a window.
func TestNoCallInABlackout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		zone  string
		start time.Time
	}{
		"Berlin, to summer time":   {"Europe/Berlin", time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)},
		"Berlin, back":             {"Europe/Berlin", time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)},
		"New York, to summer time": {"America/New_York", time.Date(2026, 3, 8, 1, 0, 0, 0, time.UTC)},
		"New York, back":           {"America/New_York", time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)},
		"a zone that never moves":  {"Asia/Kolkata", time.Date(2026, 3, 28, 18, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			zone, err := time.LoadLocation(test.zone)
			w.must(err)
			random := rand.New(rand.NewPCG(3, 7))
			w.clock = test.start
			w.leaveAlone(test.zone, "daily 01:30-02:20", "Sun 02:40-03:10", "Sat 23:00-00:15", "daily 04:00-04:01")
			w.source.pages(orders(0, 2), orders(2, 4), orders(4, 6), orders(6, 8))
			fetch, calls := w.source.fetch, 0
			w.source.fetch = func(r driver.Request) (*driver.Page, error) {
				calls++
				if at := w.clock.In(zone); shown(at) {
					t.Errorf("called at %s", at)
				}
				w.clock = w.clock.Add(time.Duration(random.Int64N(int64(7 * time.Minute))))
				if random.IntN(10) == 0 {
					return nil, &driver.Error{Kind: driver.Torn, Detail: "no."}
				}
				return fetch(r)
			}
			w.due("5m")
			for w.clock.Before(test.start.Add(12 * time.Hour)) {
				if random.IntN(4) == 0 {
					_, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
					w.must(err)
				}
				w.tick()
				w.clock = w.clock.Add(time.Duration(random.Int64N(int64(2 * time.Minute))))
			}
			complete := 0
			for _, r := range w.runs() {
				if r.State == store.RunComplete {
					complete++
				}
			}
			if calls < 50 || complete < 5 {
				t.Errorf("%d calls and %d complete runs in twelve hours: the work does not go on", calls, complete)
			}
		})
	}
}

// shown says that the clock on the wall shows a time in one of the windows above.
func shown(at time.Time) bool {
	minute := at.Hour()*60 + at.Minute()
	in := func(from, to int) bool { return from <= minute && minute < to }
	return in(90, 140) || in(240, 241) || at.Weekday() == time.Sunday && (in(160, 190) || in(0, 15)) || at.Weekday() == time.Saturday && in(23*60, 24*60)
}

// Streams that were due in one window do not all begin at its end.
func TestDueRunsAreSpreadBehindABlackout(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	early := 0
	for range 200 {
		at := now.Add(2*time.Hour + time.Duration(Spread(uuid.NewString(), "vendors")*float64(afterBlackout)))
		if at.Before(now.Add(2*time.Hour + afterBlackout/2)) {
			early++
		}
	}
	if early < 50 || early > 150 {
		t.Errorf("%d of 200 begin in the first half", early)
	}
}
