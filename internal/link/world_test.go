package link_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/internal/trust"
)

const (
	redirect = "https://app.example.com/busbar/done?tenant=7"
	verifier = "a-verifier-that-is-long-enough-for-the-standard-0"
	password = "CANARY-password"
	most     = 40 // open links
)

// world is one Busbar with a vendor's project, and a system that knows one password.
type world struct {
	*link.Service
	t       *testing.T
	store   *store.Store
	conns   *connection.Service
	driver  *plantDriver
	project string
	log     bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), driver: &plantDriver{}}
	w.store = must(sqlite.Open(t.Context(), t.TempDir()))
	t.Cleanup(func() { _ = w.store.Close() })
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.conns = must(connection.NewService(connection.Config{
		Store: w.store, Keeper: keeper, Systems: systems{plant()}, Drivers: map[string]driver.Driver{"plant": w.driver},
		Syncs:         engine.NewService(engine.Config{Store: w.store, Waker: nobody{}, Now: w.clock, Rand: rand.Reader}),
		Client:        func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return http.DefaultClient },
		ProbeClient:   func(*store.Connection, *manifest.System, trust.Trust) *http.Client { return http.DefaultClient },
		Line:          func(*store.Connection, *manifest.System, trust.Trust) driver.Line { return nil },
		Wait:          func(context.Context, time.Duration) {},
		CheckSchedule: func(text string) error { _, err := engine.ParseSchedule(text); return err },
		CheckHistory:  func(text string) error { _, err := engine.ParseHistory(text, w.clock()); return err },
		Now:           w.clock, Rand: rand.Reader, Log: log,
	}))
	t.Cleanup(func() { _ = w.conns.Close() })
	w.Service = link.NewService(link.Config{Store: w.store, Connections: w.conns, Systems: systems{plant()}, Keeper: keeper, PublicURL: "https://busbar.example.com", Most: most, Now: w.clock, Rand: rand.Reader, Log: log})
	p, _, err := w.store.EnsureProject(t.Context(), "project", "test", w.clock())
	w.ok(err)
	w.project = p.ID
	w.ok(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetProjectSettings(t.Context(), p.ID, []byte(`{"link":{"redirect_uris":["`+redirect+`","https://app.example.com/a"]}}`))
	}))
	return w
}

// vendor is the vendor's backend with its key.
func (w *world) vendor() context.Context {
	return audit.By(w.t.Context(), audit.Actor{Kind: audit.Key, ID: "key", Name: "backend", ProjectID: w.project, At: w.clock()})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks the code of an error, and gives its sentence.
func (w *world) refused(err error, code problem.Code) string {
	w.t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != code {
		w.t.Fatalf("error %v, want %s", err, code)
	}
	return p.Detail
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// session is a link with a way back.
func session() link.New {
	return link.New{Settings: link.Settings{System: "plant"}, RedirectURI: redirect, State: "s t&ate", Challenge: challenge(verifier)}
}

// make makes a link and gives its secret.
func (w *world) make(n link.New) (*store.LinkSession, string) {
	w.t.Helper()
	l, address, err := w.Create(w.vendor(), w.project, n)
	w.ok(err)
	plain, ok := strings.CutPrefix(address, "https://busbar.example.com/link/")
	if !ok {
		w.t.Fatalf("address %s", address)
	}
	return l, plain
}

// browse lets a new browser go on with a link.
func (w *world) browse(plain string) (*link.Visit, string) {
	w.t.Helper()
	v, cookie, err := w.Continue(w.t.Context(), plain, "")
	w.ok(err)
	return v, cookie
}

func (w *world) stands(plain, cookie string, want link.Standing) *link.Visit {
	w.t.Helper()
	v, err := w.Open(w.t.Context(), plain, cookie)
	w.ok(err)
	if v.Standing != want {
		w.t.Errorf("the link stands %s, want %s", v.Standing, want)
	}
	return v
}

func login() link.Login {
	return link.Login{Values: map[string]string{"url": "https://erp.example.com", "password": password}}
}

func (w *world) connection(id string) *store.Connection {
	w.t.Helper()
	c, err := w.store.Connection(w.t.Context(), w.project, id)
	w.ok(err)
	return c
}

// answer takes a redirect apart.
func (w *world) answer(done *link.Done) url.Values {
	w.t.Helper()
	if done == nil || !strings.HasPrefix(done.Redirect, redirect+"&") {
		w.t.Fatalf("done %+v", done)
	}
	u, err := url.Parse(done.Redirect)
	w.ok(err)
	return u.Query()
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

func plant() *manifest.System {
	address := manifest.CredentialField{Name: "url", Label: "Address", Type: "url", Required: true, Identity: true}
	word := manifest.CredentialField{Name: "password", Label: "Password", Type: "password", Required: true, Secret: true}
	id := manifest.CredentialField{Name: "client_id", Label: "Client", Type: "text", Required: true}
	return &manifest.System{
		System: "plant", Name: "Plant ERP", Summary: "A system for tests.", Categories: []string{"erp"}, Driver: "plant", Versions: []string{"4"},
		Auth: []manifest.AuthMethod{
			{Method: "basic", Fields: []manifest.CredentialField{address, word}},
			{Method: "oauth2", Fields: []manifest.CredentialField{address, id, {Name: "client_secret", Label: "Secret", Type: "password", Required: true, Secret: true}}},
		},
		Entities: []*manifest.Entity{{Name: "vendors"}, {Name: "purchase-orders", History: "date", Needs: "the group Purchase"}},
	}
}

// plantDriver speaks to a system that knows one password, and one code of its login server.
type plantDriver struct {
	mu     sync.Mutex
	probes int
	down   bool
	hold   chan struct{} // probes wait for it; nil: they do not
}

func (*plantDriver) Name() string                             { return "plant" }
func (*plantDriver) Forms() manifest.Forms                    { return manifest.Forms{} }
func (*plantDriver) Check(*manifest.System) manifest.Problems { return nil }
func (*plantDriver) Dialect() manifest.Dialect                { return nil }
func (d *plantDriver) Open(_ *manifest.System, c driver.Config) (driver.Client, error) {
	return &plantClient{d, c}, nil
}

func (*plantDriver) Authorizes(_ *manifest.System, method string) bool { return method == "oauth2" }

func (*plantDriver) AuthorizeURL(_ *manifest.System, c driver.Config, a driver.Authorization) (string, error) {
	q := url.Values{"client_id": {c.Credentials.Get("client_id")}, "redirect_uri": {a.RedirectURI}, "state": {a.State}, "code_challenge": {challenge(a.Verifier)}}
	return "https://login.example.com/authorize?" + q.Encode(), nil
}

func (*plantDriver) Exchange(_ context.Context, _ *manifest.System, c driver.Config, a driver.Authorization, code string) (driver.Grant, error) {
	if code != "good "+challenge(a.Verifier) || a.Issuer != "" && a.Issuer != "https://login.example.com" || c.Credentials.Get("client_secret") != password {
		return driver.Grant{}, &driver.Error{Kind: driver.Credentials, Detail: "The login server does not take the code."}
	}
	return driver.Grant{Access: "CANARY-access", Refresh: "CANARY-refresh", Life: time.Hour}, nil
}

type plantClient struct {
	*plantDriver
	driver.Config
}

func (c *plantClient) Close() error { return nil }

func (c *plantClient) Probe(ctx context.Context) (driver.Probe, error) {
	c.mu.Lock()
	c.probes++
	down, hold := c.down, c.hold
	c.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if down {
		return driver.Probe{}, &driver.Error{Kind: driver.Unreachable, Detail: "no answer"}
	}
	if c.Method == "oauth2" {
		token, err := c.Tokens.Access(ctx, "", func(context.Context, driver.Asking) (driver.Grant, error) {
			return driver.Grant{}, &driver.Error{Kind: driver.Credentials, Detail: "nobody logged in"}
		})
		if err != nil || token != "CANARY-access" {
			return driver.Probe{}, &driver.Error{Kind: driver.Credentials, Detail: "not the token", Err: err}
		}
	} else if c.Credentials.Get("password") != password {
		return driver.Probe{}, &driver.Error{Kind: driver.Credentials, Field: "password", Detail: "CANARY-body"}
	}
	return driver.Probe{Version: "4.2"}, nil
}

func (c *plantClient) Fetch(_ context.Context, r driver.Request) (*driver.Page, error) {
	if r.Entity.Name == "purchase-orders" {
		return nil, &driver.Error{Kind: driver.Permission, Detail: "CANARY-body"}
	}
	return &driver.Page{Total: -1}, nil
}
