package site

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds on wrong tries of one address, and on how many addresses are remembered.
const (
	triesPerMinute = 20
	triesSaved     = 20
	addressesKept  = 10_000
)

// Tries bounds how often an address may try what is not accepted: a link that is not there, a password that is wrong. Safe for concurrent use.
type Tries struct {
	now    func() time.Time
	mu     sync.Mutex
	failed map[netip.Prefix]*rate.Limiter
}

// NewTries begins with nobody.
func NewTries(now func() time.Time) *Tries {
	return &Tries{now: now, failed: map[netip.Prefix]*rate.Limiter{}}
}

// Spent tells whether the address failed too often of late.
func (t *Tries) Spent(r *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	bucket := t.failed[address(r)]
	return bucket != nil && bucket.TokensAt(t.now()) < 1
}

// Failed notes one wrong try.
func (t *Tries) Failed(r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := address(r)
	bucket := t.failed[from]
	if bucket == nil {
		for some := range t.failed {
			if len(t.failed) < addressesKept {
				break
			}
			delete(t.failed, some)
		}
		bucket = rate.NewLimiter(rate.Every(time.Minute/triesPerMinute), triesSaved)
		t.failed[from] = bucket
	}
	bucket.AllowN(t.now(), 1)
}

// address is the caller's network address; of IPv6 the part that a site has for itself.
func address(r *http.Request) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	from, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if from = from.Unmap().WithZone(""); from.Is6() {
		bits = 64
	}
	prefix, _ := from.Prefix(bits)
	return prefix
}
