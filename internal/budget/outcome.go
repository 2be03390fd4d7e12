package budget

import "time"

const (
	// widenAfter successes give back a step of what a refusal took.
	widenAfter = 20
	// sixteenths of the granted rates that a budget can be narrowed by: never all of them.
	narrowest = 15
	// maxPause caps the pause that one answer can impose, usualPause is that of a refusal which names none.
	maxPause   = 15 * time.Minute
	usualPause = time.Second
)

// Kind is what came of a call, as far as the budget is concerned.
type Kind int

// The kinds of outcome.
const (
	Abandoned  Kind = iota // nobody knows: its caller went away
	Answered               // the system answered
	Refused                // it refused for load, and perhaps named a pause
	Overloaded             // it could not serve the call for load, and named no pause
	Silent                 // no answer came, from it or from what stands before it
)

// Outcome is what came of one granted call.
type Outcome struct {
	Kind    Kind
	Pause   time.Duration // Refused: before the next call
	Granted int64         // when the call was granted, as the Answer said
	Probe   bool          // it was the breaker's probe
}

// note takes an outcome in.
func (s *State) note(o Outcome, width int, chance float64) {
	switch o.Kind {
	case Answered:
		s.Breaker.answered(s.At, o.Probe)
		s.widen()
	case Refused:
		s.Breaker.answered(s.At, o.Probe)
		s.narrow(width, o.Granted)
		s.Pause = max(s.Pause, s.At+micros(min(o.Pause, maxPause)))
	case Overloaded:
		s.narrow(width, o.Granted)
		s.Breaker.silent(s.At, o.Granted, o.Probe, chance)
	case Silent:
		if s.Breaker.silent(s.At, o.Granted, o.Probe, chance) && !o.Probe {
			s.narrow(width, o.Granted)
		}
	}
}

// narrow halves rates and width. Calls that were under way when it happened say nothing new.
func (s *State) narrow(width int, granted int64) {
	if s.NarrowAt != 0 && granted <= s.NarrowAt {
		return
	}
	s.Share = min(narrowest, 16-(16-s.Share)/2)
	left := max(1, (width-min(s.Narrow, width-1))/2)
	s.Narrow, s.Good, s.NarrowAt = width-left, 0, s.At
}

func (s *State) widen() {
	if s.Share == 0 && s.Narrow == 0 {
		return
	}
	if s.Good++; s.Good >= widenAfter {
		s.Share, s.Narrow, s.Good = max(0, s.Share-1), max(0, s.Narrow-1), 0
	}
}

// width is how many calls may be under way at once now.
func (s *State) width(full int) int { return max(1, full-s.Narrow) }
