package erp

import (
	"maps"
	"sync"
	"time"
)

// ledger counts requests by kind.
type ledger struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *ledger) add(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[kind]++
}

// Ledger tells how many requests came in, by kind: "ping", "list vendors", "read vendors", "create vendors", "update vendors",
// "delete vendors", "refused" (wrong key), "faulted", "other".
func (s *Server) Ledger() map[string]int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return maps.Clone(s.ledger.counts)
}

// arrivals counts the requests of each second, by the clock on the wall whatever the simulator's own says.
type arrivals struct {
	mu      sync.Mutex
	seconds map[int64]int
}

func (a *arrivals) add(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seconds == nil {
		a.seconds = map[int64]int{}
	}
	a.seconds[at.Unix()]++
}

// Arrivals tells how many requests came in, by second since 1970, faulted ones included.
func (s *Server) Arrivals() map[int64]int {
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	return maps.Clone(s.rates.seconds)
}
