package faulttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

func edit(id, name string) erp.Edit {
	return erp.Edit{Resource: "vendors", ID: id, Set: map[string]any{"name": name}}
}

// holds tells whether the store has the name that the source has.
func (w *world) holds(id string) bool {
	w.Helper()
	return sameRecord(w.stored()[id], w.sim.Truth("vendors")[id])
}

// TestLateCommits is rows 7 and 8: a transaction stamps at t and commits later, when others have moved the cursor past t.
func TestLateCommits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		late  time.Duration
		found string // by which run
	}{
		{"07 within the lookback", 90 * time.Second, "incremental"},
		{"07 at its edge", 14 * time.Minute, "incremental"},
		{"08 beyond the lookback", 2 * time.Hour, "full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			w.clock.add(time.Hour)
			late := edit("000010", "Late")
			late.Visible = w.clock.Now().Add(c.late)
			w.check(w.sim.Edit(late))
			for w.clock.Now().Before(late.Visible) {
				w.clock.add(c.late / 3)
				w.check(w.sim.Edit(edit("000011", w.clock.Now().String())))
				w.settled("incremental")
				w.follow()
			}
			w.clock.add(time.Second)
			w.settled("incremental")
			if got := w.holds("000010"); got != (c.found == "incremental") {
				t.Errorf("after an incremental run the late commit is stored: %t", got)
			}
			w.settled("full")
			if !w.holds("000010") {
				t.Error("after a full run the late commit is missing")
			}
			w.even()
		})
	}
}

// TestClocks is row 9: the source's clock is wrong, or jumps. What the jump back hides is found by the next full run.
func TestClocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		ahead, jump time.Duration
		incremental bool // found without a full run
	}{
		{"right", 0, 0, true},
		{"ten minutes ahead", 10 * time.Minute, 0, true},
		{"ten minutes behind", -10 * time.Minute, 0, true},
		{"a day behind", -24 * time.Hour, 0, true},
		{"jumps an hour ahead", 0, time.Hour, true},
		{"jumps back by the lookback", 0, -10 * time.Minute, true},
		{"jumps an hour back", 0, -time.Hour, false},
		{"two days ahead", 48 * time.Hour, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{ahead: c.ahead})
			for i := range 6 {
				w.clock.add(time.Minute)
				w.check(w.sim.Edit(edit(fmt.Sprintf("%06d", 10+i), "Edited")))
				w.settled("incremental")
				w.follow()
				if i == 2 {
					w.shift.Add(int64(c.jump))
				}
			}
			if t := w.count(); (len(t.stale) == 0) != c.incremental {
				w.Errorf("after incremental runs, stale: %v", t.stale)
			}
			w.even()
		})
	}
}

// TestStamps is row 10: stamps without a zone, through the hour that comes twice, and of coarse resolution. Incremental runs alone find everything.
func TestStamps(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	winter := time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC) // two hours before the clocks go back
	spring := time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		setup setup
	}{
		{"microseconds", setup{start: winter}},
		{"local seconds, clocks go back", setup{start: winter, zone: "Europe/Berlin", stamps: erp.StampForm{Layout: localSeconds, Zone: berlin}, cursor: "{precision: 1s}"}},
		{"local seconds, clocks go forward", setup{start: spring, zone: "Europe/Berlin", stamps: erp.StampForm{Layout: localSeconds, Zone: berlin}, cursor: "{precision: 1s}"}},
		{"local minutes, clocks go back", setup{start: winter, zone: "Europe/Berlin", stamps: erp.StampForm{Layout: localMinutes, Zone: berlin}, cursor: "{precision: 1m}"}},
		{"days", setup{start: winter, zone: "Europe/Berlin", stamps: erp.StampForm{Layout: localDays, Zone: berlin}, cursor: "{precision: 24h, lookback: 24h}"}},
		{"offset of the zone", setup{start: winter, stamps: erp.StampForm{Layout: time.RFC3339, Zone: berlin}, cursor: "{precision: 1s}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.setup)
			for i := range 30 {
				w.clock.add(10*time.Minute + time.Duration(i)*time.Millisecond)
				w.check(w.sim.Edit(edit(fmt.Sprintf("%06d", 10+i%7), fmt.Sprintf("Edit %d", i))))
				if i%3 == 0 {
					w.settled("incremental")
					w.follow()
				}
			}
			w.clock.add(time.Minute)
			w.settled("incremental")
			w.follow()
			w.balanced()
			w.even()
		})
	}
}

// TestSilentEdit is row 11: a change that does not touch updatedAt is found by a full run, and only there.
func TestSilentEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.clock.add(time.Hour)
	silent := edit("000010", "Silently changed")
	silent.Silent = true
	w.check(w.sim.Edit(silent))
	w.settled("incremental")
	if w.holds("000010") {
		t.Error("an incremental run found what has no new stamp")
	}
	w.settled("full")
	if !w.holds("000010") {
		t.Error("a full run did not find the silent edit")
	}
	w.even()
}
