package connection_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// goDown lets the connection's system fail and the connection notice.
func (w *world) goDown(c *store.Connection) {
	w.t.Helper()
	w.system.set("html", canary)
	w.report(c, driver.Unreachable)
	w.wantState(c, store.ConnectionUnreachable)
}

func (w *world) report(c *store.Connection, kind driver.Kind) {
	w.t.Helper()
	if _, err := w.Report(w.t.Context(), w.stored(c), &driver.Error{Kind: kind, Detail: "no."}); err != nil {
		w.t.Fatal(err)
	}
}

// runFor lets time pass in steps, each with a look at systems that are down, until stop says so; it tells how long that took.
func (w *world) runFor(most, step time.Duration, stop func() bool) (took time.Duration) {
	w.t.Helper()
	for ; took < most && !stop(); took += step {
		w.pass(step)
		if err := w.Recover(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	return took
}

func (w *world) is(c *store.Connection, want store.ConnectionState) func() bool {
	return func() bool { return w.stored(c).State == want }
}

// counted tells how many logins and pages the system has seen.
func (s *system) counted() (logins, pages int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins, s.pages
}

func (w *world) manual() *store.Connection {
	w.t.Helper()
	made, err := w.Create(acting(w.t.Context()), w.project, connection.New{System: "acme", Credentials: w.login(), Schedule: "manual"})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.Connection
}

// Nobody asks and no schedule comes: the connection recovers, and what failed because of the outage is done.
func TestRecoversWithoutASchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.finish(c, store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonSystemUnreachable})
	w.goDown(c)
	if took := w.runFor(10*time.Minute, 5*time.Second, w.is(c, store.ConnectionSyncing)); took < 10*time.Minute {
		t.Fatalf("recovered after %s though the system is down", took)
	}
	w.system.set("", canary)
	if took := w.runFor(time.Hour, 5*time.Second, w.is(c, store.ConnectionSyncing)); took > 15*time.Minute {
		t.Errorf("noticed after %s", took)
	}
	runs, err := w.store.RunnableRuns(t.Context(), c.Scope(), w.clock())
	if err != nil || len(runs) != 3 || runs[0].Mode != store.Full {
		t.Errorf("%d runs go on, want the 3 first ones: %+v, %v", len(runs), runs, err)
	}
	w.finish(c, done)
	w.wantState(c, store.ConnectionActive)
}

func TestAShortOutageIsNoticedSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.finish(c, done)
	w.goDown(c)
	if wait := w.stored(c).ProbeAt.Sub(w.clock()); wait < 15*time.Second || wait > 30*time.Second {
		t.Errorf("looked at first after %s", wait)
	}
	w.system.set("", canary)
	if took := w.runFor(time.Hour, time.Second, w.is(c, store.ConnectionActive)); took > 31*time.Second {
		t.Errorf("noticed after %s", took)
	}
	if now := w.stored(c); !now.ProbeAt.IsZero() || now.Probes != 0 {
		t.Errorf("still to be probed at %s", now.ProbeAt)
	}
}

// A waiting run goes ahead as soon as the system is back, whatever its retry says.
func TestWaitingRunsGoOnAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	later := w.clock().Add(8 * time.Minute)
	w.finish(c, store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonNotThisSystem, RetryAt: later})
	w.goDown(c)
	w.system.set("", canary)
	w.runFor(time.Minute, time.Second, w.is(c, store.ConnectionSyncing))
	runs, err := w.store.RunnableRuns(t.Context(), c.Scope(), w.clock())
	if err != nil || len(runs) != 3 || !w.clock().Before(later) {
		t.Errorf("%d runs go on at %s, %v", len(runs), w.clock(), err)
	}
}

// A system that is down for a day is asked now and then, and never by two processes for one.
func TestADeadSystemIsAskedSeldom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.finish(c, done)
	w.goDown(c)
	elsewhere, err := connection.NewService(w.config())
	if err != nil {
		t.Fatal(err)
	}
	before, _ := w.system.counted()
	w.runFor(24*time.Hour, 30*time.Second, func() bool {
		var both sync.WaitGroup
		for _, s := range []*connection.Service{w.Service, elsewhere} {
			both.Go(func() {
				if err := s.Recover(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		return false
	})
	after, _ := w.system.counted()
	if n := after - before; n < 24*4 || n > 24*8+10 {
		t.Errorf("asked %d times in a day", n)
	}
}

// Connections that lost one system together do not come back together.
func TestNoStormWhenASystemIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 60
	for range many {
		c := w.manual()
		w.finish(c, done)
		w.goDown(c)
		w.system.set("", canary)
	}
	w.system.set("html", canary)
	w.runFor(2*time.Hour, 10*time.Second, func() bool { return false })
	w.system.set("", canary)
	var perStep []int
	before, _ := w.system.counted()
	w.runFor(16*time.Minute, 5*time.Second, func() bool {
		now, _ := w.system.counted()
		perStep, before = append(perStep, now-before), now
		return false
	})
	if most := slices.Max(perStep); most > many/4 {
		t.Errorf("%d of %d came back within five seconds", most, many)
	}
	left, err := w.store.ProbesDue(t.Context(), w.clock().Add(time.Hour), many)
	if err != nil || len(left) > 0 {
		t.Errorf("%d are still down, %v", len(left), err)
	}
}

// A system that is starting may refuse any login: only a second refusal, at the next look, counts.
func TestARefusalAfterAnOutageIsAskedTwice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refuse int
		want   store.ConnectionState
		path   []string
	}{
		"once":  {1, store.ConnectionActive, []string{"active ", "unreachable credentials-refused", "unreachable system-unreachable", "active "}},
		"twice": {2, store.ConnectionNeedsReauth, []string{"needs_reauthorization credentials-refused", "unreachable credentials-refused", "unreachable system-unreachable", "active "}},
		"for ever": {1000, store.ConnectionNeedsReauth,
			[]string{"needs_reauthorization credentials-refused", "unreachable credentials-refused", "unreachable system-unreachable", "active "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.manual()
			w.finish(c, done)
			w.goDown(c)
			w.system.set("", canary)
			w.system.refuse = test.refuse
			before, _ := w.system.counted()
			w.runFor(4*time.Hour, 10*time.Second, func() bool { return false })
			w.wantState(c, test.want)
			if after, _ := w.system.counted(); after-before != 2 {
				t.Errorf("%d logins, want 2", after-before)
			}
			if got := w.path(c)[:4]; !slices.Equal(got, test.path) {
				t.Errorf("history %q, want %q", got, test.path)
			}
		})
	}
}

// path is the connection's history, newest first.
func (w *world) path(c *store.Connection) (out []string) {
	w.t.Helper()
	states, err := w.store.States(w.t.Context(), c.Scope(), 0, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range states {
		out = append(out, fmt.Sprintf("%s %s", s.State, s.Code))
	}
	return out
}

// In the middle of work a refused page is confirmed by one login, whoever asks and however many at once; then the login is left alone.
func TestRefusedPagesAreConfirmedByOneLogin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil  func(*system)
		want   driver.Kind
		logins int
	}{
		"the password was changed":   {func(s *system) { s.accept = "another" }, driver.Credentials, 1},
		"one page was refused":       {func(s *system) { s.refuse = 1 }, driver.Fault, 1},
		"then nothing answers":       {func(s *system) { s.refuse, s.answer = 1, "html" }, driver.NotSystem, 1},
		"then it fails":              {func(s *system) { s.refuse, s.answer = 1, "fault" }, driver.Fault, 1},
		"then it asks to wait":       {func(s *system) { s.refuse, s.answer = 1, "slow-down" }, driver.RateLimited, 1},
		"all is well":                {func(*system) {}, "", 0},
		"the login works, not pages": {func(s *system) { s.expired = true }, driver.Fault, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.manual()
			client, _, err := w.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			before, _ := w.system.counted()
			test.spoil(w.system)
			_, err = client.Fetch(t.Context(), driver.Request{})
			if got := driver.KindOf(err); got != test.want {
				t.Errorf("fetch: %v, want %q", err, test.want)
			}
			if after, _ := w.system.counted(); after-before != test.logins {
				t.Errorf("%d logins, want %d", after-before, test.logins)
			}
		})
	}
}

func TestARefusedLoginIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.system.set("", renewed)
	before, pages := w.system.counted()
	var all sync.WaitGroup
	for range 8 {
		client, _, err := w.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range 5 {
				if _, err := client.Fetch(t.Context(), driver.Request{}); driver.KindOf(err) != driver.Credentials {
					t.Errorf("fetch: %v", err)
				}
			}
		})
	}
	all.Wait()
	logins, after := w.system.counted()
	if logins-before != 1 || after-pages > 8 {
		t.Errorf("%d logins and %d pages, want 1 and at most one for each of those who came before it was known", logins-before, after-pages)
	}
	w.report(c, driver.Credentials)
	w.runFor(48*time.Hour, 10*time.Minute, func() bool { return false })
	if last, _ := w.system.counted(); last != logins {
		t.Errorf("%d logins after it was refused", last-logins)
	}
	if err := w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: map[string]string{"password": renewed}}); err != nil {
		t.Fatal(err)
	}
	client, _, err := w.Open(t.Context(), w.stored(c))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Fetch(t.Context(), driver.Request{}); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
}

// What a pause interrupted comes back after it: the login is not tried again, and a system that is down is looked at at once.
func TestAPauseKeepsWhatItInterrupted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind driver.Kind
		want store.ConnectionState
	}{
		"a refused login": {driver.Credentials, store.ConnectionNeedsReauth},
		"an outage":       {driver.Unreachable, store.ConnectionUnreachable},
		"a fault":         {driver.Fault, store.ConnectionActive}, // what the streams say: none fails
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.manual()
			w.finish(c, done)
			w.report(c, test.kind)
			was := w.stored(c)
			if err := w.Pause(acting(t.Context()), c); err != nil {
				t.Fatal(err)
			}
			w.runFor(time.Hour, time.Minute, func() bool { return false })
			w.wantState(c, store.ConnectionPaused)
			if err := w.Resume(acting(t.Context()), c); err != nil {
				t.Fatal(err)
			}
			now := w.stored(c)
			if now.State != test.want || now.State == was.State && now.StateCode != was.StateCode {
				t.Errorf("%s (%s) after a pause of %s (%s)", now.State, now.StateCode, was.State, was.StateCode)
			}
			if test.want == store.ConnectionUnreachable && now.ProbeAt.After(w.clock()) {
				t.Errorf("looked at only at %s", now.ProbeAt)
			}
		})
	}
}

func TestNoLookInABlackout(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // Monday, 10:00 in Berlin
	made, err := w.Create(acting(t.Context()), w.project, connection.New{System: "acme", Credentials: w.login(), Blackouts: []string{"Mon 10:05-13:00"}})
	if err != nil {
		t.Fatal(err)
	}
	c := made.Connection
	w.finish(c, done)
	w.goDown(c)
	w.system.set("", "another")
	w.pass(5 * time.Minute)
	before, _ := w.system.counted()
	w.runFor(2*time.Hour+54*time.Minute, 10*time.Second, func() bool { return false })
	if after, _ := w.system.counted(); after != before {
		t.Errorf("%d logins in the window", after-before)
	}
	w.system.set("", canary)
	if took := w.runFor(time.Hour, 10*time.Second, w.is(c, store.ConnectionActive)); took > 2*time.Minute {
		t.Errorf("noticed %s after the window", took)
	}
}

// Each event leaves its row.
func TestHistoryHasEveryEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.finish(c, done)
	w.goDown(c)
	w.system.set("", canary)
	w.runFor(time.Hour, time.Second, w.is(c, store.ConnectionActive))
	w.report(c, driver.Fault)
	if err := w.Settled(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.report(c, driver.Credentials)
	if err := w.Reauthorize(acting(t.Context()), c, connection.Renewal{Credentials: w.login()}); err != nil {
		t.Fatal(err)
	}
	if err := w.Pause(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	if err := w.Resume(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	if err := w.Disconnect(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"disconnected ", "active ", "paused paused", "active ", "needs_reauthorization credentials-refused", "active ", "degraded system-error",
		"active ", "unreachable system-unreachable", "active ", "syncing first-sync",
	}
	if got := w.path(c); !slices.Equal(got, want) {
		t.Errorf("history\n got %q\nwant %q", got, want)
	}
}

func TestBlackoutsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Create(acting(t.Context()), w.project, connection.New{System: "acme", Credentials: w.login(), Blackouts: []string{"Mon 10:00-11:00", "often", "Mon 25:00-26:00"}})
	wantProblem(t, err, problem.ValidationFailed, "/blackouts/1", problem.Invalid)
	wantProblem(t, err, problem.ValidationFailed, "/blackouts/2", problem.Invalid)
	c := w.manual()
	always, some := []string{"daily 00:00-24:00"}, []string{" Mon 10:00-11:00 "}
	wantProblem(t, w.Update(acting(t.Context()), c, connection.Update{Blackouts: &always}), problem.ValidationFailed, "/blackouts/0", problem.Invalid)
	if err := w.Update(acting(t.Context()), c, connection.Update{Blackouts: &some}); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(c).Blackouts; !slices.Equal(got, []string{"Mon 10:00-11:00"}) {
		t.Errorf("stored %q", got)
	}
	none := []string{}
	if err := w.Update(acting(t.Context()), c, connection.Update{Blackouts: &none}); err != nil || w.stored(c).Blackouts != nil {
		t.Errorf("stored %q, %v", w.stored(c).Blackouts, err)
	}
}

// What was met with the old login says nothing of a new one that is stored at the same moment.
func TestARefusalOfTheOldLoginDoesNotTouchTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	for n := range 20 {
		old := w.stored(c)
		var telling sync.WaitGroup
		err := w.store.Write(t.Context(), func(tx *store.Tx) error {
			now, err := tx.LockConnection(t.Context(), c.ID)
			if err != nil {
				return err
			}
			now.Credentials = fmt.Append(nil, "login ", n)
			if err := tx.SetConnectionCredentials(t.Context(), now, w.clock()); err != nil {
				return err
			}
			telling.Go(func() {
				if _, err := w.Report(t.Context(), old, &driver.Error{Kind: driver.Credentials, Detail: "no."}); err != nil {
					t.Error(err)
				}
			})
			for range 50 {
				w.stored(c) // gives the other the time to look
			}
			return nil
		})
		telling.Wait()
		if err != nil {
			t.Fatal(err)
		}
		w.wantState(c, store.ConnectionSyncing)
	}
}

// A look at a silent system that ends long after the system is back, because its process stood still, says nothing of it.
func TestALateLookDoesNotCountOnceTheSystemIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.goDown(c)
	down := w.stored(c)
	if _, err := w.Report(t.Context(), down, nil); err != nil {
		t.Fatal(err)
	}
	back := w.stored(c).State
	for _, kind := range []driver.Kind{driver.Unreachable, driver.Credentials} {
		if _, err := w.Report(t.Context(), down, &driver.Error{Kind: kind, Detail: "no."}); err != nil {
			t.Fatal(err)
		}
		w.wantState(c, back)
	}
}
