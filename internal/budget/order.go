package budget

// pick says which of the holder's waiters is next, and how many of other holders go before it.
func (s *State) pick(h *holder) (p Priority, first int) {
	owed, line := s.owed()
	if owed == h {
		return line, 0
	}
	for h.Waiting[p] == 0 {
		p++
	}
	first = s.before(h, p)
	if owed != nil {
		first++
	}
	return p, first
}

// before counts those of other holders who go before this line of the holder: whoever is more urgent, and the head of a line as urgent that has
// waited longer.
func (s *State) before(h *holder, p Priority) (n int) {
	for i := range s.Holders {
		o := &s.Holders[i]
		if o == h {
			continue
		}
		for q := range p {
			n += o.Waiting[q]
		}
		if o.Waiting[p] > 0 && o.Since[p] < h.Since[p] && s.At-o.Since[p] > micros(tiePatience) {
			n++
		}
	}
	return n
}

// owed gives the line whose turn it is because too many went past it: the one that has waited longest. It is nil when there is none.
func (s *State) owed() (whose *holder, line Priority) {
	if s.Passed[0] < agedTurns && s.Passed[1] < agedTurns {
		return nil, 0
	}
	top := s.mostUrgent()
	if top == priorities || s.Passed[urgency(top)] < agedTurns {
		return nil, 0
	}
	oldest := s.At + 1
	for i := range s.Holders {
		h := &s.Holders[i]
		for p := top + 1; p < priorities; p++ {
			if h.Waiting[p] > 0 && h.Since[p] < oldest {
				whose, line, oldest = h, p, h.Since[p]
			}
		}
	}
	return whose, line
}

// pass counts a turn that went past somebody less urgent. Turns of people count apart: background work that goes past other background work
// never costs a person a turn.
func (s *State) pass(p Priority) {
	kind := urgency(p)
	if kind == 0 {
		s.Passed[1] = 0
	}
	switch {
	case p > s.mostUrgent():
		s.Passed = [2]int{}
	case s.lessUrgent(p):
		s.Passed[kind]++
	default:
		s.Passed[kind] = 0
	}
}

func urgency(p Priority) int {
	if p.interactive() {
		return 1
	}
	return 0
}

// mostUrgent is the most urgent priority that anybody waits with; priorities when nobody does.
func (s *State) mostUrgent() Priority {
	top := priorities
	for i := range s.Holders {
		for p := range top {
			if s.Holders[i].Waiting[p] > 0 {
				top = p
				break
			}
		}
	}
	return top
}

func (s *State) lessUrgent(than Priority) bool {
	for i := range s.Holders {
		for p := than + 1; p < priorities; p++ {
			if s.Holders[i].Waiting[p] > 0 {
				return true
			}
		}
	}
	return false
}

func (s *State) othersWait(h *holder) bool {
	for i := range s.Holders {
		if o := &s.Holders[i]; o != h && o.waits() {
			return true
		}
	}
	return false
}
