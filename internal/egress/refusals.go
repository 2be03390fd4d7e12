package egress

import (
	"net/netip"
	"sync"
	"time"
)

const (
	tellEvery   = time.Minute // an address that is refused is logged as often at most
	maxRefusals = 1000        // addresses remembered; beyond it one goes for another
)

// refusals remembers which addresses were refused lately, so that whoever asks for one again and again does not fill the log.
type refusals struct {
	mu sync.Mutex
	by map[netip.AddrPort]*refusal
}

type refusal struct {
	told   time.Time
	silent int // refused since then, untold
}

// refused tells whether this refusal is to be logged, and how many before it at the address were not.
func (r *refusals) refused(a netip.AddrPort, now time.Time) (before int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.by[a]
	if last != nil && now.Sub(last.told) < tellEvery {
		last.silent++
		return 0, false
	}
	if last != nil {
		before = last.silent
	}
	if r.by == nil {
		r.by = map[netip.AddrPort]*refusal{}
	}
	for other := range r.by {
		if last != nil || len(r.by) < maxRefusals {
			break
		}
		delete(r.by, other)
	}
	r.by[a] = &refusal{told: now}
	return before, true
}
