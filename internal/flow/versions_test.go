package flow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// A run goes on with the version and the settings that it began with, also after a restart; the next one has the new ones.
func TestRunKeepsItsVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	first := rows("delay: 2s")
	w.apply(first, "erp")
	r := w.run("rows-to-items", numbered(12))
	second := w.apply(strings.NewReplacer("Row ", "New ", "delay: 2s", "").Replace(first), "erp")
	if before := w.read(r); before.Counts.Pending == 0 || before.Version == second.Flow.Version {
		t.Fatalf("version %d has %+v when version %d is applied", before.Version, before.Counts, second.Flow.Version)
	}
	w.restart()
	for range 3 {
		w.clock.add(2 * time.Second)
		w.settle()
	}
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: 12, OK: 11, Failed: 1})
	for name := range w.created("items") {
		if !strings.HasPrefix(name, "Row ") {
			t.Errorf("%q was made, which the version of the run does not", name)
		}
	}
	next := w.run("rows-to-items", numbered(2))
	if made := w.created("items"); next.Version != second.Flow.Version || len(made) != 12 || made["New 1"] != 1 {
		t.Errorf("the next run is of version %d, not %d: %v", next.Version, second.Flow.Version, made)
	}
}
