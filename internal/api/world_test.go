package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
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
    evidence: {read: simulated}
`

// world is one Busbar behind HTTP with a database of its own and a clock that only the test moves.
type world struct {
	t       *testing.T
	store   *store.Store
	conns   *connection.Service
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
	syncs := engine.NewService(engine.Config{Store: w.store, Waker: nobody{}, Now: w.clock, Rand: rand.Reader})
	w.conns = must(connection.NewService(connection.Config{
		Store: w.store, Keeper: keeper, Systems: systems, Drivers: map[string]driver.Driver{"test": testDriver{}}, Syncs: syncs,
		Client:        func(*store.Connection, *manifest.System) *http.Client { return http.DefaultClient },
		CheckSchedule: func(text string) error { _, err := engine.ParseSchedule(text); return err },
		CheckHistory:  func(text string) error { _, err := engine.ParseHistory(text, w.clock()); return err },
		Now:           w.clock, Rand: rand.Reader, Log: log,
	}))
	deps := api.Deps{Model: m, Systems: systems, Store: w.store, Connections: w.conns, Syncs: syncs, Secrets: keeper, Now: w.clock, Log: log}
	for _, change := range changes {
		change(&deps)
	}
	srv := httptest.NewServer(must(api.New(deps)))
	w.url = srv.URL
	t.Cleanup(func() { srv.Close(); _ = w.conns.Close(); _ = w.store.Close() })
	w.project, w.key = w.newProject("first")
	return w
}

// newProject gives the first project, or a further one, with a key.
func (w *world) newProject(name string) (id, key string) {
	w.t.Helper()
	p, _, err := w.store.EnsureProject(w.t.Context(), name, w.now)
	w.ok(err)
	plain, _, err := w.conns.IssueKey(w.t.Context(), p.ID, "test")
	w.ok(err)
	return p.ID, plain
}

// connect makes a connection and gives it with its first token.
func (w *world) connect(name string) (*store.Connection, string) {
	w.t.Helper()
	made, err := w.conns.Create(w.t.Context(), w.project, connection.New{System: "plant", Name: name, Credentials: goodLogin()})
	w.ok(err)
	return made.Connection, made.Token.Plain
}

func goodLogin() map[string]string {
	return map[string]string{"url": "https://erp.example.com", "username": "busbar", "password": "right-canary-secret"}
}

const orders = "purchase-orders"

// put stores purchase orders under the connection's active run.
func (w *world) put(c *store.Connection, numbers ...string) {
	w.t.Helper()
	ctx := w.t.Context()
	run := w.begin(c, orders)
	page := store.PageResult{Pages: 1, Fetched: int64(len(numbers)), Expected: -1}
	ids := make([]uuid.UUID, len(numbers))
	for i, n := range numbers {
		ids[i] = recordID(c, n)
	}
	heads, err := w.store.Heads(ctx, c.Scope(), orders, ids)
	w.ok(err)
	for i, n := range numbers {
		fields := fmt.Sprintf(`{"display_id":%q,"number":%q,"notes":"stored %s"}`, n, n, w.clock().Format(time.RFC3339Nano))
		page.Changes = append(page.Changes, store.Change{ID: ids[i], RemoteID: n, Raw: fmt.Appendf(nil, `{"id":%q,"own":true}`, n),
			RawHash: [16]byte{byte(i), byte(w.clock().Second()), byte(w.clock().Minute())}, Fields: []byte(fields), Head: heads[i]})
	}
	w.ok(w.store.ApplyPage(ctx, run, page, w.clock()))
	w.finish(run, store.Finish{State: store.RunComplete, Full: run.Mode == store.Full})
}

// begin takes up the run of an entity, asking for an incremental one when there is none.
func (w *world) begin(c *store.Connection, entity string) *store.Run {
	w.t.Helper()
	ctx := w.t.Context()
	var run *store.Run
	w.ok(w.store.Write(ctx, func(tx *store.Tx) (err error) {
		run, _, err = tx.RequestRun(ctx, c.Scope(), entity, store.Incremental, "manual", uuid.Must(uuid.NewV7()).String(), w.clock())
		return err
	}))
	run, err := w.store.AcquireRun(ctx, run, "test", w.clock().Add(time.Minute), w.clock())
	w.ok(err)
	return run
}

func (w *world) finish(run *store.Run, f store.Finish) {
	w.t.Helper()
	w.ok(w.store.Write(w.t.Context(), func(tx *store.Tx) error { return tx.FinishRun(w.t.Context(), run, f, w.clock()) }))
}

func recordID(c *store.Connection, remoteID string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(c.ID+remoteID))
}

// numbered makes n order numbers.
func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("PO-%04d", i)
	}
	return out
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

// answer is what came back, read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (a answer) code() string { code, _ := a.body["code"].(string); return code }

// data gives the members of the list, as objects.
func (a answer) data() []map[string]any {
	items, _ := a.body["data"].([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i], _ = item.(map[string]any)
	}
	return out
}

func (a answer) next() string { next, _ := a.body["next_cursor"].(string); return next }

// call sends a request as somebody; headers come in pairs.
func (w *world) call(method, path, secret, body string, headers ...string) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	w.ok(err)
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return w.do(req)
}

func (w *world) do(req *http.Request) answer {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	w.ok(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	w.ok(err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	w.isManneredAnswer(req, a)
	return a
}

// isManneredAnswer checks what holds for every answer.
func (w *world) isManneredAnswer(req *http.Request, a answer) {
	w.t.Helper()
	if a.header.Get("Request-Id") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Content-Security-Policy") == "" {
		w.t.Errorf("%s %s: a header is missing: %v", req.Method, req.URL, a.header)
	}
	if a.status < 400 || req.Method == http.MethodHead {
		return
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		w.t.Errorf("%s %s: %d as %s", req.Method, req.URL, a.status, got)
	}
	for _, member := range []string{"type", "title", "status", "detail", "instance", "code", "request_id", "origin", "retryable"} {
		if a.body[member] == nil {
			w.t.Errorf("%s %s: the problem has no %s: %s", req.Method, req.URL, member, a.text)
		}
	}
	if a.body["type"] != "/docs/problems/"+a.code() || a.body["request_id"] != a.header.Get("Request-Id") || a.body["status"] != float64(a.status) {
		w.t.Errorf("%s %s: the problem contradicts itself: %s", req.Method, req.URL, a.text)
	}
}

// want checks status and problem code ("" for none).
func (w *world) want(a answer, status int, code string) answer {
	w.t.Helper()
	if a.status != status || a.code() != code {
		w.t.Fatalf("got %d %q, want %d %q: %s", a.status, a.code(), status, code, a.text)
	}
	return a
}

// testDriver is a system that knows one password.
type testDriver struct{}

func (testDriver) Name() string                             { return "test" }
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

func (nobody) Wake(context.Context, *store.Tx, string) error { return nil }

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
