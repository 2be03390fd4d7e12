package erp

import (
	"cmp"
	"slices"
	"sync"
)

// lateWrites are requests that take effect after their answer was lost.
type lateWrites struct {
	mu   sync.Mutex
	held []lateWrite // by when they are due
}

type lateWrite struct {
	due int64 // µs, by the simulator's clock
	run func()
}

func (l *lateWrites) hold(due int64, run func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, lateWrite{due, run})
	slices.SortStableFunc(l.held, func(a, b lateWrite) int { return cmp.Compare(a.due, b.due) })
}

// take gives what is due, in order, each to one caller only.
func (l *lateWrites) take(now int64) (due []lateWrite) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(l.held) && l.held[n].due <= now {
		n++
	}
	due, l.held = l.held[:n:n], l.held[n:]
	return due
}

// Held counts the writes that a fault's Commit keeps from their effect.
func (s *Server) Held() int {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	return len(s.late.held)
}

// Release makes the held writes effective now, whenever they are due, in order.
func (s *Server) Release() {
	for _, w := range s.late.take(1<<63 - 1) {
		w.run()
	}
}

// commitDue makes the held writes effective that are due by the clock.
func (s *Server) commitDue() {
	if s.Held() == 0 {
		return
	}
	for _, w := range s.late.take(s.opts.Now().UnixMicro()) {
		w.run()
	}
}
