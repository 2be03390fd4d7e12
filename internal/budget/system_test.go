package budget_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// system is a SimERP that is called without a network, so that nothing comes between a call and its arrival. It keeps count itself.
type system struct {
	handler http.Handler
	takes   func() time.Duration

	mu       sync.Mutex
	arrivals []time.Time
	inside   int
	most     int
	down     bool
}

func newSystem(t testing.TB, takes func() time.Duration) *system {
	t.Helper()
	s := &system{takes: takes}
	sim, err := erp.Open(erp.Options{Counts: erp.Counts{Vendors: 3, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}, Fault: s.arrive})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	s.handler = sim.Handler()
	return s
}

// arrive counts a request at the system's door.
func (s *system) arrive(*http.Request) *erp.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, time.Now())
	s.inside++
	s.most = max(s.most, s.inside)
	if s.down {
		return &erp.Fault{Status: http.StatusBadGateway}
	}
	return nil
}

// RoundTrip lets the system answer.
func (s *system) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	<-time.After(s.takes())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	return w.Result(), nil
}

func (s *system) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// check holds the system's own count against what it grants.
func (s *system) check(t testing.TB, calls int, l manifest.Limits, window time.Duration) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.arrivals) != calls || s.most > l.Concurrency {
		t.Errorf("%d calls arrived, %d at once; want %d, %d at most", len(s.arrivals), s.most, calls, l.Concurrency)
	}
	slices.SortFunc(s.arrivals, time.Time.Compare)
	for i := int(l.PerSecond); i < len(s.arrivals); i++ {
		if gap := s.arrivals[i].Sub(s.arrivals[i-int(l.PerSecond)]); gap < window {
			t.Fatalf("%d calls arrived within %s", int(l.PerSecond)+1, gap)
		}
	}
}

// call asks the system for a list of vendors, as a caller of this process.
func (s *system) call(ctx context.Context, b *budget.Budget) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sim/api/v1/vendors", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
	resp, err := (&budget.Transport{Budget: b, Next: s}).RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// hammer lets processes call the system at once, each with callers of every priority.
func hammer(t *testing.T, s shared, sys *system, l manifest.Limits, processes, each int) {
	var callers sync.WaitGroup
	for n := range processes {
		b := s.process(string(rune('a'+n))).For("c1", l)
		for _, p := range []budget.Priority{budget.InteractiveRead, budget.Incremental, budget.Backfill, budget.Backfill} {
			callers.Go(func() {
				for range each {
					if status, err := sys.call(budget.WithPriority(t.Context(), p), b); err != nil || status != http.StatusOK {
						t.Errorf("%d, %v", status, err)
					}
				}
			})
		}
	}
	callers.Wait()
}

func chance(most time.Duration) func() time.Duration {
	return func() time.Duration { return rand.N(most) }
}

// TestProcessesKeepToOneLimit is exact: time stands still while anything is computed.
func TestProcessesKeepToOneLimit(t *testing.T) {
	t.Parallel()
	for _, keeper := range []string{"memory", "sqlite"} {
		for name, l := range map[string]manifest.Limits{
			"by rate": {Concurrency: 8, PerSecond: 30}, "by places": {Concurrency: 2, PerSecond: 300}, "fast": {Concurrency: 16, PerSecond: 200},
		} {
			t.Run(keeper+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					sys := newSystem(t, chance(40*time.Millisecond))
					hammer(t, keepers()[keeper](t), sys, l, 3, 15)
					sys.check(t, 3*4*15, l, time.Second)
				})
			})
		}
	}
}

// TestReplicasKeepToOneLimit runs in real time, where a machine under load may add a little between a call and its arrival.
func TestReplicasKeepToOneLimit(t *testing.T) {
	t.Parallel()
	l := manifest.Limits{Concurrency: 3, PerSecond: 40}
	sys := newSystem(t, chance(10*time.Millisecond))
	hammer(t, keepers()["postgres"](t), sys, l, 3, 10)
	sys.check(t, 3*4*10, l, 950*time.Millisecond)
}

// TestNoStormAfterAnOutage lets many connections lose their system for an hour: while it is away only probes come, and when it is back nothing comes
// faster than granted.
func TestNoStormAfterAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const connections, outage = 50, time.Hour
		l := manifest.Limits{Concurrency: 2, PerSecond: 5}
		all := budget.NewBudgets()
		systems := make([]*system, connections)
		var callers sync.WaitGroup
		for i := range systems {
			systems[i] = newSystem(t, chance(10*time.Millisecond))
			systems[i].setDown(true)
			for range 3 {
				callers.Go(func() { untilAnswered(t, systems[i], all.For(string(rune('A'+i)), l), 10) })
			}
		}
		time.Sleep(outage)
		for _, s := range systems {
			s.mu.Lock()
			if n := len(s.arrivals); n > 30 {
				t.Errorf("%d calls came while nothing answered", n)
			}
			s.mu.Unlock()
			s.setDown(false)
		}
		callers.Wait()
		var first []time.Time
		for _, s := range systems {
			s.check(t, len(s.arrivals), l, time.Second)
			i, _ := slices.BinarySearchFunc(s.arrivals, s.arrivals[0].Add(outage), time.Time.Compare)
			first = append(first, s.arrivals[i])
		}
		slices.SortFunc(first, time.Time.Compare)
		if spread := first[connections-1].Sub(first[0]); spread < 30*time.Second {
			t.Errorf("all connections came back within %s", spread)
		}
	})
}

// untilAnswered calls until so many answers came, and waits as told in between.
func untilAnswered(t *testing.T, s *system, b *budget.Budget, answers int) {
	for answers > 0 {
		status, err := s.call(budget.WithPriority(t.Context(), budget.Backfill), b)
		if r, ok := err.(*budget.Refusal); ok { //nolint:errorlint // it comes as it is
			time.Sleep(r.After)
		} else if err != nil {
			t.Error(err)
			return
		}
		if status == http.StatusOK {
			answers--
		}
	}
}
