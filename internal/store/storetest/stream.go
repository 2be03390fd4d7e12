package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var streamTests = []test{
	{"streams keep their order, and those that exist are left alone", func(t *testing.T, w *world) {
		c := w.connect()
		w.write(func(tx *store.Tx) error {
			return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "items", Schedule: "5m"}, {Entity: orders, Schedule: "9h"}})
		})
		var got []string
		for _, s := range must[[]store.Stream](w)(w.Streams(t.Context(), c.Scope())) {
			got = append(got, s.Entity+" "+s.Schedule)
		}
		w.equal("streams", got, []string{"vendors 1h", "purchase-orders 1h", "items 5m"})
		_, err := w.Stream(t.Context(), c.Scope(), "assets")
		w.is(err, store.ErrNotFound)
		_, err = w.Position(t.Context(), c.Scope(), "assets")
		w.is(err, store.ErrNotFound)
	}},
	{"settings change only what is named", func(t *testing.T, w *world) {
		c := w.connect()
		paused, at, history := true, w.now.Add(time.Hour), "all"
		update := func(set store.StreamSettings) store.Stream {
			w.write(func(tx *store.Tx) error { return tx.UpdateStream(t.Context(), c.Scope(), orders, set) })
			return *w.stream(c, orders)
		}
		got := update(store.StreamSettings{Paused: &paused, NextRunAt: &at})
		w.equal("paused", []any{got.Paused, got.NextRunAt, got.Schedule, got.History}, []any{true, at, "1h", "P90D"})
		none := time.Time{}
		got = update(store.StreamSettings{History: &history, NextRunAt: &none})
		w.equal("history", []any{got.Paused, got.NextRunAt, got.Schedule, got.History}, []any{true, none, "1h", "all"})
		err := w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.UpdateStream(t.Context(), c.Scope(), "assets", store.StreamSettings{})
		})
		w.is(err, store.ErrNotFound)
	}},
	{"streams are due, oldest first, while their connection syncs", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		schedule := func(c *store.Connection, entity string, at time.Duration) {
			when := w.now.Add(at)
			w.write(func(tx *store.Tx) error {
				return tx.UpdateStream(t.Context(), c.Scope(), entity, store.StreamSettings{NextRunAt: &when})
			})
		}
		schedule(a, orders, -time.Minute)
		schedule(b, vendors, -time.Hour)
		schedule(b, orders, time.Hour)
		due := func() (out []string) {
			w.write(func(tx *store.Tx) error {
				rows, err := tx.DueStreams(t.Context(), w.now, 10)
				for _, d := range rows {
					out = append(out, d.Scope.ConnectionID()+" "+d.Entity)
				}
				return err
			})
			return out
		}
		w.equal("due", due(), []string{b.ID + " vendors", a.ID + " purchase-orders"})
		for state, dormant := range map[store.ConnectionState]bool{
			store.ConnectionPaused: true, store.ConnectionNeedsReauth: true, store.ConnectionPending: true,
			store.ConnectionActive: false, store.ConnectionDegraded: false, store.ConnectionUnreachable: true, store.ConnectionSyncing: false,
		} {
			w.write(func(tx *store.Tx) error { return tx.SetConnectionState(t.Context(), b.Scope(), state, "", "", w.now) })
			w.equal("due while "+string(state), len(due()) == 1, dormant)
		}
	}},
	{"of all that see a stream due, one gets it", func(t *testing.T, w *world) {
		c := w.connect()
		due, next := w.now.Add(-time.Minute), w.now.Add(time.Hour)
		w.write(func(tx *store.Tx) error {
			return tx.UpdateStream(t.Context(), c.Scope(), orders, store.StreamSettings{NextRunAt: &due})
		})
		var seen []store.Due
		w.write(func(tx *store.Tx) (err error) { seen, err = tx.DueStreams(t.Context(), w.now, 10); return err })
		claim := func() (got bool) {
			w.write(func(tx *store.Tx) (err error) { got, err = tx.ClaimDue(t.Context(), seen[0], next); return err })
			return got
		}
		w.equal("claims", []bool{claim(), claim()}, []bool{true, false})
		w.equal("next", w.stream(c, orders).NextRunAt, next)
	}},
	{"schedules are shifted once for all who see the clock go back", func(t *testing.T, w *world) {
		c := w.connect()
		at := w.now.Add(2 * time.Hour)
		w.write(func(tx *store.Tx) error {
			return tx.UpdateStream(t.Context(), c.Scope(), orders, store.StreamSettings{NextRunAt: &at})
		})
		for _, later := range []time.Duration{0, time.Second, time.Minute} {
			w.ok(w.ShiftSchedules(t.Context(), w.now.Add(later), time.Hour))
		}
		w.equal("next", w.stream(c, orders).NextRunAt, at.Add(-time.Hour))
		w.ok(w.ShiftSchedules(t.Context(), w.now.Add(-10*time.Minute), 30*time.Minute))
		w.equal("after another change", w.stream(c, orders).NextRunAt, at.Add(-90*time.Minute))
	}},
	{"last and active runs are shown", func(t *testing.T, w *world) {
		c := w.connect()
		first := w.sync(c, orders, store.Incremental)
		running := w.begin(c, orders, store.Incremental)
		w.request(c, orders, store.Full)
		st := w.stream(c, orders)
		w.equal("last", st.LastRun.ID, first.ID)
		w.equal("active", st.ActiveRun.ID, running.ID)
		w.equal("others", w.stream(c, vendors).ActiveRun == nil, true)
	}},
}
