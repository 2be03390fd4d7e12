package app

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
)

// TestReplicasShareBudgets: what one process calls, another sees.
func TestReplicasShareBudgets(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	var stores [2]*store.Store
	for i := range stores {
		st, err := postgres.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		stores[i] = st
	}
	c := &store.Connection{ID: "c1", ProjectID: "p1", State: store.ConnectionActive, CreatedAt: time.Unix(1e9, 0)}
	if err := stores[0].Write(t.Context(), func(tx *store.Tx) error { return tx.InsertConnection(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
	limits := manifest.Limits{Concurrency: 1}
	one, other := newBudgets(stores[0]), newBudgets(stores[1])
	inUse := func() int {
		look, err := other.Look(t.Context(), c.ID, limits)
		if err != nil {
			t.Fatal(err)
		}
		return look.InUse
	}
	release, err := one.For(c.ID, limits).Acquire(t.Context())
	if err != nil || inUse() != 1 {
		t.Fatalf("%v; the other process sees %d calls", err, inUse())
	}
	release()
	one.Close()
	if inUse() != 0 {
		t.Error("a process that stopped holds a place")
	}
}
