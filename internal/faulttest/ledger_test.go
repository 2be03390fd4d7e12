package faulttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// stored are the records that Busbar serves: the source's object by remote id.
func (w *world) stored() map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, entity := range w.entities {
		for _, r := range w.pages("/v1/"+entity, url.Values{"include": {"raw"}}) {
			id := named(entity, r.get("remote_id"))
			if _, twice := all[id]; twice {
				w.Errorf("%s is served twice", id)
			}
			all[id] = string(r["raw"])
		}
	}
	return all
}

// named tells records of all entities apart; one that says no entity is a vendor.
func named(entity, remoteID string) string {
	if entity == "vendors" {
		return remoteID
	}
	return entity + "/" + remoteID
}

// truth is what the source shows now.
func (w *world) truth() map[string]string {
	all := map[string]string{}
	for _, entity := range w.entities {
		for id, record := range w.sim.Truth(entity) {
			all[named(entity, id)] = record
		}
	}
	return all
}

// reader follows the feed as a customer does, and notes what it was given.
type reader struct {
	cursor  string
	seq     int64
	version map[string]string
	raw     map[string]string // what it holds: remote id to Busbar's record; deleted ones are not in it
	given   map[string]int    // changes by remote id
	faults  []string
	resets  int
}

// follow reads the feed of each entity to its end.
func (w *world) follow() {
	w.Helper()
	for _, entity := range w.entities {
		w.followOne(entity, w.reader(entity))
	}
}

// reader gives the reader of an entity's feed.
func (w *world) reader(entity string) *reader {
	if entity == "vendors" {
		return &w.feed
	}
	if w.feeds == nil {
		w.feeds = map[string]*reader{}
	}
	if w.feeds[entity] == nil {
		w.feeds[entity] = &reader{}
	}
	return w.feeds[entity]
}

func (w *world) followOne(entity string, f *reader) {
	w.Helper()
	if f.raw == nil {
		f.raw, f.version, f.given = map[string]string{}, map[string]string{}, map[string]int{}
	}
	for {
		status, page := w.ask(w.token, "GET", "/v1/changes?"+url.Values{"entity": {entity}, "include": {"record"}, "limit": {"500"}, "cursor": {f.cursor}}.Encode(), nil)
		if status == http.StatusGone {
			*f = reader{raw: map[string]string{}, version: map[string]string{}, given: map[string]int{}, faults: f.faults, resets: f.resets + 1}
			continue
		}
		if status != http.StatusOK {
			w.Fatalf("the feed answers %d: %s", status, page)
		}
		for _, c := range page.list("data") {
			f.take(c)
			if id := c.get("remote_id"); c.get("type") == "deleted" && !w.wasGone(entity, id) {
				f.faults = append(f.faults, named(entity, id)+" was deleted, which the source never did")
			}
		}
		f.cursor = page.get("next_cursor")
		if page.get("has_more") != "true" {
			return
		}
	}
}

// wasGone tells whether the source ever was without the record after it had it.
func (w *world) wasGone(entity, id string) bool {
	for _, r := range w.sim.Revisions(entity, id) {
		if r.Record == nil {
			return true
		}
	}
	return len(w.sim.Revisions(entity, id)) == 0
}

func (f *reader) take(c object) {
	id, version := c.get("remote_id"), c.get("version")
	seq, _ := strconv.ParseInt(c.get("seq"), 10, 64)
	if seq <= f.seq {
		f.faults = append(f.faults, fmt.Sprintf("seq %d comes after %d", seq, f.seq))
	}
	if !later(version, f.version[id]) {
		f.faults = append(f.faults, fmt.Sprintf("%s goes from version %s to %s", id, f.version[id], version))
	}
	f.seq, f.version[id] = seq, version
	f.given[id]++
	if c.get("type") == "deleted" {
		delete(f.raw, id)
		return
	}
	f.raw[id] = string(c["record"])
}

// later compares versions, which are "epoch.seq".
func later(version, before string) bool {
	if before == "" {
		return true
	}
	e1, s1, _ := strings.Cut(version, ".")
	e2, s2, _ := strings.Cut(before, ".")
	if e1 != e2 {
		return number(e1) > number(e2)
	}
	return number(s1) > number(s2)
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// quiesce heals everything, lets three hours pass with the source frozen, and syncs: twice what changed, then everything. Any run may need retries.
func (w *world) quiesce() {
	w.Helper()
	w.plan.Set()
	w.clock.add(3 * time.Hour)
	for _, mode := range []string{"incremental", "incremental", "full"} {
		w.settled(mode)
		w.follow()
	}
}

// settled syncs until the run is complete.
func (w *world) settled(mode string) object {
	w.Helper()
	run := w.sync(mode)
	for range 8 {
		if run.get("state") != "queued" {
			break
		}
		run = w.retry(run)
	}
	w.ends(run, "complete", "")
	return run
}

// tally is the count that must be nothing.
type tally struct{ lost, ghost, stale, doubled, order, undelivered []string }

// even quiesces and fails the test unless source, store and reader hold the same, and the reader was given nothing twice.
func (w *world) even() {
	w.Helper()
	w.quiesce()
	w.balanced()
}

// balanced compares source, store and reader as they are.
func (w *world) balanced() {
	w.Helper()
	w.none(w.count())
}

func (w *world) none(t tally) {
	w.Helper()
	for name, ids := range map[string][]string{"lost": t.lost, "ghost": t.ghost, "stale": t.stale, "doubled": t.doubled, "order": t.order, "undelivered": t.undelivered} {
		if len(ids) > 0 {
			slices.Sort(ids)
			w.Errorf("%s: %d: %.600s", name, len(ids), strings.Join(ids, ", "))
		}
	}
}

func (w *world) count() (t tally) {
	w.Helper()
	source, stored, bad := w.truth(), w.stored(), w.quarantined()
	for id, record := range source {
		raw, ok := stored[id]
		switch {
		case bad[id] || bad[strings.ToValidUTF8(record, "\ufffd")]:
		case !ok:
			t.lost = append(t.lost, id)
		case !sameRecord(raw, record):
			t.stale = append(t.stale, id)
		}
	}
	for id := range stored {
		if _, ok := source[id]; !ok {
			t.ghost = append(t.ghost, id)
		}
	}
	for _, entity := range w.entities {
		f := w.reader(entity)
		t.order = append(t.order, f.faults...)
		for id, n := range f.given {
			allowed := len(w.sim.Revisions(entity, id))
			if f.resets > 0 { // a reset stores each record anew, and the reader may have begun before it was over
				allowed++
			}
			if n > allowed {
				t.doubled = append(t.doubled, fmt.Sprintf("%s %d times", named(entity, id), n))
			}
		}
		t.undelivered = append(t.undelivered, w.differences(entity)...)
	}
	return t
}

func sameRecord(a, b string) bool {
	equal, err := rawjson.Equal([]byte(a), []byte(b), nil)
	return err == nil && equal
}

// differences are the records of which the reader of the feed holds another state than the store.
func (w *world) differences(entity string) (ids []string) {
	w.Helper()
	held := maps.Clone(w.reader(entity).raw)
	for _, r := range w.pages("/v1/"+entity, url.Values{}) {
		id := r.get("remote_id")
		whole, err := json.Marshal(r)
		w.check(err)
		if !sameRecord(string(whole), held[id]) {
			ids = append(ids, named(entity, id))
		}
		delete(held, id)
	}
	for id := range held {
		ids = append(ids, named(entity, id))
	}
	return ids
}

// quarantined are the remote ids of what the last run could not map, and what it was.
func (w *world) quarantined() map[string]bool {
	w.Helper()
	bad := map[string]bool{}
	for _, b := range w.pages("/v1/sync-runs/"+w.lastRun().get("id")+"/quarantine", url.Values{}) {
		bad[b.get("remote_id")], bad[b.get("raw")] = true, true
	}
	return bad
}
