package budget

import "time"

// instant is when the next call may go, after first others.
func (s *State) instant(a *Ask, first int) int64 {
	at := max(s.At, s.Pause)
	for i, w := range a.terms.windows {
		if w.limit > 0 {
			at = max(at, s.Next[i]+int64(first)*s.gap(i, w, a.Late)-w.leeway())
		}
	}
	return at
}

// take counts a call at that instant.
func (s *State) take(a *Ask, at int64) {
	if a.Late > minLate {
		s.beLate(a, at)
	}
	for i, w := range a.terms.windows {
		if w.limit > 0 {
			s.Next[i] = max(s.Next[i], at) + s.gap(i, w, a.Late)
		}
	}
}

// gap is the time between two calls at the present share of the rate, when no call comes later than late or than those that share a window with it.
func (s *State) gap(i int, w window, late time.Duration) int64 {
	late = max(late, minLate)
	if s.At < s.LateTo[i] {
		late = max(late, time.Duration(s.Late)*time.Microsecond)
	}
	return w.gap(late) * 16 / int64(16-s.Share)
}

// beLate remembers, as long as a window can hold it, that a call may come so late.
func (s *State) beLate(a *Ask, at int64) {
	old := false
	for i, w := range a.terms.windows {
		old = old || s.At < s.LateTo[i]
		if w.limit > 0 {
			s.LateTo[i] = max(s.LateTo[i], at+micros(w.length+a.Late))
		}
	}
	if late := micros(a.Late); !old || late > s.Late {
		s.Late = late
	}
}
