package engine

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// quarantine lists what a run has in quarantine.
func (w *world) quarantine(run *store.Run) []store.Quarantined {
	w.t.Helper()
	page, _, err := w.store.Quarantine(w.t.Context(), w.conn.Scope(), run.ID, store.QuarantineRange{Limit: 1000})
	w.must(err)
	return page
}

// retry tries a run's quarantine again with a manifest.
func (w *world) retry(run *store.Run, manifest string) Retry {
	w.t.Helper()
	system := w.load(manifest)
	w.service.Mapper = func(_, entity string) *mapping.Mapper {
		m, err := mapping.Compile(system, system.Entity(entity), nil)
		w.must(err)
		return m
	}
	n, err := w.service.RetryQuarantine(w.t.Context(), w.conn, run.ID)
	w.must(err)
	return n
}

// mended maps no dates: one that is impossible does no harm any more.
var mended = strings.NewReplacer("      order_date: date\n", "", "    history: date\n", "").Replace(scriptedManifest)

// spoilt gives orders of which some have an impossible date.
func spoilt(list []order, bad ...int) []order {
	out := append([]order(nil), list...)
	for _, i := range bad {
		out[i].date, out[i].note = "2026-02-31", "spoilt"
	}
	return out
}

func TestARetryStoresWhatMapsByNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 20), store.RunComplete, "")
	list := spoilt(orders(0, 25), 3, 24)
	run := w.sweeps(list, store.RunComplete, "")
	seq := w.stream().Seq
	if got := w.retry(run, scriptedManifest); got != (Retry{Tried: 2, Open: 2}) || w.stream().Quarantined != 2 {
		t.Errorf("with the same mapping: %+v, %d in quarantine", got, w.stream().Quarantined)
	}
	if got := w.retry(run, mended); got != (Retry{Tried: 2, Created: 1, Updated: 1}) {
		t.Errorf("with another mapping: %+v", got)
	}
	if got := w.retry(run, mended); got != (Retry{}) || w.stream().Quarantined != 0 {
		t.Errorf("again: %+v, %d in quarantine", got, w.stream().Quarantined)
	}
	got := w.notes()
	if len(got) != 25 || got["0003"] != "spoilt" || got["0024"] != "spoilt" || len(w.feed(seq)) != 2 {
		t.Errorf("%d stored, %d in the feed, orders 3 and 24 say %q and %q", len(got), len(w.feed(seq)), got["0003"], got["0024"])
	}
	if again := w.sweeps(list[:20], store.RunComplete, ""); again.Counts.Deleted != 5 {
		t.Errorf("a later sweep: %+v; want what the retry stored judged like the rest", again.Counts)
	}
}

func TestARetryNeverPutsAnOldRecordOverANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 20), store.RunComplete, "")
	run := w.sweeps(spoilt(orders(0, 20), 1, 2, 3, 4), store.RunComplete, "")

	later := orders(0, 20)
	later[2].note = "newer"                 // stored anew
	later = append(later[:3], later[4:]...) // 3 is gone
	later = spoilt(later, 3)                // 4 is spoilt again
	later[3].note = "spoilt later"
	w.source.pages(later[:4])
	second := w.sync(store.Incremental)
	w.ends(second, store.RunComplete, "")
	states := func(run *store.Run) (out []string) {
		for _, q := range w.quarantine(run) {
			out = append(out, q.RemoteID+" "+string(q.State))
		}
		return out
	}
	if got := fmt.Sprint(states(run), states(second)); got != "[0001 superseded 0002 superseded 0003 open 0004 superseded] [0004 open]" {
		t.Errorf("states %s", got)
	}
	if got := w.retry(run, mended); got != (Retry{Tried: 1, Updated: 1}) {
		t.Errorf("the first run's: %+v; want only order 3, of which nothing else is known", got)
	}
	if got := w.retry(second, mended); got != (Retry{Tried: 1, Updated: 1}) {
		t.Errorf("the second run's: %+v", got)
	}
	for id, want := range map[string]string{"0001": "", "0002": "newer", "0003": "spoilt", "0004": "spoilt later"} {
		if got := w.notes()[id]; got != want {
			t.Errorf("order %s says %q, want %q", id, got, want)
		}
	}
}

// A retry runs beside a sync that has a newer version of the record in its hands.
func TestARetryBesideARunningSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 20), store.RunComplete, "")
	run := w.sweeps(spoilt(orders(0, 20), 3), store.RunComplete, "")
	newest := orders(0, 20)
	newest[3].note = "newest" // at the same second, so that no time tells
	w.source.pages(newest[:10], newest[10:])
	whole, once := w.source.fetch, sync.Once{}
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		p, err := whole(r)
		once.Do(func() {
			if got := w.retry(run, mended); got != (Retry{Tried: 1, Updated: 1}) {
				t.Errorf("retry: %+v", got)
			}
		})
		return p, err
	}
	done := w.sync(store.Incremental)
	w.ends(done, store.RunComplete, "")
	if got := w.notes(); len(got) != 20 || got["0003"] != "newest" {
		t.Errorf("%d stored, order 3 says %q; want the newest", len(got), got["0003"])
	}
}

func TestTwoRetriesAtOnceStoreOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 60), store.RunComplete, "")
	run := w.sweeps(spoilt(orders(0, 60), 1, 2, 3, 4, 5, 6, 7), store.RunComplete, "")
	w.retry(run, scriptedManifest)
	system := w.load(mended)
	mapper, err := mapping.Compile(system, system.Entity("purchase-orders"), nil)
	w.must(err)
	w.service.Mapper = func(string, string) *mapping.Mapper { return mapper }
	seq := w.stream().Seq
	got := make([]Retry, 4)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			if got[i], err = w.service.RetryQuarantine(t.Context(), w.conn, run.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if sum := got[0].Updated + got[1].Updated + got[2].Updated + got[3].Updated; sum != 7 || len(w.feed(seq)) != 7 {
		t.Errorf("%+v: %d updated, %d in the feed; want 7 once", got, sum, len(w.feed(seq)))
	}
}

func TestRetryRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	run := w.sweeps(orders(0, 2), store.RunComplete, "")
	w.service.Mapper = func(string, string) *mapping.Mapper { return nil }
	if _, err := w.service.RetryQuarantine(t.Context(), w.conn, "none"); code(err) != "not-found" {
		t.Errorf("no such run: %v", err)
	}
	if _, err := w.service.RetryQuarantine(t.Context(), w.conn, run.ID); code(err) != "entity-not-enabled" {
		t.Errorf("no mapping: %v", err)
	}
	ended := *w.conn
	ended.State = store.ConnectionDisconnected
	if _, err := w.service.RetryQuarantine(t.Context(), &ended, run.ID); code(err) != "connection-disconnected" {
		t.Errorf("disconnected: %v", err)
	}
}

// What could not be told apart or has no id is shown, and goes when a whole read takes its place.
func TestAFullReadTakesThePlaceOfOldQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.fetch = func(driver.Request) (*driver.Page, error) {
		p := page(spoilt(orders(0, 20), 3), nil, -1)
		p.Records = append(p.Records, []byte(`{"num":"no id"}`))
		return p, nil
	}
	first := w.sync(store.Full)
	w.ends(first, store.RunComplete, "")
	second := w.sync(store.Full)
	w.ends(second, store.RunComplete, "")
	if len(w.quarantine(first)) != 0 || len(w.quarantine(second)) != 2 || w.stream().Quarantined != 2 {
		t.Errorf("first %+v, second %+v, %d now", w.quarantine(first), w.quarantine(second), w.stream().Quarantined)
	}
	w.sweeps(orders(0, 20), store.RunComplete, "")
	if w.stream().Quarantined != 0 {
		t.Errorf("%d in quarantine after the source healed", w.stream().Quarantined)
	}
}
