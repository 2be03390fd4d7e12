package sqlite_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) *store.Store { return open(b, b.TempDir()) }, storetest.OwnCPU)
}
