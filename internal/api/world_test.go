package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/internal/trust"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

const testManifest = `
system: plant
name: Plant ERP
summary: A system for tests.
categories: [erp]
driver: test
versions: ["1.0"]
auth:
  - method: basic
    fields:
      - {name: url, label: Address, type: url, example: "https://erp.example.com"}
      - {name: username, label: User name, type: text}
      - {name: password, label: Password, type: password, secret: true}
entities:
  vendors:
    read: {}
    id: id
    fields: {name: name}
    evidence: {read: simulated}
  purchase-orders:
    read: {}
    id: id
    display_id: number
    history: date
    updated_at: changed
    cursor: {precision: 1s}
    fields: {number: number, order_date: date, notes: notes}
    operations:
      create: {required: [number], send: {}}
      update: {send: {}}
      delete: {how: delete, send: {}}
    evidence: {read: simulated, create: simulated, update: simulated, delete: simulated}
`

// world is one Busbar behind HTTP with a database of its own and a clock that only the test moves.
type world struct {
	t       *testing.T
	store   *store.Store
	conns   *connection.Service
	members *member.Service
	flows   *flow.Service
	url     string
	log     *lockedBuffer
	project string
	key     string // a project key

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// with changes what the API is built from.
type with func(*api.Deps)

func newWorld(t *testing.T, changes ...with) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), log: &lockedBuffer{}}
	m := must(model.Load())
	systems := must(manifest.Load(fstest.MapFS{
		"plant/manifest.yaml": {Data: []byte(testManifest)}, "plant/guide.md": {Data: []byte("# Plant\n\nMake a user.\n")},
	}, m, map[string]manifest.Checker{"test": testDriver{}}))
	w.store = must(sqlite.Open(t.Context(), t.TempDir()))
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	syncs := engine.NewService(engine.Config{Store: w.store, Waker: nobody{}, Now: w.clock, Rand: rand.Reader, Mapper: mappers(systems)})
	w.conns = must(connection.NewService(connection.Config{
		Store: w.store, Keeper: keeper, Systems: systems, Drivers: map[string]driver.Driver{"test": testDriver{}}, Syncs: syncs,
		Client:        func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return http.DefaultClient },
		ProbeClient:   func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return http.DefaultClient },
		Line:          func(*store.Connection, *manifest.System, trust.Trust) driver.Line { return nil },
		Wait:          func(context.Context, time.Duration) {},
		CheckSchedule: func(text string) error { _, err := engine.ParseSchedule(text); return err },
		CheckHistory:  func(text string) error { _, err := engine.ParseHistory(text, w.clock()); return err },
		Now:           w.clock, Rand: rand.Reader, Log: log,
	}))
	writes := write.NewService(write.Config{
		Store: w.store, Connections: w.conns, Mapper: mappers(systems), Systems: systems, Waker: nobody{}, Now: w.clock, Rand: rand.Reader, Log: log, Owner: "test",
	})
	w.members = must(member.NewService(member.Config{Store: w.store, Keeper: keeper, Now: w.clock, Rand: rand.Reader, Log: log}))
	links := link.NewService(link.Config{Store: w.store, Connections: w.conns, Systems: systems, Keeper: keeper, PublicURL: "https://busbar.example.com", Most: 1000, Now: w.clock, Rand: rand.Reader, Log: log})
	rotations := keys.New(keys.Config{Store: w.store, Keeper: keeper, Source: secret.Source{File: filepath.Join(t.TempDir(), "master.key")}, Alone: true, ID: "test", Now: w.clock, Rand: rand.Reader, Log: log})
	w.flows = flow.NewService(flow.Config{
		Store: w.store, Writes: writes, Systems: systems, Model: m, Keeper: keeper, Waker: nobody{}, Now: w.clock, Rand: rand.Reader, Log: log, Owner: "test",
	})
	deps := api.Deps{Flows: w.flows, Members: w.members, Model: m, Systems: systems, Store: w.store, Connections: w.conns, Links: links, Syncs: syncs, Writes: writes, Secrets: keeper, Keys: rotations, Now: w.clock, Log: log}
	for _, change := range changes {
		change(&deps)
	}
	srv := httptest.NewServer(must(api.New(deps)))
	w.url = srv.URL
	t.Cleanup(func() { srv.Close(); _ = w.conns.Close(); _ = w.store.Close() })
	w.project, w.key = w.newProject("first")
	return w
}

func mappers(systems *manifest.Registry) func(system, entity string) *mapping.Mapper {
	return func(system, entity string) *mapping.Mapper {
		return must(mapping.Compile(systems.System(system), systems.System(system).Entity(entity), nil))
	}
}

// newProject gives the first project, or a further one, with a key.
func (w *world) newProject(name string) (id, key string) {
	w.t.Helper()
	p, _, err := w.store.EnsureProject(w.t.Context(), "project", name, w.now)
	w.ok(err)
	return p.ID, must(w.conns.IssueKey(acting(w.t.Context()), p.ID, connection.NewKey{Label: "test", Scopes: connection.Scopes()})).Plain
}

// connect makes a connection and gives it with its first token.
func (w *world) connect(name string) (*store.Connection, string) {
	w.t.Helper()
	made, err := w.conns.Create(acting(w.t.Context()), w.project, connection.New{System: "plant", Name: name, Credentials: goodLogin()})
	w.ok(err)
	return made.Connection, made.Token.Plain
}

func goodLogin() map[string]string {
	return map[string]string{"url": "https://erp.example.com", "username": "busbar", "password": "right-canary-secret"}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// testDriver is a system that knows one password.
type testDriver struct{}

func (testDriver) Name() string                             { return "test" }
func (testDriver) Forms() manifest.Forms                    { return manifest.Forms{} }
func (testDriver) Check(*manifest.System) manifest.Problems { return nil }
func (testDriver) Dialect() manifest.Dialect                { return nil }
func (testDriver) Open(_ *manifest.System, c driver.Config) (driver.Client, error) {
	return testClient{c.Credentials.Get("password")}, nil
}

type testClient struct{ password string }

func (c testClient) Probe(context.Context) (driver.Probe, error) {
	if !strings.HasPrefix(c.password, "right") {
		return driver.Probe{}, &driver.Error{Kind: driver.Credentials, Field: "password", Detail: "The system refuses this login."}
	}
	return driver.Probe{Version: "1.0"}, nil
}
func (testClient) Fetch(context.Context, driver.Request) (*driver.Page, error) {
	return nil, &driver.Error{Kind: driver.Unreachable, Detail: "Tests store records themselves."}
}
func (testClient) Close() error { return nil }

// nobody wakes nobody: tests work runs off themselves.
type nobody struct{}

func (nobody) Wake(context.Context, *store.Tx, store.Lane, ...string) error { return nil }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
