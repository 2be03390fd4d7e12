package connection_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/trust"
)

// How long it takes does not tell why nothing answers: an address that policy forbids, a closed port and a server that hangs up give
// the same answer after the same time.
func TestProbesTellNothingByTheirTime(t *testing.T) {
	t.Parallel()
	for name, took := range map[string]time.Duration{"forbidden at once": 0, "refused": 300 * time.Millisecond} {
		w := newWorld(t)
		cfg := w.config()
		var waited time.Duration
		cfg.ProbeClient = func(*store.Connection, *manifest.System, trust.Trust) *http.Client {
			return &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
				w.pass(took)
				return nil, net.ErrClosed
			})}
		}
		cfg.Wait = func(_ context.Context, d time.Duration) { waited += d }
		s, err := connection.NewService(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Create(acting(t.Context()), w.project, connection.New{System: "acme", Credentials: w.login()})
		wantProblem(t, err, problem.SystemUnreachable, "/credentials/url", problem.Unreachable)
		if took+waited != time.Second {
			t.Errorf("%s: the answer comes after %v", name, took+waited)
		}
		waited = 0
		found, err := s.Examine(t.Context(), nil, connection.Form{System: "acme", Credentials: w.login()})
		if err != nil || took+waited != time.Second || len(found) != 1 || found[0].Code != problem.Unreachable {
			t.Errorf("%s: the check says %+v (%v) after %v", name, found, err, took+waited)
		}
	}
}

// What stands in the way of a safe line is said with what mends it, at the step of TLS.
func TestACheckSaysWhyALineIsNotSafe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	safe := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(safe.Close)
	login := w.login()
	login["url"] = safe.URL
	found, err := w.Examine(t.Context(), nil, connection.Form{System: "acme", Credentials: login})
	if err != nil || len(found) != 2 || !found[0].OK {
		t.Fatalf("the check says %+v (%v)", found, err)
	}
	if f := found[1]; f.OK || f.Step != connection.StepTLS || f.Code != problem.Untrusted || f.Field != "url" || f.Do != "Nobody who is trusted here signed it." {
		t.Errorf("the check says %+v", f)
	}
}

func TestAnAnswerIsNotHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	if w.waited.Load() != 0 {
		t.Errorf("waited %v", time.Duration(w.waited.Load()))
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
