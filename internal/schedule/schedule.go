// Package schedule owns when something falls due by itself: intervals, and cron lines in a time zone. It must not know what falls due, or the clock.
package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Bounds of an interval.
const (
	minInterval = 30 * time.Second
	maxInterval = 31 * 24 * time.Hour
)

// Schedule says when something falls due. The zero Schedule never does.
type Schedule struct {
	every time.Duration      // 0: not an interval
	line  *cron.SpecSchedule // nil: not cron
	zone  *time.Location
}

var intervalText = regexp.MustCompile(`^(\d{1,7})(s|m|h|d|w)$`)

// Parse reads an interval ("15m", "1h", "1d") or a cron line in UTC. The error is a sentence for the person who wrote it.
func Parse(text string) (Schedule, error) {
	m := intervalText.FindStringSubmatch(text)
	if m == nil {
		return Cron(text, time.UTC)
	}
	n, _ := strconv.Atoi(m[1]) // at most seven digits
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	s, err := Every(time.Duration(n) * units[m[2]])
	if err != nil {
		return Schedule{}, fmt.Errorf("%w; %s does not", err, text)
	}
	return s, nil
}

// Every falls due again and again with the same time between.
func Every(interval time.Duration) (Schedule, error) {
	if interval < minInterval || interval > maxInterval {
		return Schedule{}, errors.New("an interval lies between 30s and 31d")
	}
	return Schedule{every: interval}, nil
}

// Cron reads a line of five fields ("0 6 * * 1-5", or a word such as "@daily"), whose times are those of the clocks in the zone. Where clocks are changed:
//   - a time that does not exist falls due at the first moment after the gap, once;
//   - a time that exists twice falls due the first time only;
//   - a line for every hour (with * in the place of the hour) goes by the time that passes, as if no clock were changed.
func Cron(line string, zone *time.Location) (Schedule, error) {
	if strings.HasPrefix(line, "@every") || strings.Contains(line, "=") {
		return Schedule{}, notCron(line)
	}
	parsed, err := cron.ParseStandard(line)
	spec, ok := parsed.(*cron.SpecSchedule)
	if err != nil || !ok {
		return Schedule{}, notCron(line)
	}
	if spec.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("%q never falls due: there is no such day", line)
	}
	return Schedule{line: spec, zone: zone}, nil
}

func notCron(line string) error {
	return fmt.Errorf(`%q is not a cron line: write minute, hour, day of the month, month and day of the week, such as "0 6 * * 1-5"`, line)
}

// Zone gives a time zone by its IANA name.
func Zone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %q", name)
	}
	return zone, nil
}

// Next gives the first time after now, in UTC; zero for a schedule that never falls due. spread in [0,1) shifts intervals by up to a tenth, so that what is made together does not
// all fall due together.
func (s Schedule) Next(now time.Time, spread float64) time.Time {
	switch {
	case s.every > 0:
		return now.Add(s.every + time.Duration(spread*float64(s.every)/10))
	case s.line == nil:
		return time.Time{}
	case s.everyHour():
		return s.passing(now)
	}
	return s.byTheClock(now)
}

// everyHour tells a line with * for the hour; the library marks it with the highest bit.
func (s Schedule) everyHour() bool { return s.line.Hour>>63 == 1 }

// byTheClock goes from one time that clocks show to the next, until one is still to come.
func (s Schedule) byTheClock(now time.Time) time.Time {
	for shown := shownAt(now, s.zone); ; {
		shown = s.line.Next(shown)
		if shown.IsZero() {
			return time.Time{}
		}
		if due := moment(shown, s.zone); due.After(now) {
			return due
		}
	}
}

// passing goes from one change of clocks to the next.
func (s Schedule) passing(now time.Time) time.Time {
	for {
		local := now.In(s.zone)
		_, end := local.ZoneBounds()
		_, offset := local.Zone()
		shown := s.line.Next(shownAt(now, s.zone))
		if shown.IsZero() {
			return time.Time{}
		}
		due := shown.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || due.Before(end) {
			return due
		}
		if first := s.line.Next(shownAt(end, s.zone).Add(-time.Second)); first.Equal(shownAt(end, s.zone)) {
			return end.UTC()
		}
		now = end
	}
}

// shownAt gives what clocks in the zone show at a moment, as a time in UTC.
func shownAt(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// moment gives the first moment at which clocks in the zone show a time, or that after the gap in which none does.
func moment(shown time.Time, zone *time.Location) time.Time {
	t := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), shown.Second(), 0, zone)
	start, end := t.ZoneBounds()
	switch {
	case shownAt(t, zone).After(shown):
		return start.UTC()
	case shownAt(t, zone).Before(shown):
		return end.UTC()
	case start.IsZero():
		return t.UTC()
	}
	_, now := t.Zone()
	_, before := start.Add(-time.Nanosecond).Zone()
	if earlier := t.Add(-time.Duration(before-now) * time.Second); before > now && earlier.Before(start) {
		return earlier.UTC()
	}
	return t.UTC()
}
