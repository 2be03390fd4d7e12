package engine

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the look at the server's count

	pgcluster "github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
)

// The schedule, requests and changes of state that meet at one connection wait for each other in one order.
func TestNobodyWaitsForStreamsInACircle(t *testing.T) {
	t.Parallel()
	url := pgcluster.Database(t)
	w := newWorld(t)
	var err error
	w.store, err = postgres.Open(t.Context(), url)
	w.must(err)
	w.connect()
	w.service = NewService(Config{Store: w.store, Waker: quietWaker{}, Now: w.now, Rand: w.service.Rand})
	w.worker.Store, w.worker.Waker = w.store, quietWaker{}
	var group sync.WaitGroup
	group.Go(func() {
		for range 60 {
			early := w.clock.Add(-time.Minute)
			for entity, at := range map[string]time.Time{"purchase-orders": w.clock, "vendors": early} {
				w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
					return tx.UpdateStream(t.Context(), w.conn.Scope(), entity, store.StreamSettings{NextRunAt: &at})
				}))
			}
			w.must(w.worker.makeDueRuns(t.Context()))
		}
	})
	for n := range 2 {
		group.Go(func() {
			for i := range 120 {
				if n == 0 {
					_, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders", "vendors"}, store.Full, store.TriggerManual)
					w.must(err)
					continue
				}
				w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
					state := []store.ConnectionState{store.ConnectionUnreachable, store.ConnectionActive}[i%2]
					return tx.SetConnectionState(t.Context(), w.conn.Scope(), state, "", "", w.clock)
				}))
			}
		})
	}
	group.Wait()
	w.must(w.store.Close())
	db, err := sql.Open("pgx", url)
	w.must(err)
	defer db.Close()
	var n int
	w.must(db.QueryRow(`select deadlocks from pg_stat_database where datname = current_database()`).Scan(&n))
	if n > 0 {
		t.Errorf("%d circles", n)
	}
}

type quietWaker struct{}

func (quietWaker) Wake(ctx context.Context, _ *store.Tx, _ store.Lane, _ ...string) error { return nil }
