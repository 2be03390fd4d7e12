package postgres_test

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/storetest"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// BenchmarkStore writes to the disk as a server out there does.
func BenchmarkStore(b *testing.B) {
	c := server.Start(b, "fsync=on", "full_page_writes=on")
	storetest.Bench(b, func(b *testing.B) *store.Store { return open(b, c.Database(b)) }, func() time.Duration { return storetest.OwnCPU() + c.CPU(b) })
}
