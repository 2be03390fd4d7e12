package budget

import "time"

const (
	failuresToOpen = 5
	firstOpen      = 5 * time.Second
	longestOpen    = 5 * time.Minute
)

// breaker stops calls to a system that does not answer. Its states follow from its members: closed while Until is 0, then open until that instant, then
// half-open: one call at a time, the probe, decides.
type breaker struct {
	Failures int    `json:"failures,omitempty"` // in a row
	Trips    int    `json:"trips,omitempty"`    // since it was closed
	Since    int64  `json:"since,omitempty"`    // of the last change
	Until    int64  `json:"until,omitempty"`
	Probe    string `json:"probe,omitempty"` // the holder whose call is the probe
}

func (b *breaker) closed() bool { return b.Until == 0 }

// trip opens the breaker, for longer each time; chance, 0 to 1, keeps those that lost one system together from coming back together.
func (b *breaker) trip(now int64, chance float64) {
	open := longestOpen
	if b.Trips < 10 {
		open = min(firstOpen<<b.Trips, longestOpen)
	}
	open += time.Duration(chance * float64(open) / 4)
	*b = breaker{Trips: b.Trips + 1, Since: now, Until: now + micros(open)}
}

// answered notes a call that the system answered; probe says that it was the probe.
func (b *breaker) answered(now int64, probe bool) {
	switch {
	case b.closed():
		b.Failures = 0
	case probe:
		*b = breaker{Since: now}
	}
}

// silent notes a call without an answer; true: the breaker opens by it.
func (b *breaker) silent(now, granted int64, probe bool, chance float64) bool {
	if probe {
		b.trip(now, chance)
		return true
	}
	if !b.closed() || granted < b.Since {
		return false
	}
	if b.Failures++; b.Failures < failuresToOpen {
		return false
	}
	b.trip(now, chance)
	return true
}
