// Package blackout owns the times at which background work leaves a system alone: how a person writes them, and when they begin and end.
// A time is in a window when a clock on the wall in the connection's zone shows a time in it; so a window also holds in both passes of the hour
// that summer time repeats, and one in the hour that it skips does not happen. The package knows no connections and no runs.
package blackout

import (
	"slices"
	"time"
)

// A week in minutes, counted from Monday 00:00.
const (
	aDay  = 24 * 60
	aWeek = 7 * aDay
)

// Windows are the times of a week at which background work waits. The zero value has none.
type Windows struct {
	spans []span // in order, apart from each other
	zone  *time.Location
}

// span is a stretch of the week; it ends before its end.
type span struct{ from, to int }

// In gives the windows as clocks in a zone show them.
func (w Windows) In(zone *time.Location) Windows {
	w.zone = zone
	return w
}

// Until tells whether t lies in a window, and when the first time after t comes that does not.
func (w Windows) Until(t time.Time) (end time.Time, inside bool) {
	for end = t; w.holds(end); inside = true {
		end = w.change(end)
	}
	return end, inside
}

// Next gives when the next window begins after t, which lies in none; zero when there are none.
func (w Windows) Next(t time.Time) time.Time {
	if len(w.spans) == 0 {
		return time.Time{}
	}
	for !w.holds(t) {
		t = w.change(t)
	}
	return t
}

// holds says that the clock shows a time in a window.
func (w Windows) holds(t time.Time) bool {
	minute := w.minute(t)
	return slices.ContainsFunc(w.spans, func(s span) bool { return s.from <= minute && minute < s.to })
}

// change gives the next time at which a window begins or ends, or the zone's clocks are moved.
func (w Windows) change(t time.Time) time.Time {
	local := t.In(w.location())
	minute, next := w.minute(t), aWeek
	for _, s := range w.spans {
		for _, edge := range []int{s.from, s.to} {
			if edge > minute {
				next = min(next, edge)
			}
		}
	}
	sinceMinute := time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	edge := t.Add(time.Duration(next-minute)*time.Minute - sinceMinute)
	if _, moved := local.ZoneBounds(); !moved.IsZero() && moved.Before(edge) {
		return moved.UTC()
	}
	return edge.UTC()
}

// minute gives what the clock shows at t, as a minute of the week.
func (w Windows) minute(t time.Time) int {
	local := t.In(w.location())
	day := (int(local.Weekday()) + 6) % 7
	return day*aDay + local.Hour()*60 + local.Minute()
}

func (w Windows) location() *time.Location {
	if w.zone == nil {
		return time.UTC
	}
	return w.zone
}
