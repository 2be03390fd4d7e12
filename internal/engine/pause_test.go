package engine

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// paged gives a list in pages of ten, and its count.
func paged(list []order) func(driver.Request) (*driver.Page, error) {
	return func(r driver.Request) (*driver.Page, error) {
		at := 0
		if r.Token != nil {
			if err := json.Unmarshal(r.Token, &at); err != nil {
				return nil, err
			}
		}
		p := filteredPage(list[at:min(at+10, len(list))])
		p.Total = int64(len(list))
		if at+10 < len(list) {
			p.Next = fmt.Append(nil, at+10)
		}
		return p, nil
	}
}

// failing lets the source fail at some of its answers, which are counted from 1.
func (w *world) failing(fails map[int]driver.Kind) {
	whole, n := w.source.fetch, 0
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if n++; fails[n] != "" {
			return nil, &driver.Error{Kind: fails[n], Detail: "fails"}
		}
		return whole(r)
	}
}

// retries works on and lets the time of retries come.
func (w *world) retries(n int) {
	w.t.Helper()
	for range n {
		w.clock = w.clock.Add(10 * time.Minute)
		w.work()
	}
}

// What the reading had seen before the list was begun again does not make the second reading's records into ones that came twice.
func TestAListThatIsReadAgainAndPausedIsNotShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.fetch = paged(orders(0, 100))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.failing(map[int]driver.Kind{6: driver.TokenGone, 9: driver.Fault})
	run := w.sync(store.Full)
	w.retries(2)
	w.ends(w.run(run.ID), store.RunComplete, "")
}

// A phase that takes longer than any turn comes to its end all the same.
func TestALaterPhaseGoesOnAfterAPause(t *testing.T) {
	t.Parallel()
	list := orders(0, 100)
	w := hotWorld(t, list)
	changes, hot := since(list), paged(list)
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if r.Hot {
			return hot(r)
		}
		return changes(r)
	}
	w.failing(map[int]driver.Kind{4: driver.Fault, 8: driver.Fault, 12: driver.Fault})
	before := len(w.source.requests())
	w.scheduled(66 * time.Minute)
	w.retries(3)
	if s := w.stream(); s.ActiveRun != nil || s.LastRun.State != store.RunComplete || !s.HotAt.After(s.LastRun.RequestedAt.Add(-time.Minute)) {
		t.Errorf("run under way %v, last run %s (%s), read again at %s", s.ActiveRun != nil, s.LastRun.State, s.LastRun.ReasonDetail, s.HotAt)
	}
	if n := len(w.source.requests()) - before; n != 14 {
		t.Errorf("%d requests; want one for changes, ten for open orders and the three that failed", n)
	}
}
