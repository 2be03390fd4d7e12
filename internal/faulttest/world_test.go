// Package faulttest owns the matrix of faults: what a source, a disk or a process may do to Busbar, a named test for each, and the count of what was
// lost, invented, left stale or doubled. It holds tests only: Busbar in this process, over real HTTP, against SimERP and a real database.
package faulttest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// clock is the world's only clock; tests move it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func noon() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

// setup says what a world is made of. The zero value is 120 vendors in pages of 25, read by cursor in the order of modification.
type setup struct {
	vendors int
	page    int
	lists   erp.Lists
	stamps  erp.StampForm
	zone    string
	read    string // options of the driver besides the path
	cursor  string // of the manifest
	calls   egress.ClientConfig
	limits  string        // of the manifest
	ahead   time.Duration // the source's clock against ours
	start   time.Time     // of the clock

	connector string // a whole manifest, in place of that of vendors
	entities  []string
	counts    erp.Counts

	postgres bool // in place of SQLite
	database string

	oauth  *erp.OAuth // how SimERP is logged in to, in place of its key
	public string     // address of the pages for people
}

func (s setup) withDefaults() setup {
	if s.vendors == 0 {
		s.vendors = 120
	}
	if s.page == 0 {
		s.page = 25
	}
	if s.zone == "" {
		s.zone = "UTC"
	}
	if s.read == "" {
		s.read = byCursor
	}
	if s.limits == "" {
		s.limits = "{concurrency: 4}"
	}
	if s.start.IsZero() {
		s.start = noon()
	}
	if s.cursor == "" {
		s.cursor = "{precision: 1us}"
	}
	if s.entities == nil {
		s.entities = []string{"vendors"}
	}
	if s.counts == (erp.Counts{}) {
		s.counts = erp.Counts{Vendors: s.vendors, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}
	}
	if s.calls.Attempts == 0 {
		s.calls.Attempts = 1 // the run's own retries are what is looked at; a call's are egress's
	}
	return s
}

// How the lists of SimERP are read, by style.
const (
	byCursor    = `paging: {style: cursor, param: cursor, next: nextCursor, size: limit}, total: total, order: modified`
	byLink      = `paging: {style: link, next: next, size: limit}, total: total, order: modified`
	byOffset    = `paging: {style: offset, param: offset, size: limit}, total: total, order: modified`
	byOffsetEnd = `paging: {style: offset, param: offset, size: limit}, order: modified`
	byPage      = `paging: {style: page, param: page, size: limit}, total: total, order: modified`
	byPageEnd   = `paging: {style: page, param: page, size: limit}, order: modified`
	unordered   = `paging: {style: cursor, param: cursor, next: nextCursor, size: limit}, total: total, newest: {query: {sort: "-updatedAt", limit: "1"}}`
)

func (s setup) manifest() string {
	if s.connector != "" {
		return s.connector
	}
	return fmt.Sprintf(`
system: sim-test
name: SimERP under test
summary: SimERP with the lists that a test wants.
categories: [erp]
driver: rest
versions: ["1.4"]
simulated: true
time_zone: UTC
limits: %s
auth:
  - method: api_key
    fields:
      - {name: url, label: Address, type: url, identity: true, example: "http://127.0.0.1:8090"}
      - {name: api_key, label: API key, type: password, secret: true}
connect:
  url: "{url}/api/v1"
  auth: {style: bearer, token: "{api_key}"}
  probe: {path: ping, expect: {product: SimERP}, version: version, account: company}
  errors: {failure: error, code: error/code, message: error/message, kinds: {invalid_cursor: token-gone}}
entities:
  vendors:
    read: {path: vendors, records: data, changed_since: {param: updatedSince%s}, %s}
    id: id
    display_id: vendorNumber
    display_name: name
    created_at: createdAt
    updated_at: updatedAt
    cursor: %s
    page_size: %d
    fields: {name: name, code: vendorNumber, tax_number: taxId, currency: currencyCode, payment_terms: paymentTerms, is_active: active}
    evidence: {read: simulated}
`, s.limits, s.format(), s.read, s.cursor, s.page)
}

func (s setup) format() string {
	for layout, name := range map[string]string{localSeconds: "local-s", localMinutes: "local-s", localDays: "local-s"} {
		if s.stamps.Layout == layout {
			return ", format: " + name
		}
	}
	return ""
}

// Notations of time without a zone; minutes are written with no seconds, and asked for with some.
const (
	localSeconds = "2006-01-02T15:04:05"
	localMinutes = "2006-01-02T15:04"
	localDays    = "2006-01-02T00:00:00"
)

// tester is a test, of package testing or of rapid.
type tester interface {
	rapid.TB
	Context() context.Context
	Cleanup(func())
	Output() io.Writer
}

// world is SimERP, a Busbar that is connected to it, and a reader of its feed.
type world struct {
	tester
	setup
	clock  *clock
	plan   *erp.Plan
	sim    *erp.Server
	data   string
	app    *app.App
	handle atomic.Pointer[http.Handler]
	web    *httptest.Server
	key    string             // of the project
	id     string             // of the connection
	token  string             // of the connection
	feed   reader             // of vendors
	feeds  map[string]*reader // of the other entities
	places []string           // the vendors of the beginning, in the order of modification
	shift  atomic.Int64       // the source's clock against ours, ns
	dead   bool               // Busbar need not close well
}

// newWorld connects a fresh Busbar to a fresh SimERP and lets the first sync run.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	return newWorldIn(t, s, t.TempDir())
}

// newWorldIn does so with that data directory.
func newWorldIn(t tester, s setup, data string) *world {
	t.Helper()
	w := unconnected(t, s, data)
	w.connect()
	w.step()
	w.ends(w.lastRun(), "complete", "")
	w.follow()
	w.places = w.sim.Order("vendors")
	return w
}

// unconnected is a world without a connection.
func unconnected(t tester, s setup, data string) *world {
	t.Helper()
	if test, ok := t.(testing.TB); ok && s.postgres {
		s.database = postgres.Database(test)
	}
	w := &world{tester: t, setup: s.withDefaults(), plan: &erp.Plan{}, data: data}
	w.clock = &clock{now: w.start}
	w.shift.Store(int64(s.ahead))
	if w.database == "" {
		w.check(begin(data))
	}
	w.startSim()
	w.open()
	t.Cleanup(w.close)
	w.web = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.handle.Load()).ServeHTTP(rw, r) }))
	t.Cleanup(w.web.Close)
	_, err := w.app.Connections.EnsureFirstKey(acting(t.Context()), false, func(plain string) error { w.key = plain; return nil })
	w.check(err)
	return w
}

func (w *world) startSim() {
	w.Helper()
	var err error
	w.sim, err = erp.Open(erp.Options{
		Counts: w.counts, Base: w.start.Add(-24 * time.Hour), Now: w.sourceTime, Fault: w.plan.Next, Lists: w.lists, Stamps: w.stamps, OAuth: w.oauth,
	})
	w.check(err)
	w.check(w.sim.Start(""))
	w.Cleanup(func() { _ = w.sim.Close() })
}

// sourceTime is what the source's clock shows.
func (w *world) sourceTime() time.Time { return w.clock.Now().Add(time.Duration(w.shift.Load())) }

// open builds Busbar on the data directory.
func (w *world) open() {
	w.Helper()
	a, err := app.Open(w.Context(), w.options())
	w.check(err)
	w.app = a
	w.handle.Store(&a.Handler)
}

func (w *world) options() app.Options {
	w.Helper()
	reach, err := allow.ParseAll([]string{strings.Replace(w.sim.Addr(), ":", "/32:", 1)})
	w.check(err)
	return app.Options{
		Data: w.data, MasterKey: app.DefaultMasterKey(w.data), Allow: reach, Now: w.clock.Now, Version: "test", Calls: w.calls, Database: w.database, PublicURL: w.public,
		Log:        slog.New(slog.NewTextHandler(w.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Connectors: []fsys{fstest.MapFS{"sim-test/manifest.yaml": {Data: []byte(w.manifest())}, "sim-test/guide.md": {Data: []byte("# Guide\n")}}},
	}
}

func (w *world) close() {
	if err := w.app.Close(context.Background()); err != nil && !w.dead {
		w.Error(err)
	}
}

// restart closes Busbar and opens it again on the same data.
func (w *world) restart() {
	w.Helper()
	w.check(w.app.Close(w.Context()))
	w.open()
	w.check(w.app.Store.ClearLeases(w.Context()))
}

// connect makes the connection; the first run is queued.
func (w *world) connect() {
	w.Helper()
	made := w.call(w.key, "POST", "/v1/connections", map[string]any{
		"system": "sim-test", "history": "all", "schedule": "manual", "time_zone": w.zone, "entities": w.entities,
		"credentials": w.credentials(),
	}, http.StatusCreated)
	w.id = made.get("connection", "id")
	w.token = made.get("token", "token")
}

// credentials are what a customer gives.
func (w *world) credentials() map[string]string {
	if w.oauth == nil {
		return map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey}
	}
	given := map[string]string{"url": w.sim.URL(), "client_id": w.oauth.ClientID, "client_secret": w.oauth.ClientSecret}
	if w.oauth.RefreshToken != "" {
		given["refresh_token"] = w.oauth.RefreshToken
	}
	return given
}

// step lets Busbar do what is due now.
func (w *world) step() {
	w.Helper()
	w.check(w.app.Step(w.Context(), w.id))
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
