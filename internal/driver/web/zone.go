package web

import "time"

// Reading is what a time may mean. When clocks are set back an hour comes twice, and a time in it means one of two instants; in the hour that is
// left out when clocks are set forward, a source that writes such a time all the same means either.
type Reading struct{ Earliest, Latest time.Time }

// wall is what the clocks of a zone show at an instant, as a time in UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// Readings gives the instants at which the clocks of a zone show a time. What no clock shows is read with the offsets before and after the change.
func Readings(shown time.Time, zone *time.Location) Reading {
	var at, amiss []time.Time
	for _, around := range []time.Duration{-Day, 0, Day} {
		_, offset := shown.Add(around).In(zone).Zone()
		t := shown.Add(-time.Duration(offset) * time.Second)
		if wall(t, zone).Equal(shown) {
			at = append(at, t)
		}
		amiss = append(amiss, t)
	}
	if len(at) == 0 {
		at = amiss
	}
	r := Reading{at[0], at[0]}
	for _, t := range at[1:] {
		if t.Before(r.Earliest) {
			r.Earliest = t
		}
		if t.After(r.Latest) {
			r.Latest = t
		}
	}
	return r
}

// Day is the length of one.
const Day = 24 * time.Hour
