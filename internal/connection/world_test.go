package connection_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/internal/trust"
)

const (
	canary  = "CANARY-pässw0rd-hunter2"
	renewed = "CANARY-second-password"
)

// world is one Busbar with its own data directory, and one system that it can connect to.
type world struct {
	*connection.Service
	t       *testing.T
	dir     string
	store   *store.Store
	system  *system
	keeper  *secret.Keeper
	log     *bytes.Buffer
	now     atomic.Pointer[time.Time]
	project string
	waited  atomic.Int64 // nanoseconds
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), system: newSystem(t), log: &bytes.Buffer{}}
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	w.now.Store(&start)
	var err error
	if w.store, err = sqlite.Open(t.Context(), w.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.keeper, err = secret.FromFile(filepath.Join(t.TempDir(), "master.key"), "", rand.Reader); err != nil {
		t.Fatal(err)
	}
	w.Service, err = connection.NewService(w.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Service.Close() })
	p, _, err := w.store.EnsureProject(t.Context(), "project", "test", w.clock())
	if err != nil {
		t.Fatal(err)
	}
	w.project = p.ID
	return w
}

func (w *world) config() connection.Config {
	return connection.Config{
		Store: w.store, Keeper: w.keeper, Systems: systems{acme()}, Drivers: map[string]driver.Driver{"acme-http": acmeDriver{w.system}},
		Client:      func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return w.system.server.Client() },
		ProbeClient: func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return w.system.server.Client() },
		Line:        func(*store.Connection, *manifest.System, trust.Trust) driver.Line { return nil },
		Wait:        func(_ context.Context, d time.Duration) { w.waited.Add(int64(d)) },
		Syncs:       engine.NewService(engine.Config{Store: w.store, Waker: nobody{}, Now: w.clock, Rand: rand.Reader}),
		CheckSchedule: func(text string) error {
			_, err := engine.ParseSchedule(text)
			return err
		},
		CheckHistory: func(text string) error {
			_, err := engine.ParseHistory(text, w.clock())
			return err
		},
		Now: w.clock, Rand: rand.Reader, Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (w *world) clock() time.Time { return *w.now.Load() }

func (w *world) pass(d time.Duration) {
	later := w.clock().Add(d)
	w.now.Store(&later)
}

// login is a form that works.
func (w *world) login() map[string]string {
	return map[string]string{"url": w.system.server.URL, "database": "plant", "username": "ann", "password": canary}
}

func (w *world) create() *connection.Created {
	w.t.Helper()
	made, err := w.Create(acting(w.t.Context()), w.project, connection.New{System: "acme", Credentials: w.login()})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// finish ends every run that is under way.
func (w *world) finish(c *store.Connection, f store.Finish) {
	w.t.Helper()
	ctx := w.t.Context()
	runs, err := w.store.RunnableRuns(ctx, c.Scope(), w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range runs {
		run, err := w.store.AcquireRun(ctx, &runs[i], "test", w.clock().Add(time.Minute), w.clock())
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.store.Write(ctx, func(tx *store.Tx) error { return tx.FinishRun(ctx, run, f, w.clock()) }); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.Settled(ctx, c); err != nil {
		w.t.Fatal(err)
	}
}

// stored is the connection as the database has it.
func (w *world) stored(c *store.Connection) *store.Connection {
	w.t.Helper()
	now, err := w.store.Connection(w.t.Context(), w.project, c.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}

func (w *world) wantState(c *store.Connection, want store.ConnectionState) {
	w.t.Helper()
	if got := w.stored(c); got.State != want {
		w.t.Errorf("state %s (%s: %s), want %s", got.State, got.StateCode, got.StateDetail, want)
	}
}

// wantProblem checks an error's code and, when a pointer is given, that it points there with that fault.
// problemIn gives the problem that an error carries, nil when it carries none.
func problemIn(err error) *problem.Error {
	var p *problem.Error
	errors.As(err, &p)
	return p
}

func wantProblem(t *testing.T, err error, code problem.Code, pointer string, fault problem.Fault) {
	t.Helper()
	p := problemIn(err)
	if p == nil || p.Code != code {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	if pointer == "" {
		return
	}
	for _, item := range p.Items {
		if item.Pointer == pointer && item.Code == fault {
			return
		}
	}
	t.Errorf("%s has %+v, want %s at %s", code, p.Items, fault, pointer)
}

type nobody struct{}

func (nobody) Wake(context.Context, *store.Tx, store.Lane, ...string) error { return nil }

type systems []*manifest.System

func (s systems) Systems() []*manifest.System { return s }
func (s systems) System(name string) *manifest.System {
	for _, sys := range s {
		if sys.System == name {
			return sys
		}
	}
	return nil
}

func acme() *manifest.System {
	field := func(name, label, kind string) manifest.CredentialField {
		return manifest.CredentialField{Name: name, Label: label, Type: kind, Required: true, Secret: kind == "password", Identity: name == "url" || name == "database"}
	}
	port := manifest.CredentialField{Name: "company", Label: "Company", Type: "integer", Default: "1", Identity: true}
	return &manifest.System{
		System: "acme", Name: "Acme ERP", Driver: "acme-http", TimeZone: "Europe/Berlin",
		Auth: []manifest.AuthMethod{
			{Method: "basic", Fields: []manifest.CredentialField{field("url", "Address", "url"), field("database", "Database", "text"), field("username", "User", "text"), field("password", "Password", "password"), port}},
			{Method: "api_key", Fields: []manifest.CredentialField{field("url", "Address", "url"), field("key", "Key", "password")}},
		},
		Entities: []*manifest.Entity{{Name: "vendors"}, {Name: "items"}, {Name: "purchase-orders", History: "order_date"}},
	}
}

// system is something that speaks acme's small protocol over real HTTP.
type system struct {
	server  *httptest.Server
	mu      sync.Mutex
	answer  string // "" ok; or: html, fault, slow-down
	accept  string // password
	logins  int
	refuse  int  // of the calls to come: refused, whatever the login
	expired bool // pages are refused, the login is not
	pages   int
	clients atomic.Int64 // open
	dials   atomic.Int64 // ever opened
}

func newSystem(t *testing.T) *system {
	s := &system{accept: canary}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.server.Close)
	return s
}

// calls counts the calls but for pages.
func (s *system) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins
}

func (s *system) set(answer, accept string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.accept = answer, accept
}

func (s *system) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/page" {
		s.pages++
	} else {
		s.logins++
	}
	if s.refuse > 0 {
		s.refuse--
		http.Error(w, "CANARY-body", http.StatusUnauthorized)
		return
	}
	_, password, _ := r.BasicAuth()
	switch {
	case s.expired && r.URL.Path == "/page":
		http.Error(w, "CANARY-body", http.StatusUnauthorized)
	case s.answer == "html":
		_, _ = io.WriteString(w, "<html>CANARY-body</html>")
	case s.answer == "fault":
		http.Error(w, "CANARY-body", http.StatusInternalServerError)
	case s.answer == "slow-down":
		w.Header().Set("Retry-After", "7")
		http.Error(w, "CANARY-body", http.StatusTooManyRequests)
	case r.URL.Query().Get("db") != "plant" && r.URL.Query().Get("db") != "plant-copy":
		http.Error(w, "CANARY-body", http.StatusNotFound)
	case password != s.accept:
		http.Error(w, "CANARY-body", http.StatusUnauthorized)
	default:
		_, _ = io.WriteString(w, `{"version": "4.2"}`)
	}
}

// acmeDriver is the client's side of it.
type acmeDriver struct{ system *system }

func (acmeDriver) Name() string                             { return "acme-http" }
func (acmeDriver) Forms() manifest.Forms                    { return manifest.Forms{} }
func (acmeDriver) Check(*manifest.System) manifest.Problems { return nil }
func (acmeDriver) Dialect() manifest.Dialect                { return nil }
func (d acmeDriver) Open(_ *manifest.System, c driver.Config) (driver.Client, error) {
	d.system.clients.Add(1)
	d.system.dials.Add(1)
	return &acmeClient{system: d.system, config: c}, nil
}

type acmeClient struct {
	system *system
	config driver.Config
	closed sync.Once
}

func (c *acmeClient) Close() error {
	c.closed.Do(func() { c.system.clients.Add(-1) })
	return nil
}

func (c *acmeClient) Fetch(ctx context.Context, _ driver.Request) (*driver.Page, error) {
	if _, err := c.call(ctx, "/page"); err != nil {
		return nil, err
	}
	return &driver.Page{Total: -1}, nil
}

func (c *acmeClient) Probe(ctx context.Context) (driver.Probe, error) { return c.call(ctx, "/login") }

func (c *acmeClient) call(ctx context.Context, path string) (driver.Probe, error) {
	login := c.config.Credentials
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, login.Get("url")+path+"?db="+login.Get("database"), nil)
	if err != nil {
		return driver.Probe{}, err
	}
	req.SetBasicAuth(login.Get("username"), login.Get("password"))
	res, err := c.config.HTTP.Do(req)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return driver.Probe{}, &driver.Error{Kind: driver.Unreachable, Untrusted: true, Field: "url", Detail: "Nobody who is trusted here signed it.", Err: err}
	}
	if err != nil {
		return driver.Probe{}, &driver.Error{Kind: driver.Unreachable, Detail: "no answer", Err: err}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return judge(res.StatusCode, body)
}

func judge(status int, body []byte) (driver.Probe, error) {
	var said struct{ Version string }
	switch {
	case status == http.StatusUnauthorized:
		return driver.Probe{}, &driver.Error{Kind: driver.Credentials, Detail: string(body), Field: "password"}
	case status == http.StatusNotFound:
		return driver.Probe{}, &driver.Error{Kind: driver.Credentials, Detail: string(body), Field: "database"}
	case status == http.StatusTooManyRequests:
		return driver.Probe{}, &driver.Error{Kind: driver.RateLimited, Detail: string(body), RetryAfter: 7 * time.Second}
	case status >= 500:
		return driver.Probe{}, &driver.Error{Kind: driver.Fault, Detail: string(body), Status: status}
	case json.Unmarshal(body, &said) != nil:
		return driver.Probe{}, &driver.Error{Kind: driver.NotSystem, Detail: string(body)}
	default:
		return driver.Probe{Version: said.Version}, nil
	}
}
