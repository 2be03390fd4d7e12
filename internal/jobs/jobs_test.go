package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	pgcluster "github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// engines are the databases that every test here runs on.
func engines(t *testing.T, test func(t *testing.T, open func() *store.Store)) {
	opened := func(t *testing.T, s *store.Store, err error) *store.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		s, err := sqlite.Open(t.Context(), t.TempDir())
		opened(t, s, err)
		test(t, func() *store.Store { return s })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := pgcluster.Database(t)
		test(t, func() *store.Store {
			s, err := postgres.Open(t.Context(), url)
			return opened(t, s, err)
		})
	})
}

func newRunner(t *testing.T, s *store.Store) *Runner {
	t.Helper()
	r, err := New(t.Context(), Config{Store: s, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func start(t *testing.T, r *Runner, handle Handler) {
	t.Helper()
	if err := r.Start(t.Context(), map[store.Lane]Handler{store.LaneAsked: handle, store.LaneScheduled: handle, store.LaneWrites: handle}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func wake(t *testing.T, r *Runner, lane store.Lane, ids ...string) {
	t.Helper()
	if err := r.store.Write(t.Context(), func(tx *store.Tx) error { return r.Wake(t.Context(), tx, lane, ids...) }); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never came: " + what)
		case <-tick.C:
		}
	}
}

// A connection that is woken many times has one turn, and one more for what came after its last look.
func TestOneTurnAConnection(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, open func() *store.Store) {
		s := open()
		r := newRunner(t, s)
		for range 5 {
			wake(t, r, store.LaneScheduled, "c", "c")
		}
		var turns, now atomic.Int64
		start(t, r, func(ctx context.Context, _ string, done func(*store.Tx) error) (bool, error) {
			if now.Add(1) > 1 {
				t.Error("a connection has two turns at once")
			}
			defer now.Add(-1)
			err := s.Write(ctx, done)
			turns.Add(1)
			return false, err
		})
		await(t, "a turn", func() bool { return turns.Load() == 1 })
		wake(t, r, store.LaneScheduled, "c")
		await(t, "another turn", func() bool { return turns.Load() == 2 })
	})
}

// A wake-up that comes between a turn's last look and its end is not lost: whoever asks for work stores it and then wakes; a turn says that it
// ends and then looks, so that a wake-up has to wait for its end.
func TestNoWakeUpIsLost(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, open func() *store.Store) {
		r, other := newRunner(t, open()), newRunner(t, open())
		conn := connection(t, r.store)
		var turns atomic.Int64
		var asking sync.WaitGroup
		start(t, r, func(ctx context.Context, _ string, done func(*store.Tx) error) (bool, error) {
			first := turns.Add(1) == 1
			return false, r.store.Write(ctx, func(tx *store.Tx) error {
				if err := done(tx); err != nil {
					return err
				}
				runs, err := tx.RunnableRuns(ctx, conn.Scope(), time.Now())
				if first && err == nil && len(runs) == 0 {
					asked := make(chan struct{})
					asking.Go(func() { ask(t, other, conn); close(asked) })
					select { // either it waits for us, or it is through at once
					case <-asked:
					case <-time.After(300 * time.Millisecond):
					}
				}
				return err
			})
		})
		wake(t, r, store.LaneAsked, conn.ID)
		await(t, "a turn for the request", func() bool { return turns.Load() > 1 })
		asking.Wait()
	})
}

// ask makes a run, unless one is there, and wakes the connection.
func ask(t *testing.T, r *Runner, conn *store.Connection) {
	err := r.store.Write(t.Context(), func(tx *store.Tx) error {
		id := uuid.Must(uuid.NewV7FromReader(rand.Reader)).String()
		if _, _, err := tx.RequestRun(t.Context(), conn.Scope(), "vendors", store.Incremental, store.TriggerManual, id, time.Now()); err != nil {
			return err
		}
		return r.Wake(t.Context(), tx, store.LaneAsked, conn.ID)
	})
	if err != nil {
		t.Error(err)
	}
}

func connection(t *testing.T, s *store.Store) *store.Connection {
	t.Helper()
	now := time.Now()
	project, _, err := s.EnsureProject(t.Context(), uuid.NewString(), "p", now)
	if err != nil {
		t.Fatal(err)
	}
	c := &store.Connection{ID: uuid.NewString(), ProjectID: project.ID, System: "s", Name: "n", State: store.ConnectionActive,
		TimeZone: "UTC", CreatedAt: now, UpdatedAt: now, StateSince: now, Metadata: json.RawMessage("{}")}
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(t.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "vendors", Schedule: "manual", History: "all"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a person asked for, writes and flows do not wait behind scheduled turns, however many hold all workers.
func TestLanesDoNotWaitForScheduled(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, open func() *store.Store) {
		s := open()
		r := newRunner(t, s)
		release, ran := make(chan struct{}), make(chan store.Lane, 3)
		quick := func(lane store.Lane) Handler {
			return func(ctx context.Context, _ string, done func(*store.Tx) error) (bool, error) {
				ran <- lane
				return false, s.Write(ctx, done)
			}
		}
		var working atomic.Int64
		handlers := map[store.Lane]Handler{
			store.LaneScheduled: func(ctx context.Context, _ string, done func(*store.Tx) error) (bool, error) {
				working.Add(1)
				select {
				case <-release:
				case <-ctx.Done():
				}
				return false, s.Write(ctx, done)
			},
			store.LaneAsked: quick(store.LaneAsked), store.LaneWrites: quick(store.LaneWrites), store.LaneFlows: quick(store.LaneFlows),
		}
		if err := r.Start(t.Context(), handlers); err != nil {
			t.Fatal(err)
		}
		defer r.Stop(context.Background())
		var ids []string
		turns := specOf[scheduled]().turns
		for range 2 * turns {
			ids = append(ids, uuid.NewString())
		}
		wake(t, r, store.LaneScheduled, ids...)
		await(t, "all workers busy", func() bool { return working.Load() == int64(turns) })
		if crowded, err := r.Crowded(t.Context(), store.LaneScheduled); err != nil || !crowded {
			t.Errorf("crowded: %v, %v; half of the connections wait", crowded, err)
		}
		for _, lane := range []store.Lane{store.LaneAsked, store.LaneWrites, store.LaneFlows} {
			wake(t, r, lane, ids[0])
			if got := <-ran; got != lane {
				t.Errorf("a turn in lane %s, want %s", got, lane)
			}
		}
		close(release)
		await(t, "the others", func() bool { return working.Load() == int64(2*turns) })
	})
}

// A wake-up whose process is gone is taken up by another as soon as no live one could still be at it.
func TestStrandedWakeUpIsRecovered(t *testing.T) {
	t.Parallel()
	s, err := postgres.Open(t.Context(), pgcluster.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := newRunner(t, s)
	wake(t, r, store.LaneScheduled, "young", "stranded")
	for id, ago := range map[string]string{"young": "60 seconds", "stranded": "66 seconds"} {
		_, err := s.DB().ExecContext(t.Context(), `update river_job set state = 'running', attempted_at = now() - $1::interval where args->>'connection_id' = $2`, ago, id)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	turns := make(chan string, 2)
	start(t, r, func(ctx context.Context, id string, done func(*store.Tx) error) (bool, error) {
		turns <- id
		return false, s.Write(ctx, done)
	})
	if id := <-turns; id != "stranded" {
		t.Errorf("%s has a turn; want the stranded one alone", id)
	}
	if len(turns) > 0 {
		t.Errorf("%s has a turn too", <-turns)
	}
}
