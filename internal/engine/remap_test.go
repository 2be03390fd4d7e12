package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// release gives a worker whose mapping takes the notes from another member.
func (w *world) release(notes string) *Worker {
	w.t.Helper()
	w.system = w.load(strings.Replace(scriptedManifest, "notes: note", "notes: "+notes, 1))
	return w.newWorker(notes)
}

// allNote fails the test unless the notes of every stored order begin so.
func (w *world) allNote(prefix string) {
	w.t.Helper()
	other := 0
	for _, note := range w.notes() {
		if !strings.HasPrefix(note, prefix) {
			other++
		}
	}
	if other > 0 {
		w.t.Errorf("%d of %d orders are mapped as before", other, len(w.notes()))
	}
}

// An upgrade in the middle of mapping anew leaves no record as the release before would have it.
func TestARemapThatAnotherReleaseGoesOnWithIsDoneAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 500))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	older, newer := w.release("num"), w.release("date")
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Incremental, "manual")
	w.must(err)
	older.Turn = time.Nanosecond
	_, err = older.Work(t.Context(), w.conn.ID, func(*store.Tx) error { return nil })
	w.must(err)
	w.worker = newer
	w.work()
	w.ends(w.run(runs[0].ID), store.RunComplete, "")
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	w.allNote("2026-")
}

// Of two releases side by side the older one takes over a run that the newer one began: what it stored is mapped anew.
func TestARunThatTwoReleasesReadIsMappedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older, newer := w.release("num"), w.release("date")
	w.source.fetch = paged(orders(0, 40))
	w.failing(map[int]driver.Kind{2: driver.Fault})
	w.worker = newer
	run := w.sync(store.Full)
	w.worker = older
	w.retries(1)
	w.ends(w.run(run.ID), store.RunComplete, "")
	w.worker = newer
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.allNote("2026-")
}

// An order whose date was unreadable for a while, and is as it was, is found gone later like any other.
func TestAnOrderInOrderAgainIsSweptAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.history("P60D")
	list := orders(0, 30)
	list[29].updated = "2026-03-10T11:00:00Z"
	reads := func(list []order) {
		w.source.fetch = filtered(list)
		w.ends(w.sync(store.Full), store.RunComplete, "")
	}
	reads(list)
	bad := slices.Clone(list)
	bad[3].date, bad[3].updated = "2026-13-77", "2026-03-10T11:30:00Z"
	reads(bad)
	reads(list)
	reads(slices.Delete(slices.Clone(list), 3, 4))
	if _, ok := w.notes()["0003"]; ok {
		t.Error("the order is gone from the system and still stored")
	}
}

// An order whose new date cannot be read may have left the period; that its stored form is mapped anew does not put it back.
func TestARemapDoesNotMakeUpADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.history("P60D")
	list := orders(0, 30)
	list[29].updated = "2026-03-10T11:00:00Z"
	w.source.fetch = filtered(list)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	list[3].date, list[3].updated = "2025-13-77", "2026-03-10T11:00:00Z"
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	list[29].updated = "2026-03-10T11:50:00Z"
	w.ends(w.sync(store.Incremental), store.RunComplete, "")
	w.worker = w.release("num")
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if _, ok := w.notes()["0003"]; !ok {
		t.Error("the order was deleted, though it is in the system")
	}
}
