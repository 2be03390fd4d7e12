package sqldb

import "time"

// lowest gives what the clocks of a zone show at an instant, or less where they are set back soon after it: no later instant shows less.
func lowest(t time.Time, zone *time.Location) string {
	shown := wallOf(t.In(zone))
	if _, end := t.In(zone).ZoneBounds(); !end.IsZero() {
		if then := wallOf(end.In(zone)); then.Before(shown) {
			shown = then
		}
	}
	return shown.Format(wallClock)
}

// wallOf is what a clock shows, as a time in UTC.
func wallOf(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// earliest gives the first instant at which the clocks of a zone show a time. What no clock shows is read with the offsets around the change.
func earliest(shown time.Time, zone *time.Location) time.Time {
	var first, amiss time.Time
	sooner := func(a, b time.Time) time.Time {
		if a.IsZero() || b.Before(a) {
			return b
		}
		return a
	}
	for _, around := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} {
		_, offset := shown.Add(around).In(zone).Zone()
		t := shown.Add(-time.Duration(offset) * time.Second)
		amiss = sooner(amiss, t)
		if wallOf(t.In(zone)).Equal(shown) {
			first = sooner(first, t)
		}
	}
	if first.IsZero() {
		return amiss
	}
	return first
}

// instant reads a time of a column, the earliest it may mean; zero when it is none.
func instant(c column, text string, zone *time.Location) time.Time {
	if c.class == zoned {
		t, _ := time.Parse(time.RFC3339Nano, text)
		return t.UTC()
	}
	for _, form := range []string{wallClock, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return earliest(t, zone)
		}
	}
	return time.Time{}
}
