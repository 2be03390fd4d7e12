package faulttest

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

const secondKey = "sim-erp-second-key"

// renew gives the connection the second key, in place.
func (w *world) renew() {
	w.Helper()
	w.call(w.key, "POST", "/v1/connections/"+w.id+"/reauthorize", map[string]any{"credentials": map[string]string{"url": w.sim.URL(), "api_key": secondKey}}, http.StatusOK)
}

// askedFor counts the lists that SimERP was asked for, by key.
type askedFor struct {
	mu    sync.Mutex
	byKey map[string]int
}

// rules count, and let something happen with the third list.
func (a *askedFor) rules(third func()) []erp.Rule {
	a.byKey = map[string]int{}
	count := func(r *http.Request) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.byKey[r.Header.Get("Authorization")]++
		return false
	}
	return []erp.Rule{{Path: "vendors", When: count}, {Path: "vendors", After: 2, Times: 1, Fault: erp.Fault{Before: third}}}
}

func (a *askedFor) lists(key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byKey["Bearer "+key]
}

// TestCredentialsChangedMidSync is "credentials changed at the source in mid-sync": the key changes at the source, and is renewed at Busbar, while a run reads. With the new one in place
// the same run goes on from its checkpoint: id, tokens, records and cursors stay, nothing is lost, doubled or read again.
func TestCredentialsChangedMidSync(t *testing.T) {
	t.Parallel()
	for engine, s := range map[string]setup{"SQLite": {}, "PostgreSQL": {postgres: true}} {
		for what, fn := range map[string]func(t *testing.T, w *world){
			"refused, and renewed an hour later":        refusedThenRenewed,
			"renewed meanwhile, the old one is refused": func(t *testing.T, w *world) { renewedMeanwhile(t, w, secondKey) },
			"renewed meanwhile, the old one is good":    func(t *testing.T, w *world) { renewedMeanwhile(t, w, erp.DefaultKey, secondKey) },
		} {
			t.Run(engine+", "+what, func(t *testing.T) { t.Parallel(); fn(t, newWorld(t, s)) })
			t.Run(engine+", first sync, "+what, func(t *testing.T) {
				t.Parallel()
				w := unconnected(t, s, t.TempDir())
				w.connect()
				fn(t, w)
			})
		}
	}
}

// begins asks for a full run, or finds the first one, and lets it work.
func (w *world) begins() (id string) {
	w.Helper()
	if w.lastRun().get("state") == "queued" {
		w.step()
		return w.lastRun().get("id")
	}
	w.change()
	return w.request("full")
}

func refusedThenRenewed(t *testing.T, w *world) {
	var asked askedFor
	w.plan.Set(asked.rules(func() { w.sim.SetKeys(secondKey) })...)
	epoch, id := w.stream().get("epoch"), w.begins()
	run := w.run(id)
	w.ends(run, "queued", "credentials-refused")
	pages := run.get("counts", "pages")
	if w.connection() != "needs_reauthorization" || pages != "2" || len(w.stored()) < 50 {
		t.Fatalf("the connection is %s after %s pages, %d records are stored", w.connection(), pages, len(w.stored()))
	}
	before := asked.lists(erp.DefaultKey) + w.sim.Ledger()["refused"]
	w.clock.add(time.Hour)
	w.step()
	w.call(w.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}}, http.StatusConflict)
	if now := asked.lists(erp.DefaultKey) + w.sim.Ledger()["refused"]; now != before {
		t.Errorf("%d calls came with a refused key", now-before)
	}
	w.renew()
	w.step()
	w.goneOn(&asked, id, epoch, 3)
}

func renewedMeanwhile(t *testing.T, w *world, good ...string) {
	var asked askedFor
	w.plan.Set(asked.rules(func() { w.sim.SetKeys(erp.DefaultKey, secondKey); w.renew(); w.sim.SetKeys(good...) })...)
	epoch, id := w.stream().get("epoch"), w.begins()
	left := 3
	if len(good) > 1 {
		left = 2 // the page at hand is the last that came with the old key
	}
	w.goneOn(&asked, id, epoch, left)
}

// goneOn fails the test unless the run is complete, and read what was left of its five pages with the new key.
func (w *world) goneOn(asked *askedFor, id, epoch string, left int) {
	w.Helper()
	run := w.run(id)
	w.ends(run, "complete", "")
	if old, now := asked.lists(erp.DefaultKey), asked.lists(secondKey); old != 3 || now != left || run.get("counts", "pages") != "5" {
		w.Errorf("%d pages were asked for with the old key and %d with the new, want 3 and %d; the run counts %s", old, now, left, run.get("counts", "pages"))
	}
	if w.connection() != "active" || w.stream().get("epoch") != epoch {
		w.Errorf("the connection is %s, the epoch %s, before it %s", w.connection(), w.stream().get("epoch"), epoch)
	}
	w.follow()
	w.even()
}
