package engine

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What failed for a reason that may pass is tried again before a far schedule, later each time; what a person must mend, or what the whole
// connection suffers from, is not.
func TestFailedStreamsAreTriedAgainSooner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &runSlice{worker: w.worker}
	failed := store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonSystemError}
	month, soon := w.clock.Add(30*24*time.Hour), w.clock.Add(time.Minute)
	for name, test := range map[string]struct {
		finish   store.Finish
		next     time.Time
		failures int
		from, to time.Duration // 0: as scheduled
	}{
		"first time":         {failed, month, 5, 15 * time.Minute, 19 * time.Minute},
		"second time":        {failed, month, 11, 30 * time.Minute, 38 * time.Minute},
		"at last":            {failed, month, 1000, 6 * time.Hour, 8 * time.Hour},
		"without a schedule": {failed, time.Time{}, 5, 15 * time.Minute, 19 * time.Minute},
		"scheduled sooner":   {failed, soon, 5, 0, 0},
		"retried by itself":  {store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonSystemError, RetryAt: soon}, month, 5, 0, 0},
		"complete":           {store.Finish{State: store.RunComplete}, month, 0, 0, 0},
		"a person's matter":  {store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonPermissionMissing}, month, 0, 0, 0},
		"the connection's":   {store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonSystemUnreachable}, month, 0, 0, 0},
	} {
		test.finish.NextRunAt = test.next
		got := s.sooner(test.finish, &store.Stream{Failures: test.failures})
		if wait := got.Sub(w.clock); test.to == 0 && !got.Equal(test.next) || test.to > 0 && (wait < test.from || wait > test.to) {
			t.Errorf("%s: due after %s", name, wait)
		}
	}
}

// A first sync that failed is made up for without anybody, also where nothing is scheduled.
func TestAFirstSyncThatFailedIsMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.due(store.ManualSchedule)
	broken := true
	w.source.pages(orders(0, 3))
	fetch := w.source.fetch
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if broken {
			return nil, &driver.Error{Kind: driver.Fault, Detail: "no."}
		}
		return fetch(r)
	}
	for range 60 {
		w.tick()
		w.clock = w.clock.Add(time.Minute)
	}
	broken = false
	for range 40 {
		w.tick()
		w.clock = w.clock.Add(time.Minute)
	}
	if w.stream().LastSuccessAt.IsZero() || !w.stream().NextRunAt.IsZero() {
		t.Errorf("last success %s, next run %s", w.stream().LastSuccessAt, w.stream().NextRunAt)
	}
}

// While a connection is unreachable nothing is tried, and a person's request makes the look come soon.
func TestAnUnreachableConnectionIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 3))
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetConnectionState(t.Context(), w.conn.Scope(), store.ConnectionUnreachable, problem.ReasonSystemUnreachable, "no.", w.clock); err != nil {
			return err
		}
		return tx.PlanProbe(t.Context(), w.conn.Scope(), w.clock.Add(15*time.Minute))
	}))
	var err error
	w.conn, err = w.store.ConnectionForWork(t.Context(), w.conn.ID)
	w.must(err)
	w.due("1h")
	w.tick()
	_, err = w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, store.TriggerManual)
	w.must(err)
	w.tick()
	if n := len(w.source.requests()); n != 0 {
		t.Errorf("%d calls", n)
	}
	now, err := w.store.ConnectionForWork(t.Context(), w.conn.ID)
	w.must(err)
	if wait := now.ProbeAt.Sub(w.clock); wait > probeSoon {
		t.Errorf("looked at after %s", wait)
	}
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetConnectionState(t.Context(), w.conn.Scope(), store.ConnectionActive, "", "", w.clock)
	}))
	w.tick()
	if len(w.notes()) != 3 {
		t.Errorf("%d records after it is back", len(w.notes()))
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		schedule string
		age      time.Duration // 0: never
		paused   bool
		want     Freshness
	}{
		"hourly, just now":        {"1h", time.Minute, false, Fresh},
		"hourly, one missed":      {"1h", 100 * time.Minute, false, Fresh},
		"hourly, a whole missed":  {"1h", 150 * time.Minute, false, Late},
		"every 30 s, a run lasts": {"30s", 110 * time.Second, false, Fresh},
		"every 30 s":              {"30s", 3 * time.Minute, false, Late},
		"daily, by night":         {"0 2 * * *", 20 * time.Hour, false, Fresh},
		"daily, two nights":       {"0 2 * * *", 40 * time.Hour, false, Late},
		"monthly":                 {"0 2 1 * *", 30 * 24 * time.Hour, false, Fresh},
		"manual":                  {"manual", 1000 * time.Hour, false, Unscheduled},
		"never":                   {"1h", 0, false, Never},
		"paused":                  {"1h", 1000 * time.Hour, true, Paused},
	} {
		st := store.Stream{Entity: "vendors", Schedule: test.schedule, Paused: test.paused}
		if test.age > 0 {
			st.LastSuccessAt = now.Add(-test.age)
		}
		if got := FreshnessOf("c", st, now); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
