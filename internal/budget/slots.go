package budget

import (
	"context"
	"slices"
	"sync"
)

// widenAfter successes in a row give a place back that a refusal took.
const widenAfter = 20

// slots is a semaphore whose waiters go by priority, then by arrival, and whose width narrows and widens.
type slots struct {
	mu        sync.Mutex
	full      int // the width that the manifest grants
	width     int // 1..full
	used      int
	successes int
	waiting   [priorities][]chan struct{}
}

func newSlots(n int) *slots { return &slots{full: n, width: n} }

func (s *slots) acquire(ctx context.Context, p Priority) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	turn := s.enqueue(p)
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leave(p, turn)
		return context.Cause(ctx)
	}
}

// enqueue gives a channel that closes when the place is the caller's.
func (s *slots) enqueue(p Priority) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	turn := make(chan struct{})
	s.waiting[p] = append(s.waiting[p], turn)
	s.admit()
	return turn
}

// leave gives up waiting; a place granted in the same moment goes to the next.
func (s *slots) leave(p Priority, turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting[p], turn); i >= 0 {
		s.waiting[p] = slices.Delete(s.waiting[p], i, i+1)
		return
	}
	s.used--
	s.admit()
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.admit()
}

// admit grants free places, the highest priority first.
func (s *slots) admit() {
	for p := range s.waiting {
		for s.used < s.width && len(s.waiting[p]) > 0 {
			close(s.waiting[p][0])
			s.waiting[p] = s.waiting[p][1:]
			s.used++
		}
	}
}

func (s *slots) narrow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.successes = 0
	s.width = max(1, s.width/2)
}

func (s *slots) widen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width == s.full {
		return
	}
	if s.successes++; s.successes >= widenAfter {
		s.successes = 0
		s.width++
		s.admit()
	}
}

func (s *slots) inUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

func onceOnly(f func()) func() {
	var once sync.Once
	return func() { once.Do(f) }
}
