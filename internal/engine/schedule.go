package engine

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/busbar-dev/busbar/internal/store"
)

// Bounds of an interval.
const (
	minInterval = 30 * time.Second
	maxInterval = 31 * 24 * time.Hour
)

// Schedule says when a stream is synced by itself.
type Schedule struct {
	every time.Duration // 0: not an interval
	cron  cron.Schedule // nil: not cron
}

var intervalText = regexp.MustCompile(`^(\d{1,7})(s|m|h|d|w)$`)

// ParseSchedule reads an interval (30s to 31d: "15m", "1h", "1d"), a cron line of five fields in UTC ("0 6 * * 1-5", "@daily"), or
// "manual". The error is a sentence for the person who wrote it.
func ParseSchedule(text string) (Schedule, error) {
	text = strings.TrimSpace(text)
	if text == store.ManualSchedule {
		return Schedule{}, nil
	}
	if m := intervalText.FindStringSubmatch(text); m != nil {
		return parseInterval(m[1], m[2])
	}
	line, err := cron.ParseStandard(text)
	if err != nil || strings.HasPrefix(text, "@every") {
		return Schedule{}, fmt.Errorf(`%q is not a schedule: write an interval like "15m", "1h" or "1d", a cron line like "0 6 * * 1-5", or "manual"`, text)
	}
	return Schedule{cron: line}, nil
}

func parseInterval(count, unit string) (Schedule, error) {
	n, _ := strconv.Atoi(count) // at most seven digits
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	every := time.Duration(n) * units[unit]
	if every < minInterval || every > maxInterval {
		return Schedule{}, fmt.Errorf("an interval lies between 30s and 31d; %s%s does not", count, unit)
	}
	return Schedule{every: every}, nil
}

// Next gives the first time after now; zero for a manual schedule. spread in [0,1) shifts intervals by up to a tenth, so
// that streams made together do not all fall due together.
func (s Schedule) Next(now time.Time, spread float64) time.Time {
	switch {
	case s.every > 0:
		return now.Add(s.every + time.Duration(spread*float64(s.every)/10))
	case s.cron != nil:
		return s.cron.Next(now.UTC())
	default:
		return time.Time{}
	}
}

// Spread gives a stream's own place in [0,1), always the same.
func Spread(connectionID, entity string) float64 {
	h := fnv.New32a()
	h.Write([]byte(connectionID + "/" + entity))
	return float64(h.Sum32()) / (1 << 32)
}
