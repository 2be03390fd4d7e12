package login_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
)

const password = "s3cret-pass-word"

// replaced is how long a token may be the reason of a refusal no more, once it was replaced for that.
const replaced = 2 * time.Minute

// system is a manifest whose login has these options.
func system(t testing.TB, connect string, methods ...manifest.AuthMethod) *manifest.System {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(connect), &doc); err != nil {
		t.Fatal(err)
	}
	if methods == nil {
		methods = []manifest.AuthMethod{{Method: "basic", Fields: fields()}}
	}
	return &manifest.System{System: "test", Name: "Test", Auth: methods, Options: manifest.Options{Node: doc.Content[0], File: "manifest.yaml", Path: "connect"}}
}

func fields() []manifest.CredentialField {
	return []manifest.CredentialField{{Name: "url", Type: "url"}, {Name: "user"}, {Name: "password", Secret: true}, {Name: "key", Secret: true}, {Name: "certificate"}, {Name: "empty"}}
}

// decoded are the options of a system, which have no mistakes unless some are wanted.
func decoded(t testing.TB, s *manifest.System) (login.Options, manifest.Problems) {
	t.Helper()
	var o login.Options
	problems := s.Options.Decode(&o)
	if len(problems) == 0 {
		problems = login.Check(s, o)
	}
	return o, problems
}

// world is a server and a login at it.
type world struct {
	*login.Login
	system *manifest.System
	config driver.Config
	server *httptest.Server
	now    time.Time
	mu     sync.Mutex
	calls  []string // method and path of each
}

type memory struct{ grant driver.Grant }

func (m *memory) Access(ctx context.Context, refused string, ask driver.Ask) (string, error) {
	if m.grant.Access == "" || m.grant.Access == refused {
		var err error
		if m.grant, err = ask(ctx, driver.Asking{Refresh: m.grant.Refresh}); err != nil {
			return "", err
		}
	}
	return m.grant.Access, nil
}

func start(t testing.TB, connect string, h http.HandlerFunc, values ...string) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls = append(w.calls, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
		h(rw, r)
	}))
	t.Cleanup(w.server.Close)
	guard := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(guard.Close)
	given := map[string]string{"url": w.server.URL + "/", "user": "ann & co", "password": password}
	for i := 0; i+1 < len(values); i += 2 {
		given[values[i]] = values[i+1]
	}
	w.system = system(t, connect)
	w.config = driver.Config{Credentials: secret.NewCredentials(given).Public("url", "user", "certificate"), HTTP: guard.Client(egress.ClientConfig{}), Tokens: &memory{},
		Now: func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }}
	o, problems := decoded(t, w.system)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var err error
	if w.Login, err = login.New(o, login.Host{System: w.system, Config: w.config}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) count(call string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == call {
			n++
		}
	}
	return n
}

// read asks for a record as a driver does.
func (w *world) read(ctx context.Context) error {
	_, err := login.Reading(ctx, w.Login, func(p login.Proof) (string, error) {
		req, err := http.NewRequestWithContext(egress.AsRead(ctx), http.MethodGet, w.server.URL+"/items/a%2Fb?$top=1&x=ä", nil)
		if err != nil {
			return "", err
		}
		if err := w.Sign(req, p); err != nil {
			return "", err
		}
		return w.do(req)
	})
	return err
}

func (w *world) do(req *http.Request) (string, error) {
	resp, err := egress.Do(w.config.HTTP, req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if e := w.Turned(resp.StatusCode, resp.Header, body); e != nil {
		return "", e
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return "", &driver.Error{Kind: driver.Credentials, Status: resp.StatusCode}
	case resp.StatusCode >= 300:
		return "", &driver.Error{Kind: driver.Fault, Status: resp.StatusCode}
	}
	return string(body), nil
}

// write sends a body as a driver does.
func (w *world) write(ctx context.Context) error {
	req, err := http.NewRequestWithContext(egress.AsWrite(ctx, egress.Sending{}), http.MethodPost, w.server.URL+"/items", strings.NewReader(`{"name":"x"}`))
	if err != nil {
		return err
	}
	p, err := w.Writing(req)
	if err != nil {
		return err
	}
	_, err = w.do(req)
	return w.SignedOut(p, err)
}
