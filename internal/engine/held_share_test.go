package engine

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

// A system that shows another company's records shows many; that all those stored are gone is suspicious all the same.
func TestRecordsThatAreNewDoNotHideThatAllAreGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 50), store.RunComplete, "")
	run := w.sweeps(orders(1000, 1500), store.RunIncomplete, "deletions-held")
	w.sweeps(orders(1000, 2500), store.RunIncomplete, "deletions-held")
	w.keeps(orders(0, 50), orders(1000, 2500))
	w.ends(w.approve(run), store.RunComplete, "")
	w.keeps(orders(1000, 2500))
}

// A stream that grows under a hold makes the held share smaller; nobody has decided by that.
func TestGrowthDoesNotCarryOutHeldDeletions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sweeps(orders(0, 100), store.RunComplete, "")
	w.sweeps(orders(30, 100), store.RunIncomplete, "deletions-held")
	for _, to := range []int{140, 300} {
		w.sweeps(orders(30, to), store.RunIncomplete, "deletions-held")
		w.keeps(orders(0, to))
	}
	w.sweeps(orders(3, 300), store.RunComplete, "") // nearly all are back
	w.keeps(orders(3, 300))
}
