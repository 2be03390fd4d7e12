package connection_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

var done = store.Finish{State: store.RunComplete}

func TestFirstSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.wantState(c, store.ConnectionSyncing)
	if err := w.Settled(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.wantState(c, store.ConnectionSyncing)
	w.finish(c, done)
	w.wantState(c, store.ConnectionActive)
	if now := w.stored(c); now.StateCode != "" || now.StateDetail != "" {
		t.Errorf("active because of %q", now.StateCode)
	}
}

// Each step is an outcome of a call and the state after it.
func TestReport(t *testing.T) {
	t.Parallel()
	fail := func(k driver.Kind) error { return &driver.Error{Kind: k, Detail: "no."} }
	type step struct {
		err  error
		want store.ConnectionState
	}
	cases := map[string][]step{
		"goes down and recovers": {{nil, store.ConnectionActive}, {fail(driver.Unreachable), store.ConnectionUnreachable}, {fail(driver.Unreachable), store.ConnectionUnreachable}, {nil, store.ConnectionActive}},
		"maintenance page":       {{fail(driver.NotSystem), store.ConnectionUnreachable}, {nil, store.ConnectionActive}},
		"login refused stays":    {{fail(driver.Credentials), store.ConnectionNeedsReauth}, {nil, store.ConnectionNeedsReauth}, {fail(driver.Unreachable), store.ConnectionNeedsReauth}},
		"down, then refused":     {{fail(driver.Unreachable), store.ConnectionUnreachable}, {fail(driver.Credentials), store.ConnectionNeedsReauth}},
		"fault":                  {{fail(driver.Fault), store.ConnectionDegraded}, {fail(driver.Unreachable), store.ConnectionUnreachable}, {fail(driver.Permission), store.ConnectionActive}, {fail(driver.Permission), store.ConnectionDegraded}},
		"told to wait":           {{fail(driver.RateLimited), store.ConnectionActive}, {fail(driver.TokenGone), store.ConnectionActive}},
		"our own faults":         {{errors.New("disk"), store.ConnectionActive}, {context.Canceled, store.ConnectionActive}},
	}
	for name, steps := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.create().Connection
			w.finish(c, done)
			for i, s := range steps {
				w.pass(time.Minute)
				got, err := w.Report(t.Context(), w.stored(c), s.err)
				if err != nil || got != s.want {
					t.Errorf("step %d: %s, %v; want %s", i, got, err, s.want)
				}
				w.wantState(c, s.want)
				if code := w.stored(c).StateCode; s.want == store.ConnectionDegraded && code != driver.KindOf(s.err).Verdict().Reason {
					t.Errorf("step %d: degraded because of %q", i, code)
				}
			}
		})
	}
}

func TestStateSinceKeepsItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.finish(c, done)
	down := &driver.Error{Kind: driver.Unreachable, Detail: "no."}
	for range 3 {
		w.pass(time.Minute)
		if _, err := w.Report(t.Context(), w.stored(c), down); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.stored(c).StateSince, w.clock().Add(-2*time.Minute); !got.Equal(want) {
		t.Errorf("unreachable since %s, want %s", got, want)
	}
}

func TestFailingEntityDegrades(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.finish(c, store.Finish{State: store.RunFailed, ReasonCode: "system-error", ReasonDetail: "no."})
	w.wantState(c, store.ConnectionDegraded)
	if got := w.stored(c); got.StateCode != "entities-failing" {
		t.Errorf("degraded because of %q: %s", got.StateCode, got.StateDetail)
	}
	err := w.store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := w.Syncs.RequestTx(t.Context(), tx, w.stored(c), []string{"vendors", "items", "purchase-orders"}, store.Full, "manual")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	w.wantState(c, store.ConnectionDegraded)
	w.finish(c, done)
	w.wantState(c, store.ConnectionActive)
}

func TestReauthorize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	c := made.Connection
	w.finish(c, done)
	stale := w.stored(c)
	refused := &driver.Error{Kind: driver.Credentials, Detail: "no."}
	if _, err := w.Report(t.Context(), stale, refused); err != nil {
		t.Fatal(err)
	}
	w.system.set("", renewed)
	wantProblem(t, w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: map[string]string{"password": "CANARY-wrong"}}), problem.ValidationFailed, "/credentials/password", problem.CredentialsRefused)
	w.wantState(c, store.ConnectionNeedsReauth)
	wantProblem(t, w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: map[string]string{"url": w.system.server.URL}}), problem.ValidationFailed, "/credentials/password", problem.Required)
	if err := w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: map[string]string{"password": renewed}}); err != nil {
		t.Fatal(err)
	}
	w.wantState(c, store.ConnectionActive)
	if c.State != store.ConnectionActive {
		t.Errorf("the caller's connection is still %s", c.State)
	}
	if _, err := w.Authenticate(t.Context(), made.Token.Plain); err != nil {
		t.Errorf("the token died: %v", err)
	}
	runs, err := w.store.RunnableRuns(t.Context(), c.Scope(), w.clock())
	if err != nil || len(runs) != 3 || runs[0].Mode != store.Incremental {
		t.Errorf("what waited does not go on: %d runs, %v", len(runs), err)
	}
	if got, err := w.Report(t.Context(), stale, refused); err != nil || got != store.ConnectionActive {
		t.Errorf("a refusal of the old login makes it %s, %v", got, err)
	}
	client, _, err := w.Open(t.Context(), w.stored(c))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Probe(t.Context()); err != nil {
		t.Errorf("the new login is not in use: %v", err)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.finish(c, done)
	for range 2 {
		if err := w.Pause(acting(t.Context()), c); err != nil {
			t.Fatal(err)
		}
	}
	w.wantState(c, store.ConnectionPaused)
	if got, _ := w.Report(t.Context(), w.stored(c), &driver.Error{Kind: driver.Unreachable}); got != store.ConnectionPaused {
		t.Errorf("a late answer makes it %s", got)
	}
	wantProblem(t, w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: w.login()}), problem.ConnectionPaused, "", "")
	for range 2 {
		if err := w.Resume(acting(t.Context()), c); err != nil {
			t.Fatal(err)
		}
	}
	w.wantState(c, store.ConnectionActive)
}

func TestPauseDuringFirstSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	if err := errors.Join(w.Pause(acting(t.Context()), c), w.Resume(acting(t.Context()), c)); err != nil {
		t.Fatal(err)
	}
	w.wantState(c, store.ConnectionSyncing)
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create()
	c := made.Connection
	wantProblem(t, w.DeleteData(acting(t.Context()), c), problem.Conflict, "", "")
	stale := w.stored(c)
	client, _, err := w.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Disconnect(acting(t.Context()), c); err != nil {
			t.Fatal(err)
		}
	}
	w.wantState(c, store.ConnectionDisconnected)
	_, err = w.Authenticate(t.Context(), made.Token.Plain)
	wantProblem(t, err, problem.InvalidToken, "", "")
	_, _, err = w.Open(t.Context(), c)
	wantProblem(t, err, problem.ConnectionDisconnected, "", "")
	_, err = w.IssueToken(acting(t.Context()), stale, "late", nil, nil)
	wantProblem(t, err, problem.ConnectionDisconnected, "", "")
	for _, err := range []error{w.Pause(acting(t.Context()), c), w.Resume(acting(t.Context()), c), w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: w.login()}), w.Reauthorize(acting(t.Context()), stale, connection.Renewal{Credentials: w.login()})} {
		wantProblem(t, err, problem.ConnectionDisconnected, "", "")
	}
	if got, _ := w.Report(t.Context(), stale, nil); got != store.ConnectionDisconnected {
		t.Errorf("a late answer makes it %s", got)
	}
	if w.system.clients.Load() != 1 {
		t.Error("the session ended under its user")
	}
	if err := errors.Join(client.Close(), client.Close()); err != nil || w.system.clients.Load() != 0 {
		t.Errorf("the session did not end: %v", err)
	}
	for range 2 {
		if err := w.DeleteData(acting(t.Context()), c); err != nil {
			t.Fatal(err)
		}
	}
	if w.stored(c).DeletingAt.IsZero() {
		t.Error("deletion was not asked for")
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	other := w.stored(c)
	name, zone, tags := "  Plant 2 ", "UTC", []string{"a"}
	if err := w.Update(acting(t.Context()), c, connection.Update{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(acting(t.Context()), other, connection.Update{TimeZone: &zone, Tags: &tags, Metadata: json.RawMessage(`{"a":1}`)}); err != nil {
		t.Fatal(err)
	}
	got := w.stored(c)
	if got.Name != "Plant 2" || got.TimeZone != "UTC" || len(got.Tags) != 1 || string(got.Metadata) != `{"a":1}` || other.Name != "Plant 2" {
		t.Errorf("stored: %+v", got)
	}
	empty, mars := "", "Mars"
	err := w.Update(acting(t.Context()), c, connection.Update{Name: &empty, TimeZone: &mars, Metadata: json.RawMessage(`null`)})
	wantProblem(t, err, problem.ValidationFailed, "/name", problem.Required)
	wantProblem(t, err, problem.ValidationFailed, "/time_zone", problem.Invalid)
	wantProblem(t, err, problem.ValidationFailed, "/metadata", problem.Invalid)
}

func TestOpenKeepsOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	for range 3 {
		client, sys, err := w.Open(t.Context(), c)
		if err != nil || sys.System != "acme" {
			t.Fatal(sys, err)
		}
		if _, err := client.Probe(t.Context()); err != nil {
			t.Error(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	if w.system.clients.Load() != 1 {
		t.Errorf("%d sessions are open, want 1", w.system.clients.Load())
	}
	zone := "UTC"
	if err := w.Update(acting(t.Context()), c, connection.Update{TimeZone: &zone}); err != nil {
		t.Fatal(err)
	}
	dials := w.system.dials.Load()
	if _, _, err := w.Open(t.Context(), c); err != nil || w.system.clients.Load() != 1 || w.system.dials.Load() != dials+1 {
		t.Errorf("%d sessions after the time zone changed, %v; want 1 new", w.system.clients.Load(), err)
	}
}

// A session with credentials that another replica has replaced is not used again.
func TestOpenSeesRenewalElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	elsewhere, err := connection.NewService(w.config())
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := w.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	w.system.set("", renewed)
	if err := elsewhere.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: map[string]string{"password": renewed}}); err != nil {
		t.Fatal(err)
	}
	client, _, err := w.Open(t.Context(), w.stored(c))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Probe(t.Context()); err != nil {
		t.Errorf("the old login is still in use: %v", err)
	}
	if err := errors.Join(old.Close(), client.Close(), w.Close(), elsewhere.Close()); err != nil || w.system.clients.Load() != 0 {
		t.Errorf("%d sessions are left open, %v", w.system.clients.Load(), err)
	}
}
