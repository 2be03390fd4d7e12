package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// endless scripts a source whose purchase orders go on, page after page, until stop; vendors are one page.
func (w *world) endless() (asked *atomic.Int64, stop func()) {
	var over atomic.Bool
	asked = new(atomic.Int64)
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		p := &driver.Page{Total: -1}
		if r.Entity.Name == "vendors" {
			p.Records = [][]byte{[]byte(`{"id":"1","name":"A"}`)}
			return p, nil
		}
		n := int(asked.Add(1))
		for _, o := range orders(10*n, 10*n+10) {
			p.Records = append(p.Records, o.raw())
		}
		if !over.Load() {
			p.Next = fmt.Append(nil, n)
		}
		return p, nil
	}
	return asked, func() { over.Store(true) }
}

func (w *world) request(mode store.Mode, trigger store.Trigger, entity string) string {
	w.t.Helper()
	runs, err := w.service.Request(acting(w.t.Context()), w.conn, []string{entity}, mode, trigger)
	w.must(err)
	return runs[0].ID
}

// Somebody who asks for a few changes has them while a full read of the same connection, which was asked for too, is still under way.
func TestQuickRunGoesBeforeALongOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, stop := w.endless()
	long := w.request(store.Full, store.TriggerConnect, "purchase-orders")
	ended := make(chan error, 1)
	go func() {
		for {
			more, err := w.worker.WorkAsked(t.Context(), w.conn.ID, func(*store.Tx) error { return nil })
			if !more || err != nil {
				ended <- err
				return
			}
		}
	}()
	w.await("the long run under way", func() bool { return w.run(long).State == store.RunRunning && w.run(long).Counts.Pages > 0 })
	quick := w.request(store.Incremental, store.TriggerManual, "vendors")
	w.await("the quick run's end", func() bool { return w.run(quick).State == store.RunComplete })
	if state := w.run(long).State; state != store.RunRunning {
		t.Errorf("the long run is %s", state)
	}
	stop()
	w.must(<-ended)
	w.ends(w.run(long), store.RunComplete, "")
	if r := w.run(long); r.Attempt != 1 || r.Counts.Created != int64(len(w.notes())) {
		t.Errorf("the long run was begun %d times and made %d records of %d", r.Attempt, r.Counts.Created, len(w.notes()))
	}
}

// The lane for what somebody waits for leaves scheduled runs alone, until somebody asks for one of them.
func TestAskedLaneLeavesScheduledRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, stop := w.endless()
	stop()
	id := w.request(store.Incremental, store.TriggerSchedule, "purchase-orders")
	work := func() {
		t.Helper()
		more, err := w.worker.WorkAsked(t.Context(), w.conn.ID, func(*store.Tx) error { return nil })
		w.must(err)
		if more {
			t.Error("the turn wants more")
		}
	}
	work()
	if state := w.run(id).State; state != store.RunQueued {
		t.Errorf("nobody asked, and the run is %s", state)
	}
	if again := w.request(store.Incremental, store.TriggerManual, "purchase-orders"); again != id {
		t.Errorf("a second run %s beside %s", again, id)
	}
	work()
	w.ends(w.run(id), store.RunComplete, "")
}

// A turn is short when others wait, and what it leaves goes on where it was.
func TestTurnIsShortWhenOthersWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked, stop := w.endless()
	w.worker.Crowded = func(context.Context, store.Lane) (bool, error) { return asked.Load() > 3, nil }
	id := w.request(store.Full, store.TriggerSchedule, "purchase-orders")
	more, err := w.worker.Work(t.Context(), w.conn.ID, func(*store.Tx) error { return nil })
	w.must(err)
	r := w.run(id)
	if !more || r.State != store.RunRunning || r.Counts.Pages == 0 {
		t.Errorf("after a short turn the run is %s with %d pages, more: %v", r.State, r.Counts.Pages, more)
	}
	stop()
	w.worker.Crowded = nil
	w.work()
	w.ends(w.run(id), store.RunComplete, "")
}

// await polls until ok.
func (w *world) await(what string, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			w.t.Fatal("never came: " + what)
		case <-tick.C:
		}
	}
}
