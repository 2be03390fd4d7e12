package engine

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// writes stores an order as the system shows it after a write, or that it is gone.
func (w *world) writes(o order, gone string) {
	w.t.Helper()
	connection := uuid.MustParse(w.conn.ID)
	r := store.WrittenRecord{Change: store.Change{ID: mapping.RecordID(connection, "purchase-orders", o.id), RemoteID: o.id}, Gone: gone, Wrote: true}
	if gone == "" {
		raw := o.raw()
		m, err := w.worker.Mapper("scripted", "purchase-orders").Map(raw, mapping.Env{Connection: connection})
		w.must(err)
		r.RawHash, r.Raw, r.Fields, r.RemoteUpdatedAt, r.RangeAt = xxh3.Hash128(raw).Bytes(), raw, m.Fields, m.RemoteUpdatedAt, m.RangeAt
	}
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		_, err := tx.ApplyRecord(w.t.Context(), w.conn.Scope(), "purchase-orders", r, w.clock)
		return err
	}))
}

// A page that was asked for before a write, and lands after its result, takes nothing back: neither the change, nor what is gone, nor what is new, nor a write that
// brought back what was stored. The next run agrees with the system.
func TestAPageAskedForBeforeAWriteTakesNothingBack(t *testing.T) {
	t.Parallel()
	for _, stamped := range []bool{true, false} {
		for _, mode := range []store.Mode{store.Incremental, store.Full} {
			t.Run(map[bool]string{true: "stamped", false: "unstamped"}[stamped]+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				list := orders(0, 30)
				for i := range list {
					if !stamped {
						list[i].updated = ""
					}
				}
				w.source.pages(list)
				w.ends(w.sync(store.Full), store.RunComplete, "")

				snapshot := append([]order(nil), list...)
				snapshot[2].note, snapshot[3].note = "edited by others", "edited by others"
				now := append([]order(nil), list...)
				now[2].note = "written"
				now = append(now, order{"0030", "PO-0030", "2026-02-01", "written", list[0].updated})
				if stamped {
					now[2].updated, now[3].updated, snapshot[3].updated = "2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-01T10:00:05Z"
				}
				w.source.fetch = func(driver.Request) (*driver.Page, error) {
					w.writes(now[2], "")
					w.writes(now[3], "") // back to what was stored, after others had edited it
					w.writes(now[4], "explicit")
					w.writes(now[30], "")
					p := filteredPage(snapshot)
					p.HighWater = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
					return p, nil
				}
				w.ends(w.sync(mode), store.RunComplete, "")
				want := func() {
					t.Helper()
					got := w.notes()
					_, there := got["0004"]
					if got["0002"] != "written" || got["0003"] != "" || got["0030"] != "written" || there || len(got) != 30 {
						t.Errorf("after the page: %q, %q, %q, deleted one there: %v, %d orders", got["0002"], got["0003"], got["0030"], there, len(got))
					}
				}
				want()
				w.source.pages(append(append([]order(nil), now[:4]...), now[5:]...))
				w.ends(w.sync(store.Full), store.RunComplete, "")
				want()
			})
		}
	}
}
