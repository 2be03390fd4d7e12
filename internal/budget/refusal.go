package budget

import (
	"fmt"
	"time"
)

// Reason says why a call may not be made now.
type Reason string

// The reasons.
const (
	Unreachable Reason = "unreachable" // the breaker is open: the system did not answer
	Paused      Reason = "paused"      // the system asked to wait
)

// Refusal is the error of a call that was not made, because it would have to wait for longer than its caller should.
type Refusal struct {
	Reason Reason
	After  time.Duration // it may go well after this time
}

func (r *Refusal) Error() string {
	if r.Reason == Paused {
		return fmt.Sprintf("not called: the system asked to wait; the next call may go in %s", r.After.Round(time.Second))
	}
	return fmt.Sprintf("not called: the system did not answer lately; it is tried again in %s", r.After.Round(time.Second))
}

// patience is how long a call waits for what keeps all calls back. Background work that must wait longer goes back to its queue, a person is told.
func (r Reason) patience(p Priority) time.Duration {
	switch {
	case r == Paused && p.interactive():
		return 5 * time.Second
	case r == Paused:
		return 30 * time.Second
	case p.interactive():
		return 0
	}
	return time.Second
}

// refuse sends away who would wait too long for the end of a pause or for the breaker.
func (s *State) refuse(h *holder, out *Answer) {
	if s.Pause > s.At {
		s.refuseFor(Paused, s.Pause, h, out)
	}
	if s.Breaker.Until > s.At {
		s.refuseFor(Unreachable, s.Breaker.Until, h, out)
	}
}

func (s *State) refuseFor(r Reason, until int64, h *holder, out *Answer) {
	left := time.Duration(until-s.At) * time.Microsecond
	for p := range priorities {
		if h.Waiting[p] == 0 || left <= r.patience(p) || r == Unreachable && p == Check {
			continue
		}
		h.Waiting[p], h.Since[p] = 0, 0
		out.Refuse[p] = Refusal{r, left}
	}
}
