package engine

import (
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// Freshness tells how old what a stream holds is, against its schedule.
type Freshness string

// The kinds of freshness.
const (
	Fresh       Freshness = "fresh"
	Late        Freshness = "late"        // a whole scheduled time has passed without a success
	Never       Freshness = "never"       // no run has succeeded yet
	Paused      Freshness = "paused"      // somebody paused it
	Unscheduled Freshness = "unscheduled" // it syncs only when asked
)

// Freshnesses lists them.
func Freshnesses() []Freshness { return []Freshness{Fresh, Late, Never, Paused, Unscheduled} }

// atLeast is how long a success counts as fresh, however short the schedule.
const atLeast = 2 * time.Minute

// FreshnessOf tells how fresh a stream is.
func FreshnessOf(connectionID string, st store.Stream, now time.Time) Freshness {
	if st.Paused {
		return Paused
	}
	if st.LastSuccessAt.IsZero() {
		return Never
	}
	schedule, err := ParseSchedule(st.Schedule)
	if err != nil || st.Schedule == store.ManualSchedule {
		return Unscheduled
	}
	spread := Spread(connectionID, st.Entity)
	missed := schedule.Next(schedule.Next(st.LastSuccessAt, spread), spread)
	if now.After(missed) && now.Sub(st.LastSuccessAt) > atLeast {
		return Late
	}
	return Fresh
}
