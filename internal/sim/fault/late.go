package fault

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Late keeps requests that take effect after their answer was lost. The zero value is ready.
type Late struct {
	mu   sync.Mutex
	held []lateWrite // by when they are due
}

type lateWrite struct {
	due int64 // µs, by the simulator's clock
	run func()
}

// Hold keeps a write until it is due.
func (l *Late) Hold(due time.Time, run func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, lateWrite{due.UnixMicro(), run})
	slices.SortStableFunc(l.held, func(a, b lateWrite) int { return cmp.Compare(a.due, b.due) })
}

// take gives what is due, in order, each to one caller only.
func (l *Late) take(now int64) (due []lateWrite) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for n < len(l.held) && l.held[n].due <= now {
		n++
	}
	due, l.held = l.held[:n:n], l.held[n:]
	return due
}

// Held counts the writes that are kept from their effect.
func (l *Late) Held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held)
}

// Release makes the held writes effective now, whenever they are due, in order.
func (l *Late) Release() {
	for _, w := range l.take(1<<63 - 1) {
		w.run()
	}
}

// Due makes the held writes effective that are due by the clock.
func (l *Late) Due(now time.Time) {
	if l.Held() == 0 {
		return
	}
	for _, w := range l.take(now.UnixMicro()) {
		w.run()
	}
}
