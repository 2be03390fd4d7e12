package api

import (
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/problem"
)

// strangers bounds how often an address, and all of them together, may present a secret that is not accepted, before the store is asked. A secret that was
// accepted lately is not held up by others, neither at its address, such as a proxy's, nor anywhere. Safe for concurrent use.
type strangers struct {
	limits Limits
	now    func() time.Time
	seed   maphash.Seed
	mu     sync.Mutex
	failed map[netip.Prefix]*rate.Limiter
	all    *rate.Limiter
	good   map[uint64]struct{} // hashes of accepted secrets
}

func newStrangers(l Limits, now func() time.Time) *strangers {
	return &strangers{limits: l, now: now, seed: maphash.MakeSeed(), failed: map[netip.Prefix]*rate.Limiter{}, good: map[uint64]struct{}{},
		all: rate.NewLimiter(rate.Limit(l.AllFailuresPerSecond), l.AllFailureBurst)}
}

// admit refuses an address that failed too often of late, and any secret that is not known when all of them did.
func (s *strangers) admit(r *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket, now := s.failed[addressOf(r)], s.now()
	detail := ""
	switch {
	case bucket != nil && bucket.TokensAt(now) < 1:
		detail = "Too many requests from your address carried no token that is accepted here. Wait a second and mend the Authorization header."
	case s.all.TokensAt(now) < 1:
		detail = "Too many requests from everywhere carried no token that is accepted here, and yours was not accepted here of late. Wait a second and try again."
	default:
		return nil
	}
	if _, ok := s.good[s.hash(r)]; ok {
		return nil
	}
	return &problem.Error{Code: problem.RateLimited, RetryAfter: 1, Detail: detail}
}

// note remembers how it went.
func (s *strangers) note(r *http.Request, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		remember(s.good, s.hash(r), struct{}{}, s.limits.Credentials)
	case problemOf(err).Code == problem.InvalidToken:
		from := addressOf(r)
		bucket := s.failed[from]
		if bucket == nil {
			bucket = rate.NewLimiter(rate.Limit(s.limits.FailuresPerSecond), s.limits.FailureBurst)
			remember(s.failed, from, bucket, s.limits.Credentials)
		}
		bucket.AllowN(s.now(), 1)
		s.all.AllowN(s.now(), 1)
	}
}

func (s *strangers) hash(r *http.Request) uint64 {
	return maphash.String(s.seed, r.Header.Get("Authorization")+"\n"+sessionSecret(r)+"\n"+hookSecret(r))
}

// remember adds to a map of bounded size, from which something else goes when it is full.
func remember[K comparable, V any](m map[K]V, key K, value V, most int) {
	if _, there := m[key]; !there && len(m) >= most {
		for some := range m {
			delete(m, some)
			break
		}
	}
	m[key] = value
}

// addressOf is the caller's network address; of IPv6 the part that a site has for itself.
func addressOf(r *http.Request) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if address = address.Unmap().WithZone(""); address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits)
	return prefix
}
