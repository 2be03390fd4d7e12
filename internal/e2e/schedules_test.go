package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/jobs"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store"
	pgstore "github.com/busbar-dev/busbar/internal/store/postgres"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/model"
)

// quietManifest describes a system in which nothing ever happens.
const quietManifest = `
system: quiet
name: Quiet
summary: A system in which nothing ever happens.
categories: [erp]
driver: quiet
simulated: true
versions: ["1"]
auth:
  - method: api_key
    fields: [{name: api_key, label: Key, type: password, secret: true}]
entities:
  vendors:
    read: {}
    id: id
    updated_at: [updated]
    cursor: {precision: 1s, lookback: 15m}
    fields: {name: name}
    evidence: {read: simulated}
`

type quietDriver struct{}

func (quietDriver) Check(*manifest.System) manifest.Problems { return nil }

// quiet is the system, and the connections to it. It counts how often each was asked.
type quiet struct {
	system *manifest.System
	mapper *mapping.Mapper
	mu     sync.Mutex
	asked  map[string]int
}

func newQuiet(t *testing.T) *quiet {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := manifest.Load(fstest.MapFS{"quiet/manifest.yaml": {Data: []byte(quietManifest)}, "quiet/guide.md": {Data: []byte("# Quiet\n")}},
		m, map[string]manifest.Checker{"quiet": quietDriver{}})
	if err != nil {
		t.Fatal(err)
	}
	q := &quiet{system: reg.System("quiet"), asked: map[string]int{}}
	if q.mapper, err = mapping.Compile(q.system, q.system.Entity("vendors"), nil); err != nil {
		t.Fatal(err)
	}
	return q
}

// Open, Report and Settled are what a worker needs of connections.
func (q *quiet) Open(_ context.Context, c *store.Connection) (driver.Client, *manifest.System, error) {
	return quietClient{q, c.ID}, q.system, nil
}
func (q *quiet) Report(_ context.Context, c *store.Connection, _ error) (store.ConnectionState, error) {
	return c.State, nil
}
func (q *quiet) Settled(context.Context, *store.Connection) error { return nil }

type quietClient struct {
	*quiet
	connection string
}

func (quietClient) Probe(context.Context) (driver.Probe, error) { return driver.Probe{}, nil }
func (quietClient) Close() error                                { return nil }

// Fetch gives no records.
func (c quietClient) Fetch(context.Context, driver.Request) (*driver.Page, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[c.connection]++
	return &driver.Page{Total: -1}, nil
}

// replica is one process's part: a store, a worker and its jobs.
type replica struct {
	store  *store.Store
	worker *engine.Worker
	jobs   *jobs.Runner
}

func newReplica(t *testing.T, s *store.Store, q *quiet) *replica {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	r := &replica{store: s}
	var err error
	if r.jobs, err = jobs.New(t.Context(), jobs.Config{Store: s, Now: time.Now, Log: log}); err != nil {
		t.Fatal(err)
	}
	r.worker = engine.NewWorker(engine.WorkerConfig{
		Store: s, Connections: q, Mapper: func(string, string) *mapping.Mapper { return q.mapper }, Waker: r.jobs, Now: time.Now, Rand: rand.Reader, Log: log,
		Owner: uuid.NewString(), Turn: jobs.Turn, ShortTurn: jobs.ShortTurn, Crowded: r.jobs.Crowded, FetchWithin: jobs.LastStep,
	})
	return r
}

// seed makes n connections whose schedule was missed many times.
func (r *replica) seed(t *testing.T, n int) (scopes []store.Scope) {
	t.Helper()
	now := time.Now()
	project, _, err := r.store.EnsureProject(t.Context(), uuid.NewString(), "p", now)
	if err != nil {
		t.Fatal(err)
	}
	for len(scopes) < n {
		err := r.store.Write(t.Context(), func(tx *store.Tx) error {
			for range min(1000, n-len(scopes)) {
				c := &store.Connection{ID: uuid.NewString(), ProjectID: project.ID, System: "quiet", Name: "q", State: store.ConnectionActive,
					TimeZone: "UTC", CreatedAt: now, UpdatedAt: now, StateSince: now, Metadata: json.RawMessage("{}")}
				if err := tx.InsertConnection(t.Context(), c); err != nil {
					return err
				}
				due := store.Stream{Entity: "vendors", Schedule: "1h", History: "all", NextRunAt: now.Add(-7 * 24 * time.Hour)}
				if err := tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{due}); err != nil {
					return err
				}
				scopes = append(scopes, c.Scope())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return scopes
}

// run lets the replica tick and work until ctx ends.
func (r *replica) run(ctx context.Context, t *testing.T) {
	if err := r.jobs.Start(ctx, map[store.Lane]jobs.Handler{store.LaneScheduled: r.worker.Work, store.LaneAsked: r.worker.WorkAsked}); err != nil {
		t.Error(err)
		return
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := r.worker.Tick(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	if err := r.jobs.Stop(context.WithoutCancel(ctx)); err != nil {
		t.Error(err)
	}
}

// Schedules of very many connections, all of them missed for a week: each connection syncs once, and once only, whichever replica takes it.
func TestAllSchedulesDueAtOnce(t *testing.T) {
	t.Parallel()
	n := size(3000, 100_000)
	t.Run("SQLite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		q := newQuiet(t)
		drain(t, q, n, newReplica(t, s, q))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		q, url := newQuiet(t), postgres.Database(t)
		var replicas []*replica
		for range 2 {
			s, err := pgstore.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			replicas = append(replicas, newReplica(t, s, q))
		}
		drain(t, q, n, replicas...)
	})
}

// drain seeds n connections, lets the replicas work until all have synced, and counts.
func drain(t *testing.T, q *quiet, n int, replicas ...*replica) {
	t.Helper()
	scopes := replicas[0].seed(t, n)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var working sync.WaitGroup
	start := time.Now()
	for _, r := range replicas {
		working.Go(func() { r.run(ctx, t) })
	}
	awaitAsked(t, q, n)
	took := time.Since(start)
	awaitDone(t, replicas[0], scopes)
	ticks := timeTicks(t, replicas[0])
	stop()
	working.Wait()
	t.Logf("%d runs in %v, %.0f a second; a look at the schedule with none due takes %v", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), ticks)
	for id, asked := range q.asked {
		if asked != 1 {
			t.Errorf("the system of connection %s was asked %d times", id, asked)
		}
	}
	for _, sc := range scopes {
		if err := syncedOnce(t.Context(), replicas[0].store, sc); err != nil {
			t.Error(err)
		}
	}
}

// syncedOnce looks whether one run was made, and the next time is to come.
func syncedOnce(ctx context.Context, s *store.Store, sc store.Scope) error {
	runs, err := s.Runs(ctx, sc, store.RunFilter{Limit: 10})
	if err != nil {
		return err
	}
	if len(runs) != 1 || runs[0].State != store.RunComplete {
		return fmt.Errorf("connection %s has %d runs, want one complete: %v", sc.ConnectionID(), len(runs), runs)
	}
	stream, err := s.Stream(ctx, sc, "vendors")
	if err == nil && !stream.NextRunAt.After(time.Now()) {
		err = fmt.Errorf("connection %s is due again at %v", sc.ConnectionID(), stream.NextRunAt)
	}
	return err
}

// poll waits for a condition.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never came: " + what)
		case <-tick.C:
		}
	}
}

func awaitAsked(t *testing.T, q *quiet, n int) {
	t.Helper()
	poll(t, "a request to every system", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.asked) == n
	})
}

// awaitDone waits until no run is left, queued or running.
func awaitDone(t *testing.T, r *replica, scopes []store.Scope) {
	t.Helper()
	for _, sc := range scopes {
		poll(t, "the end of a run", func() bool {
			runs, err := r.store.Runs(t.Context(), sc, store.RunFilter{Limit: 1})
			return err == nil && len(runs) == 1 && runs[0].State == store.RunComplete
		})
	}
}

// timeTicks gives the usual time of a look at the schedule.
func timeTicks(t *testing.T, r *replica) time.Duration {
	t.Helper()
	const looks = 20
	start := time.Now()
	for range looks {
		if err := r.worker.Tick(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return (time.Since(start) / looks).Round(10 * time.Microsecond)
}
