package budget_test

import (
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// BenchmarkAcquire takes and frees a place that is always free.
func BenchmarkAcquire(b *testing.B) {
	for name, limits := range map[string]manifest.Limits{
		"places only": {Concurrency: 8}, "with a rate": {Concurrency: 8, PerDay: 1e12},
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

// BenchmarkShared takes and frees places that processes share: alone, one call after the other; and eight callers of each of three processes at once.
func BenchmarkShared(b *testing.B) {
	for _, keeper := range []string{"sqlite", "postgres"} {
		for name, shape := range map[string]struct{ processes, callers int }{"alone": {1, 1}, "eight callers": {1, 8}, "three processes": {3, 8}} {
			b.Run(keeper+" "+name, func(b *testing.B) {
				s := keepers()[keeper](b)
				before := s.changes.Load()
				limits := manifest.Limits{Concurrency: 16}
				left := make(chan struct{}, 1024)
				var callers sync.WaitGroup
				for p := range shape.processes {
					one := s.process(string(rune('a'+p))).For("c1", limits)
					for range shape.callers {
						callers.Go(func() {
							for range left {
								release, err := one.Acquire(b.Context())
								if err != nil {
									b.Error(err)
									return
								}
								release()
							}
						})
					}
				}
				for b.Loop() {
					left <- struct{}{}
				}
				close(left)
				callers.Wait()
				b.ReportMetric(float64(s.changes.Load()-before)/float64(b.N), "transactions/call")
			})
		}
	}
}
