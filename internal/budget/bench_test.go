package budget_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// BenchmarkAcquire takes and frees a place that is always free.
func BenchmarkAcquire(b *testing.B) {
	for name, limits := range map[string]manifest.Limits{
		"places only": {Concurrency: 8}, "every rate": {Concurrency: 8, PerSecond: 1e6, PerMinute: 6e7, PerDay: 8e10},
	} {
		b.Run(name, func(b *testing.B) {
			budget := budget.New(limits)
			b.ReportAllocs()
			for b.Loop() {
				release, err := budget.Acquire(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				release()
			}
		})
	}
}
