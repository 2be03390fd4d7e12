package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Model lets syncs of a changing source, crashes and readers happen in any order, and compares the store with plain maps.
func Model(t *testing.T, open Opener) {
	t.Parallel()
	w := &world{t: t, Store: open(t), now: start}
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{world: w, c: w.connect(), source: map[string]string{}, want: map[string]string{}, reader: map[string]string{}}
		rt.Repeat(rapid.StateMachineActions(m))
	})
}

// machine is a source, what the store must have of it, and a reader that follows the feed.
type machine struct {
	*world
	c            *store.Connection
	source, want map[string]string // by remote id
	run          *store.Run
	taken        time.Time       // when the run's lease was
	met          map[string]bool // by the run so far
	reader       map[string]string
	epoch, last  int64
	changes      int64 // seq at the last look: it never falls
}

var remoteID = rapid.Map(rapid.IntRange(0, 25), func(n int) string { return fmt.Sprintf("r%02d", n) })

// Edit changes the source.
func (m *machine) Edit(rt *rapid.T) {
	for _, id := range rapid.SliceOfN(remoteID, 1, 8).Draw(rt, "ids") {
		m.source[id] = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "value")
	}
}

// Drop deletes from the source.
func (m *machine) Drop(rt *rapid.T) { delete(m.source, remoteID.Draw(rt, "id")) }

// Begin starts a full run or a reset.
func (m *machine) Begin(rt *rapid.T) {
	if m.run != nil {
		return
	}
	m.run = m.begin(m.c, orders, rapid.SampledFrom([]store.Mode{store.Full, store.Full, store.Reset}).Draw(rt, "mode"))
	m.met, m.taken = map[string]bool{}, m.now
	if m.run.Mode != store.Reset {
		return
	}
	for {
		done, err := m.BeginReset(m.t.Context(), m.run, 3)
		m.ok(err)
		if done {
			return
		}
	}
}

// Fetch stores a page of what the source has now; a record may come twice.
func (m *machine) Fetch(rt *rapid.T) {
	if m.run == nil {
		return
	}
	var page []rec
	for _, id := range rapid.SliceOfN(remoteID, 0, 12).Draw(rt, "ids") {
		if value, ok := m.source[id]; ok {
			page = append(page, rec{id: id, value: value})
			m.want[id], m.met[id] = value, true
		}
	}
	m.now = m.now.Add(time.Duration(rapid.IntRange(-3, 5).Draw(rt, "minutes")) * time.Minute)
	m.apply(m.c, m.run, page)
}

// Crash loses the worker: another takes the run over, and the first can store nothing.
func (m *machine) Crash(rt *rapid.T) {
	if m.run == nil {
		return
	}
	lost := m.run
	if m.now.Before(m.taken) {
		m.now = m.taken // the clock went back, and leases go by it
	}
	m.now = m.now.Add(10 * time.Minute)
	m.run, m.taken = m.acquire(lost), m.now
	m.is(m.ApplyPage(m.t.Context(), lost, m.classify(m.c, orders, []rec{{id: "ghost", value: "x"}}), m.now), store.ErrFenced)
}

// Finish reads what the run has not met, sweeps and ends it.
func (m *machine) Finish(rt *rapid.T) {
	if m.run == nil {
		return
	}
	var rest []rec
	for id, value := range m.source {
		rest = append(rest, rec{id: id, value: value})
		m.want[id], m.met[id] = value, true
	}
	m.apply(m.c, m.run, rest)
	m.sweep(m.run)
	maps.DeleteFunc(m.want, func(id, _ string) bool { return !m.met[id] })
	m.complete(m.run)
	m.run = nil
}

// Follow lets the reader read some of the feed; a new epoch makes it begin again.
func (m *machine) Follow(rt *rapid.T) { m.follow(rapid.IntRange(1, 9).Draw(rt, "limit")) }

func (m *machine) follow(limit int) (more bool) {
	p, err := m.Position(m.t.Context(), m.c.Scope(), orders)
	m.ok(err)
	if p.Epoch != m.epoch {
		m.epoch, m.last = p.Epoch, 0
		clear(m.reader)
	}
	entries, more, err := m.Feed(m.t.Context(), m.c.Scope(), orders, store.Range{After: m.last, Limit: limit})
	m.ok(err)
	for _, e := range entries {
		m.take(e)
	}
	return more
}

// take does what a reader does with a change.
func (m *machine) take(e store.FeedEntry) {
	if e.Seq <= m.last {
		m.t.Errorf("change %+v after seq %d", e, m.last)
	}
	m.last = e.Seq
	if e.Type == "deleted" {
		delete(m.reader, e.RemoteID)
		return
	}
	m.reader[e.RemoteID] = e.Version
}

// CatchUp lets the reader read to the end; then it has the versions that are stored.
func (m *machine) CatchUp(rt *rapid.T) {
	for m.follow(5) {
	}
	versions := map[string]string{}
	for id := range m.want {
		versions[id] = fmt.Sprint(m.record(m.c, orders, id)["version"])
	}
	m.equal("reader", m.reader, versions)
}

// Check compares after every action.
func (m *machine) Check(rt *rapid.T) {
	got := map[string]string{}
	for id := range m.want {
		got[id] = fmt.Sprint(m.record(m.c, orders, id)["display_name"])
	}
	m.equal("records", got, m.want)
	live := m.list(m.c, orders, store.Range{Limit: 4})
	st := m.stream(m.c, orders)
	m.equal("live", []int64{int64(len(live)), st.Live}, []int64{int64(len(m.want)), int64(len(m.want))})
	m.equal("deleted", int64(len(m.list(m.c, orders, store.Range{Deleted: true}))-len(live)), st.Deleted)
	m.equal("seq never falls", st.Seq >= m.changes, true)
	m.changes = st.Seq
	if m.t.Failed() {
		rt.Fatalf("see above; source %v", slices.Sorted(maps.Keys(m.source)))
	}
}
