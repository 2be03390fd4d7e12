package connection_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// granting is a protocol whose login has tokens: each call shows one, and ask answers who asks for one.
type granting struct {
	acmeDriver
	mu   sync.Mutex
	asks int
	used string // the token of the last call
	ask  func(n int, a driver.Asking) (driver.Grant, error)
}

func (g *granting) Open(_ *manifest.System, c driver.Config) (driver.Client, error) {
	return &grantedClient{driver: g, config: c}, nil
}

type grantedClient struct {
	driver *granting
	config driver.Config
}

func (c *grantedClient) Close() error { return nil }

func (c *grantedClient) Probe(ctx context.Context) (driver.Probe, error) {
	return driver.Probe{}, c.call(ctx)
}

func (c *grantedClient) Fetch(ctx context.Context, _ driver.Request) (*driver.Page, error) {
	return &driver.Page{Total: -1}, c.call(ctx)
}

func (c *grantedClient) call(ctx context.Context) error {
	token, err := c.config.Tokens.Access(ctx, "", func(_ context.Context, a driver.Asking) (driver.Grant, error) {
		c.driver.mu.Lock()
		c.driver.asks++
		n := c.driver.asks
		c.driver.mu.Unlock()
		return c.driver.ask(n, a)
	})
	c.driver.mu.Lock()
	defer c.driver.mu.Unlock()
	c.driver.used = token
	return err
}

func (g *granting) last() (used string, asks int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used, g.asks
}

// grants gives tokens that are good for an hour: access-n and refresh-n.
func grants(n int, _ driver.Asking) (driver.Grant, error) {
	return driver.Grant{Access: fmt.Sprint("CANARY-access-", n), Refresh: fmt.Sprint("CANARY-refresh-", n), Life: time.Hour}, nil
}

func ended() error {
	return &driver.Error{Kind: driver.Credentials, Code: "invalid_grant", Field: "password", Detail: "It is ended."}
}

// replica is a Busbar on the world's database whose protocol has tokens.
func (w *world) replica(ask func(n int, a driver.Asking) (driver.Grant, error)) (*connection.Service, *granting) {
	w.t.Helper()
	g := &granting{ask: ask}
	c := w.config()
	c.Drivers = map[string]driver.Driver{"acme-http": g}
	s, err := connection.NewService(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s, g
}

// granted makes a connection whose first token has just ended.
func (w *world) granted() *store.Connection {
	w.t.Helper()
	s, _ := w.replica(grants)
	made, err := s.Create(acting(w.t.Context()), w.project, connection.New{System: "acme", Credentials: w.login()})
	if err != nil {
		w.t.Fatal(err)
	}
	w.pass(time.Hour)
	return w.stored(made.Connection)
}

func fetch(ctx context.Context, s *connection.Service, c *store.Connection) error {
	client, _, err := s.Open(ctx, c)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.Fetch(ctx, driver.Request{})
	return err
}

// TestNewerTokensAreUsed: a renewal that takes longer than its lease loses nothing. Tokens that are granted count for both who asked, and a refusal is no end of the login
// when newer tokens are there.
func TestNewerTokensAreUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		late, second func(n int, a driver.Asking) (driver.Grant, error)
		want         string
	}{
		"the late one is refused":   {func(int, driver.Asking) (driver.Grant, error) { return driver.Grant{}, ended() }, func(int, driver.Asking) (driver.Grant, error) { return grants(20, driver.Asking{}) }, "CANARY-access-20"},
		"the second one is refused": {func(int, driver.Asking) (driver.Grant, error) { return grants(10, driver.Asking{}) }, func(int, driver.Asking) (driver.Grant, error) { return driver.Grant{}, ended() }, "CANARY-access-10"},
		"both are granted":          {func(int, driver.Asking) (driver.Grant, error) { return grants(10, driver.Asking{}) }, func(int, driver.Asking) (driver.Grant, error) { return grants(20, driver.Asking{}) }, "CANARY-access-20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			conn := w.granted()
			second, g2 := w.replica(c.second)
			late, g1 := w.replica(func(n int, a driver.Asking) (driver.Grant, error) {
				if a.Refresh != "CANARY-refresh-1" || a.Lost || a.Allowed() != nil {
					t.Errorf("the late one asks with %q, lost %t", a.Refresh, a.Lost)
				}
				w.pass(61 * time.Second)
				if a.Allowed() == nil {
					t.Error("a byte may go out when the lease is over")
				}
				_ = fetch(t.Context(), second, conn)
				return c.late(n, a)
			})
			if err := fetch(t.Context(), late, conn); err != nil {
				t.Error(err)
			}
			if err := fetch(t.Context(), late, conn); err != nil {
				t.Error(err)
			}
			if used, asks := g1.last(); used != c.want || asks != 1 {
				t.Errorf("the late one uses %q after %d renewals, want %q", used, asks, c.want)
			}
			third, g3 := w.replica(nil)
			if err := fetch(t.Context(), third, conn); err != nil {
				t.Error(err)
			}
			if used, asks := g3.last(); used != c.want || asks != 0 {
				t.Errorf("another one uses %q after %d renewals", used, asks)
			}
			if _, asks := g2.last(); asks > 2 {
				t.Errorf("the second one asked %d times", asks)
			}
		})
	}
}

// TestRenewalOutlivesItsCaller: a renewal whose caller goes away is carried through, and what it brings is kept.
func TestRenewalOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.granted()
	ctx, leave := context.WithCancel(t.Context())
	s, g := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) { leave(); return grants(2, a) })
	_ = fetch(ctx, s, conn)
	if row, err := w.store.LoginTokens(t.Context(), conn.Scope()); err != nil || row.Version != 2 {
		t.Errorf("version %d of the tokens is stored, %v", row.Version, err)
	}
	if err := fetch(t.Context(), s, conn); err != nil {
		t.Error(err)
	}
	if used, asks := g.last(); used != "CANARY-access-2" || asks != 1 {
		t.Errorf("%q after %d renewals", used, asks)
	}
}

// TestNewCredentialsReplaceTokens: with a new login the tokens of the old one are gone for everybody, also for who is renewing them.
func TestNewCredentialsReplaceTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.granted()
	anew, g := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) {
		if a.Refresh != "" {
			t.Error("a new login is tried with the old refresh token")
		}
		return grants(7, a)
	})
	s, _ := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) {
		now := w.stored(conn)
		if err := anew.Reauthorize(acting(t.Context()), now, connection.Renewal{Credentials: w.login()}); err != nil {
			t.Error(err)
		}
		return grants(2, a)
	})
	if err := fetch(t.Context(), s, conn); driver.FateOf(err) != driver.NotSent {
		t.Errorf("the old login meets %v", err)
	}
	if err := fetch(t.Context(), anew, w.stored(conn)); err != nil {
		t.Error(err)
	}
	if used, asks := g.last(); used != "CANARY-access-7" || asks != 1 {
		t.Errorf("%q after %d renewals", used, asks)
	}
	if err := w.Disconnect(acting(t.Context()), w.stored(conn)); err != nil {
		t.Fatal(err)
	}
	if left, err := w.store.LoginTokens(t.Context(), conn.Scope()); err != nil || left.Version != 0 || len(left.Sealed) > 0 {
		t.Errorf("behind the end of the connection %v is left, %v", left, err)
	}
}

// TestEndOfALoginIsConfirmed: an ended refresh token is tried once more, by whoever asks; then nothing is sent, and the connection says whether an answer was lost.
func TestEndOfALoginIsConfirmed(t *testing.T) {
	t.Parallel()
	for reason, lost := range map[string]bool{problem.ReasonCredentialsRefused: false, problem.ReasonLoginLost: true} {
		w := newWorld(t)
		conn := w.granted()
		s, g := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) {
			if a.Refresh != "CANARY-refresh-1" {
				t.Errorf("it is asked with %q", a.Refresh)
			}
			err := ended()
			err.(*driver.Error).Lost = lost //nolint:errorlint // made above
			return driver.Grant{}, err
		})
		err := fetch(t.Context(), s, conn)
		for range 3 {
			if again := fetch(t.Context(), s, conn); !errors.Is(again, err) {
				t.Errorf("then %v", again)
			}
		}
		if _, rerr := s.Report(t.Context(), conn, err); rerr != nil {
			t.Fatal(rerr)
		}
		if _, asks := g.last(); asks != 2 || w.stored(conn).State != store.ConnectionNeedsReauth || w.stored(conn).StateCode != reason {
			t.Errorf("%s: after %d calls it is %s (%s)", reason, asks, w.stored(conn).State, w.stored(conn).StateCode)
		}
	}
}

// TestTokensAreSecret: neither the log nor the database shows a token.
func TestTokensAreSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.granted()
	s, _ := w.replica(func(_ int, a driver.Asking) (driver.Grant, error) { return grants(2, a) })
	if err := fetch(t.Context(), s, conn); err != nil {
		t.Fatal(err)
	}
	row, err := w.store.LoginTokens(t.Context(), conn.Scope())
	if err != nil || row.Version != 2 || len(row.Sealed) == 0 || bytes.Contains(row.Sealed, []byte("CANARY")) || bytes.Contains(w.log.Bytes(), []byte("CANARY")) {
		t.Errorf("%+v, %v", row, err)
	}
	if _, err := w.keeper.OpenCredentials(conn.DataKey, conn.ID, row.Sealed); err == nil {
		t.Error("tokens open in the place of the login")
	}
}
