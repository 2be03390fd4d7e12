package budget

import (
	"slices"
	"time"
)

// State is what is known of one connection's calls, wherever they are made. It changes by Step alone; the zero value is a budget that nobody used yet.
// Instants are µs of the keeper's clock.
type State struct {
	At      int64          `json:"at"`              // of the last step
	Next    [windows]int64 `json:"next"`            // instant of the next call at an even flow, for each window
	Late    int64          `json:"late,omitempty"`  // how late calls granted lately may come, µs
	LateTo  [windows]int64 `json:"lateTo,omitzero"` // until when that counts, for each window
	Holders []holder       `json:"holders,omitempty"`
	Passed  [2]int         `json:"passed,omitzero"` // turns that went past somebody less urgent: background ones, interactive ones

	Share    int   `json:"share,omitempty"` // sixteenths of the rates that are not used; 0: all are
	Narrow   int   `json:"narrow,omitempty"`
	Good     int   `json:"good,omitempty"`     // successes since the last step wider
	NarrowAt int64 `json:"narrowAt,omitempty"` // of the last refusal for load
	Pause    int64 `json:"pause,omitempty"`    // no call before

	Breaker breaker `json:"breaker,omitzero"`
}

// holder is a process that calls, or wants to.
type holder struct {
	ID      string            `json:"id"`
	Held    int               `json:"held,omitempty"`
	Until   int64             `json:"until,omitempty"` // its places are free again then, unless it tells; 0: never
	Waiting [priorities]int   `json:"waiting,omitzero"`
	Since   [priorities]int64 `json:"since,omitzero"` // when the first in each line came to its head
	Back    int64             `json:"back,omitempty"` // it asks again by then, or waits no more
}

// advance moves the state to now. A clock that went back takes the whole state along: no time has passed.
func (s *State) advance(now int64) {
	if by := now - s.At; by < 0 && s.At != 0 {
		s.shift(by)
	}
	s.At = now
	s.Holders = slices.DeleteFunc(s.Holders, func(h holder) bool {
		return h.Until != 0 && h.Until <= now && h.Back <= now
	})
	for i := range s.Holders {
		s.Holders[i].expire(now)
	}
	if s.Breaker.Probe != "" && !s.holds(s.Breaker.Probe) {
		s.Breaker.Probe = ""
	}
}

// holds tells whether that holder is there and has a call under way.
func (s *State) holds(id string) bool {
	return slices.ContainsFunc(s.Holders, func(h holder) bool { return h.ID == id && h.Held > 0 })
}

func (h *holder) expire(now int64) {
	if h.Until != 0 && h.Until <= now {
		h.Held = 0
	}
	if h.Back <= now {
		h.Waiting, h.Since = [priorities]int{}, [priorities]int64{}
	}
}

func (s *State) shift(by int64) {
	instants := []*int64{&s.NarrowAt, &s.Pause, &s.Breaker.Since, &s.Breaker.Until}
	for i := range s.Next {
		instants = append(instants, &s.Next[i], &s.LateTo[i])
	}
	for i := range s.Holders {
		h := &s.Holders[i]
		instants = append(instants, &h.Until, &h.Back)
		for p := range h.Since {
			instants = append(instants, &h.Since[p])
		}
	}
	for _, at := range instants {
		if *at != 0 {
			*at = max(1, *at+by)
		}
	}
}

// holder gives the holder of that id, made when there is none.
func (s *State) holder(id string) *holder {
	for i := range s.Holders {
		if s.Holders[i].ID == id {
			return &s.Holders[i]
		}
	}
	s.Holders = append(s.Holders, holder{ID: id})
	return &s.Holders[len(s.Holders)-1]
}

func (s *State) used() (n int) {
	for i := range s.Holders {
		n += s.Holders[i].Held
	}
	return n
}

// rests tells whether the state is as good as a new one.
func (s *State) rests(now int64) bool {
	last := max(s.Pause, s.Next[0], s.Next[1], s.Next[2], s.LateTo[0], s.LateTo[1], s.LateTo[2])
	return len(s.Holders) == 0 && last <= now && s.Share == 0 && s.Narrow == 0 && s.Breaker.closed() && s.Breaker.Failures == 0
}

// waits tells whether anybody waits at all.
func (h *holder) waits() bool { return h.Waiting != [priorities]int{} }

func micros(d time.Duration) int64 { return d.Microseconds() }
