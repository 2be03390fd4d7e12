package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// hotWorld is a world whose orders are read again every hour; open ones are those whose date is the first of February.
func hotWorld(t *testing.T, list []order) *world {
	w := newWorldOf(t, "    history: date\n", "    history: date\n    hot: {every: 1h, read: {}}\n")
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if !r.Hot {
			return since(list)(r)
		}
		p, err := filtered(list)(r)
		p.Records = slices.DeleteFunc(p.Records, func(raw []byte) bool { return !isOpen(raw) })
		p.HighWater = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC) // as one in order of modification would say
		return p, err
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	return w
}

func isOpen(raw []byte) bool { return string(dateOf(raw)) == `"2026-02-01"` }

func dateOf(raw []byte) []byte {
	at := len(`{"id":"0000","num":"PO-0000","date":`)
	return raw[at : at+12]
}

// scheduled lets so much time pass and gives how often each list was then asked for.
func (w *world) scheduled(after time.Duration) (changes, hot int) {
	w.t.Helper()
	w.clock = w.clock.Add(after)
	before := len(w.source.requests())
	w.must(w.worker.Tick(w.t.Context()))
	w.work()
	for _, r := range w.source.requests()[before:] {
		if r.Hot {
			hot++
		} else {
			changes++
		}
	}
	return changes, hot
}

// An open order changes and its stamp does not: the list of open orders shows it within the hour, long before the daily full read.
func TestHotRecordsAreReadAgainWhateverTheirStampsSay(t *testing.T) {
	t.Parallel()
	list := orders(0, 30)
	for i := range list {
		if i >= 10 {
			list[i].date = "2026-01-01" // closed
		}
	}
	list[29].updated = "2026-03-10T11:00:00Z"
	w := hotWorld(t, list)
	cursor := w.stream().CursorAt
	list[3].note, list[20].note = "silent edit of an open order", "silent edit of a closed one"
	if changes, hot := w.scheduled(66 * time.Minute); changes != 1 || hot != 1 {
		t.Fatalf("asked for changes %d times, for open orders %d times; want each once", changes, hot)
	}
	if got := w.notes(); got["0003"] != list[3].note || got["0020"] != "" || len(got) != 30 {
		t.Errorf("order 3 says %q, 20 %q, %d stored; want the open one as it is now, and nothing gone", got["0003"], got["0020"], len(got))
	}
	if s := w.stream(); !s.CursorAt.Equal(cursor) || !s.HotAt.Equal(w.clock) {
		t.Errorf("cursor %s, want %s; read again at %s, want %s", s.CursorAt, cursor, s.HotAt, w.clock)
	}
}

func TestHotRecordsAreReadNoMoreOftenThanTheManifestSays(t *testing.T) {
	t.Parallel()
	w := hotWorld(t, orders(0, 5))
	every := "10m"
	_, err := w.service.Settings(acting(t.Context()), w.conn, "purchase-orders", Settings{Schedule: &every})
	w.must(err)
	total := 0
	for range 12 {
		_, hot := w.scheduled(15 * time.Minute)
		total += hot
	}
	if total != 3 {
		t.Errorf("in three hours open orders were asked for %d times", total)
	}
	w.clock = w.clock.Add(2 * time.Hour)
	before := len(w.source.requests())
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	if asked := w.source.requests()[before:]; len(asked) != 1 || asked[0].Hot {
		t.Errorf("a run that a person asked for asked for %v", asked)
	}
}

// A run that fails in its hot phase takes it up from its beginning.
func TestHotPhaseBeginsAnew(t *testing.T) {
	t.Parallel()
	list := orders(0, 10)
	w := hotWorld(t, list)
	whole, broken := w.source.fetch, true
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.Hot && broken {
			return nil, &driver.Error{Kind: driver.Unreachable, Detail: "gone"}
		}
		return whole(r)
	}
	list[1].note = "silent"
	w.scheduled(66 * time.Minute)
	if s := w.stream(); s.ActiveRun == nil || s.ActiveRun.State != store.RunQueued {
		t.Fatalf("run %+v; want it queued again", s.ActiveRun)
	}
	broken = false
	if changes, hot := w.scheduled(time.Minute); changes != 0 || hot != 1 {
		t.Errorf("asked for changes %d times, for open orders %d times; want only the latter", changes, hot)
	}
	if w.notes()["0001"] != "silent" {
		t.Error("the silent edit was not taken")
	}
}
