package budget

import "time"

// instant is when the next call may go, after first others.
func (s *State) instant(t *terms, late time.Duration, first int) int64 {
	at := max(s.At, s.Pause)
	for i, w := range t.windows {
		if w.limit > 0 {
			at = max(at, s.Next[i]+int64(first)*s.gap(w, late)-w.leeway())
		}
	}
	return at
}

// take counts a call at that instant.
func (s *State) take(t *terms, late time.Duration, at int64) {
	for i, w := range t.windows {
		if w.limit > 0 {
			s.Next[i] = max(s.Next[i], at) + s.gap(w, late)
		}
	}
}

// gap is the time between two calls at the present share of the rate.
func (s *State) gap(w window, late time.Duration) int64 {
	return w.gap(late) * 16 / int64(16-s.Share)
}

// lateness is how late calls may come that are granted now or were granted lately. The rates are counted with it.
func (s *State) lateness(late time.Duration) time.Duration {
	late = max(late, minLate)
	if l := time.Duration(s.Late) * time.Microsecond; s.At < s.LateTo && l > late {
		return l
	}
	s.Late = 0
	if late > minLate {
		s.Late = micros(late)
	}
	return late
}
