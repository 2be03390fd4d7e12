package budget

import "time"

const (
	longestWait = 10 * time.Second // a holder that waits or calls asks again within it
	backGrace   = time.Second      // beyond what it was told, until it counts as gone
	tiePatience = 100 * time.Millisecond
	agedTurns   = 16 // turns that may go past somebody before one is his
)

// Ask is what a holder tells and wants. What it tells is absolute: an ask whose answer got lost may be repeated, and costs no more than calls that are
// never made.
type Ask struct {
	Holder   string
	Held     int             // calls under way
	Probing  bool            // one of them is the breaker's probe
	Waiting  [priorities]int // all who wait at this holder
	Outcomes []Outcome       // of calls that ended since the last ask

	Lease  time.Duration // its places are free again after this time without an ask; 0: never
	Late   time.Duration // a granted call reaches the system so long after its instant at most
	Ahead  time.Duration // calls may be granted so long before their instant
	Chance float64       // 0 to 1, by chance

	terms  terms
	grants []Grant // to be used for the answer
}

// Answer is what becomes of an Ask.
type Answer struct {
	At     int64   // the keeper's clock
	Grants []Grant // most urgent first
	Probe  bool    // the first of them is the breaker's probe
	Refuse [priorities]Refusal
	Wait   time.Duration // ask again then; 0: when something changes at this holder
	Others bool          // others wait, too
}

// Grant is leave for one call.
type Grant struct {
	Priority Priority
	At       int64 // not before this instant
}

// Step takes in what a holder tells and decides what it gets.
func (s *State) Step(a *Ask, now time.Time) Answer {
	s.advance(now.UnixMicro())
	for _, o := range a.Outcomes {
		s.note(o, a.terms.width, a.Chance)
	}
	h := s.report(a)
	out := Answer{At: s.At, Grants: a.grants[:0]}
	s.refuse(h, &out)
	stuck := s.grant(h, a, &out)
	out.Others = s.othersWait(h)
	out.Wait = s.wait(h, a, stuck)
	s.leave(h, a, out.Wait)
	return out
}

// report stores what the holder says of itself.
func (s *State) report(a *Ask) *holder {
	h := s.holder(a.Holder)
	h.Held, h.Waiting = a.Held, a.Waiting
	for p, n := range h.Waiting {
		if n == 0 {
			h.Since[p] = 0
		} else if h.Since[p] == 0 {
			h.Since[p] = s.At
		}
	}
	if s.Breaker.Probe == a.Holder && !a.Probing {
		s.Breaker.Probe = ""
	}
	return h
}

// blocked is what keeps the holder from getting (more) calls.
type blocked struct {
	place bool  // there is none, or it is kept for somebody who goes first
	until int64 // no call before
}

// grant gives the holder's waiters what there is for them.
func (s *State) grant(h *holder, a *Ask, out *Answer) blocked {
	room := s.width(a.terms.width) - s.used()
	probe := !s.Breaker.closed()
	for h.waits() {
		p, first := s.pick(h)
		if probe && s.At < s.Breaker.Until {
			if h.Waiting[Check] == 0 {
				return blocked{until: s.Breaker.Until}
			}
			p, first = Check, 0
		}
		if room <= first || probe && s.Breaker.Probe != "" {
			return blocked{place: true}
		}
		at := s.instant(a, first)
		if at > s.At+micros(a.Ahead) {
			return blocked{until: at - micros(a.Ahead)}
		}
		s.take(a, at)
		room--
		h.give(p, s.At)
		s.pass(p)
		out.Grants = append(out.Grants, Grant{p, at})
		if probe {
			s.Breaker.Probe, out.Probe = h.ID, true
		}
	}
	return blocked{}
}

func (h *holder) give(p Priority, now int64) {
	h.Held++
	h.Since[p] = now
	if h.Waiting[p]--; h.Waiting[p] == 0 {
		h.Since[p] = 0
	}
}

// wait says when the holder should ask again.
func (s *State) wait(h *holder, a *Ask, stuck blocked) time.Duration {
	switch {
	case !h.waits():
		return 0
	case stuck.until > s.At:
		return min(time.Duration(stuck.until-s.At)*time.Microsecond, longestWait)
	case len(s.Holders) == 1:
		return 0 // its own calls hold the places
	}
	return s.pollGap(h)
}

// pollGap grows with the time that the holder has waited: a place that another one frees stands idle for a small part of that.
func (s *State) pollGap(h *holder) time.Duration {
	oldest, most := s.At, 250*time.Millisecond
	for p, since := range h.Since {
		if since == 0 {
			continue
		}
		oldest = min(oldest, since)
		if Priority(p).interactive() {
			most = 50 * time.Millisecond
		}
	}
	return min(max(time.Duration(s.At-oldest)*time.Microsecond/4, 5*time.Millisecond), most)
}

// leave notes until when the holder counts, and drops one that neither calls nor waits.
func (s *State) leave(h *holder, a *Ask, wait time.Duration) {
	if wait == 0 {
		wait = longestWait
	}
	h.Back, h.Until = 0, 0
	if h.waits() {
		h.Back = s.At + micros(wait+backGrace)
	}
	if a.Lease > 0 {
		h.Until = s.At + micros(a.Lease)
	}
	if h.Held > 0 || h.waits() {
		return
	}
	last := len(s.Holders) - 1
	*h = s.Holders[last]
	s.Holders = s.Holders[:last]
}
