package file

import (
	"slices"
	"testing"
	"time"
)

// The archive keeps names and their order, however many files one chain has.
func TestNamesInTheArchive(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 10, 0, 0, 123000, time.UTC)
	var names []string
	for _, n := range []int{0, 9, 999, 9999, 10_000, 123_456} {
		names = append(names, archivedName(at, n, "items-2.csv"))
		if got := originalName(names[len(names)-1]); got != "items-2.csv" {
			t.Errorf("file %d of a chain was %q", n, got)
		}
	}
	names = append(names, archivedName(at.Add(time.Microsecond), 0, "items-1.csv"))
	if !slices.IsSortedFunc(names, compareNames) {
		t.Errorf("%q are not in order", names)
	}
	for _, other := range []string{"items-2.csv", "items.csv", ".busbar-items.1.receipt", "20260304T100000.000123Z-x-items.csv", "2026-03-04.csv", ""} {
		if got := originalName(other); got != "" {
			t.Errorf("%s is taken for %s", other, got)
		}
	}
}
