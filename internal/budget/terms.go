package budget

import (
	"math"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

const (
	defaultConcurrency = 2
	// minLate is the least time that a call granted for an instant may take until it reaches the system; it is part of every window.
	minLate = 20 * time.Millisecond
)

// terms are a manifest's limits in the form in which calls are counted.
type terms struct {
	width   int
	windows [windows]window
}

// windows: second, minute, day.
const windows = 3

// window is one limit: at most this many calls in any stretch of this length, of which atOnce may come together.
type window struct {
	length time.Duration
	limit  int64
	atOnce int64
}

func termsOf(l manifest.Limits) terms {
	t := terms{width: l.Concurrency}
	if t.width < 1 {
		t.width = defaultConcurrency
	}
	t.windows[0] = windowOf(l.PerSecond, time.Second, 0.02)
	t.windows[1] = windowOf(l.PerMinute, time.Minute, 0.05)
	t.windows[2] = windowOf(l.PerDay, 24*time.Hour, 0.5)
	return t
}

// windowOf makes a window for whole calls: half a call a second is one in two seconds.
func windowOf(limit float64, length time.Duration, share float64) window {
	if limit <= 0 {
		return window{}
	}
	if limit < 1 {
		length, limit = time.Duration(math.Min(float64(length)/limit, math.MaxInt64/4)), 1
	}
	n := int64(math.Min(limit, 1e12))
	return window{length: length, limit: n, atOnce: max(1, int64(float64(n)*share))}
}

// gap is the time between two calls at the full rate, in µs, when calls come up to late after their instant. With it, and atOnce-1 full gaps of
// leeway, no window holds more than the limit: 1 + (length + late + leeway) / gap < limit + 1.
func (w window) gap(late time.Duration) int64 {
	return (w.length+late).Microseconds()/(w.limit+1-w.atOnce) + 1
}

// leeway is how far calls may run ahead of the even flow, in µs.
func (w window) leeway() int64 { return (w.atOnce - 1) * w.gap(minLate) }
