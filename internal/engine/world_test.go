package engine

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/model"
)

const scriptedManifest = `
system: scripted
name: Scripted source
summary: A source whose pages a test writes.
categories: [erp]
driver: scripted
simulated: true
versions: ["1"]
auth:
  - method: api_key
    fields: [{name: api_key, label: Key, type: password, secret: true}]
entities:
  purchase-orders:
    read: {}
    id: id
    display_id: num
    updated_at: [updated]
    cursor: {precision: 1s, lookback: 15m}
    history: date
    volatile: [etag]
    fields:
      number: num
      order_date: date
      notes: note
    evidence: {read: simulated}
  vendors:
    read: {}
    id: id
    fields: {name: name}
    evidence: {read: simulated}
`

// order is one purchase order of the scripted source.
type order struct{ id, num, date, note, updated string }

func (o order) raw() []byte {
	raw := fmt.Appendf(nil, `{"id":%q,"num":%q,"date":%q,"note":%q,"updated":%q}`, o.id, o.num, o.date, o.note, o.updated)
	return bytes.Replace(raw, []byte(`"updated":""`), []byte(`"updated":null`), 1)
}

func orders(from, to int) (list []order) {
	for i := from; i < to; i++ {
		list = append(list, order{fmt.Sprintf("%04d", i), fmt.Sprintf("PO-%04d", i), "2026-02-01", "", "2026-03-01T10:00:00Z"})
	}
	return list
}

// source answers fetches as the test says and notes what it was asked.
type source struct {
	mu    sync.Mutex
	asked []driver.Request
	fetch func(driver.Request) (*driver.Page, error)
}

func (s *source) Probe(context.Context) (driver.Probe, error) { return driver.Probe{}, nil }
func (s *source) Close() error                                { return nil }

func (s *source) Fetch(_ context.Context, r driver.Request) (*driver.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	return s.fetch(r)
}

func (s *source) requests() []driver.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]driver.Request(nil), s.asked...)
}

// pages scripts a source that gives these pages in turn, whatever it is asked for.
func (s *source) pages(pages ...[]order) {
	s.fetch = func(r driver.Request) (*driver.Page, error) {
		n := 0
		if r.Token != nil {
			if err := json.Unmarshal(r.Token, &n); err != nil {
				return nil, err
			}
		}
		p := &driver.Page{Total: -1}
		for _, o := range pages[n] {
			p.Records = append(p.Records, o.raw())
			if at, err := time.Parse(time.RFC3339, o.updated); err == nil && at.After(p.HighWater) {
				p.HighWater = at
			}
		}
		if n+1 < len(pages) {
			p.Next = fmt.Append(nil, n+1)
		}
		return p, nil
	}
}

// scripted is the driver of the scripted source, for the manifest's checks.
type scripted struct{}

func (scripted) Check(*manifest.System) manifest.Problems { return nil }

// world is a store, one connection to a scripted source, and a worker.
type world struct {
	t       testing.TB
	store   *store.Store
	conn    *store.Connection
	system  *manifest.System
	source  *source
	service *Service
	worker  *Worker
	clock   time.Time
	reports []error
	woken   int
	settled int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, source: &source{}, clock: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}
	w.system = w.load(scriptedManifest)
	var err error
	w.store, err = sqlite.Open(t.Context(), t.TempDir())
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	w.connect()
	w.service = NewService(Config{Store: w.store, Waker: w, Now: w.now, Rand: rand.Reader})
	w.worker = w.newWorker("one")
	return w
}

func (w *world) load(text string) *manifest.System {
	w.t.Helper()
	m, err := model.Load()
	w.must(err)
	reg, err := manifest.Load(fstest.MapFS{"scripted/manifest.yaml": {Data: []byte(text)}, "scripted/guide.md": {Data: []byte("# Scripted\n")}},
		m, map[string]manifest.Checker{"scripted": scripted{}})
	w.must(err)
	return reg.System("scripted")
}

func (w *world) newWorker(owner string) *Worker {
	mappers := map[string]*mapping.Mapper{}
	for _, e := range w.system.Entities {
		m, err := mapping.Compile(w.system, e, nil)
		w.must(err)
		mappers[e.Name] = m
	}
	return NewWorker(WorkerConfig{
		Store: w.store, Connections: w, Mapper: func(_, entity string) *mapping.Mapper { return mappers[entity] }, Waker: w,
		Now: w.now, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)), Owner: owner, Turn: time.Minute, FetchWithin: 10 * time.Second,
	})
}

func (w *world) connect() {
	project, _, err := w.store.EnsureProject(w.t.Context(), "project", "p", w.clock)
	w.must(err)
	w.conn = &store.Connection{ID: uuid.NewString(), ProjectID: project.ID, System: "scripted", Name: "s", State: store.ConnectionActive,
		TimeZone: "UTC", CreatedAt: w.clock, UpdatedAt: w.clock, StateSince: w.clock, Metadata: json.RawMessage("{}")}
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(w.t.Context(), w.conn); err != nil {
			return err
		}
		return tx.InsertStreams(w.t.Context(), w.conn.Scope(), []store.Stream{
			{Entity: "purchase-orders", Schedule: "1h", History: "all"}, {Entity: "vendors", Schedule: "1h", History: "all"},
		})
	}))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time { return w.clock }

// Wake, Open, Report and Settled are the worker's surroundings.
func (w *world) Wake(_ context.Context, _ *store.Tx, _ store.Lane, ids ...string) error {
	w.woken += len(ids)
	return nil
}
func (w *world) Open(context.Context, *store.Connection) (driver.Client, *manifest.System, error) {
	return w.source, w.system, nil
}
func (w *world) Report(_ context.Context, c *store.Connection, err error) (store.ConnectionState, error) {
	w.reports = append(w.reports, err)
	return c.State, nil
}
func (w *world) Settled(context.Context, *store.Connection) error {
	w.settled++
	return nil
}

// sync asks for a run of purchase orders, lets the worker work, and gives the run as it is then.
func (w *world) sync(mode store.Mode) *store.Run {
	w.t.Helper()
	runs, err := w.service.Request(acting(w.t.Context()), w.conn, []string{"purchase-orders"}, mode, "manual")
	w.must(err)
	w.work()
	return w.run(runs[0].ID)
}

func (w *world) work() {
	w.t.Helper()
	for {
		more, err := w.worker.Work(w.t.Context(), w.conn.ID, func(*store.Tx) error { return nil })
		w.must(err)
		if !more {
			return
		}
	}
}

func (w *world) run(id string) *store.Run {
	w.t.Helper()
	r, err := w.store.Run(w.t.Context(), w.conn.Scope(), id)
	w.must(err)
	return r
}

func (w *world) stream() *store.Stream {
	w.t.Helper()
	s, err := w.store.Stream(w.t.Context(), w.conn.Scope(), "purchase-orders")
	w.must(err)
	return s
}

// ends fails the test unless the run ended so.
func (w *world) ends(r *store.Run, state store.RunState, reason string) {
	w.t.Helper()
	if r.State != state || r.ReasonCode != reason {
		w.t.Fatalf("the run ended %s (%s: %s); want %s (%s)", r.State, r.ReasonCode, r.ReasonDetail, state, reason)
	}
}

// notes gives the stored orders' notes by remote id; deleted ones are left out.
func (w *world) notes() map[string]string {
	w.t.Helper()
	recs, more, err := w.store.Page(w.t.Context(), w.conn.Scope(), "purchase-orders", store.Range{Limit: 100_000})
	w.must(err)
	if more {
		w.t.Fatal("more than one page")
	}
	got := map[string]string{}
	for _, r := range recs {
		var o struct {
			RemoteID string `json:"remote_id"`
			Notes    string `json:"notes"`
		}
		w.must(json.Unmarshal([]byte(r.JSON), &o))
		if _, twice := got[o.RemoteID]; twice {
			w.t.Errorf("order %s is stored twice", o.RemoteID)
		}
		got[o.RemoteID] = o.Notes
	}
	return got
}

func (w *world) feed(after int64) []store.FeedEntry {
	w.t.Helper()
	entries, _, err := w.store.Feed(w.t.Context(), w.conn.Scope(), "purchase-orders", store.Range{After: after, Limit: 100_000})
	w.must(err)
	return entries
}
