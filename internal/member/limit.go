package member

import (
	"maps"
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Bucket is how many attempts are saved up, and how long one takes to come back.
type Bucket struct {
	Burst int
	Every time.Duration
}

// Limits bounds attempts to prove who one is. A zero is the default.
type Limits struct {
	Account Bucket // of one account, from addresses where nobody logged in to it of late; and for each such address apart
	Address Bucket // of one address, to whatever account
	All     Bucket // of everybody
	Most    int    // accounts and addresses remembered
}

// DefaultLimits slow guessing down to a hopeless pace, and let people mistype.
var DefaultLimits = Limits{
	Account: Bucket{10, time.Minute}, Address: Bucket{30, 5 * time.Second}, All: Bucket{300, 50 * time.Millisecond}, Most: 20_000,
}

// friend is a network from which somebody came in to an account.
type friend struct {
	account string
	network netip.Prefix
}

// limits counts attempts. Safe for concurrent use.
type limits struct {
	Limits
	now       func() time.Time
	mu        sync.Mutex
	accounts  map[string]*rate.Limiter // of strangers, by account
	friends   map[friend]*rate.Limiter
	addresses map[netip.Prefix]*rate.Limiter
	all       *rate.Limiter
}

func newLimits(l Limits, now func() time.Time) *limits {
	d := DefaultLimits
	if l.Account.Burst == 0 {
		l.Account = d.Account
	}
	if l.Address.Burst == 0 {
		l.Address = d.Address
	}
	if l.All.Burst == 0 {
		l.All = d.All
	}
	if l.Most == 0 {
		l.Most = d.Most
	}
	return &limits{Limits: l, now: now, accounts: map[string]*rate.Limiter{}, friends: map[friend]*rate.Limiter{}, addresses: map[netip.Prefix]*rate.Limiter{}, all: l.All.limiter()}
}

func (b Bucket) limiter() *rate.Limiter { return rate.NewLimiter(rate.Every(b.Every), b.Burst) }

// attempt counts an attempt on an account. Who came in from the same network before is counted apart from strangers, so that they cannot keep anybody out.
// Errors are *problem.Error rate-limited.
func (l *limits) attempt(account string, from netip.Addr) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	network := networkOf(from)
	if own := l.friends[friend{account, network}]; own != nil {
		return l.spend(own, l.Account)
	}
	if err := l.spend(bucketOf(l.addresses, network, l.Address, l.Most, l.now()), l.Address); err != nil {
		return err
	}
	if err := l.spend(bucketOf(l.accounts, account, l.Account, l.Most, l.now()), l.Account); err != nil {
		return err
	}
	return l.spend(l.all, l.All)
}

// succeeded remembers that somebody came in to the account from this network.
func (l *limits) succeeded(account string, from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucketOf(l.friends, friend{account, networkOf(from)}, l.Account, l.Most, l.now())
}

// forget lets the account's networks be strangers again.
func (l *limits) forget(account string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.friends, func(f friend, _ *rate.Limiter) bool { return f.account == account })
}

func (l *limits) spend(b *rate.Limiter, size Bucket) error {
	now := l.now()
	if b.AllowN(now, 1) {
		return nil
	}
	wait := time.Duration((1 - b.TokensAt(now)) * float64(size.Every))
	seconds := int(math.Ceil(wait.Seconds()))
	return problem.Newf(problem.RateLimited, "Too many attempts to log in. Wait %d seconds and try again; nothing is locked.", max(1, seconds)).After(max(wait, time.Second))
}

// networkOf is an address; of IPv6 the part that a site has for itself.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// bucketOf gives the bucket of a key in a map of bounded size. When that is full, those go first that are full and therefore tell nothing.
func bucketOf[K comparable](m map[K]*rate.Limiter, key K, size Bucket, most int, now time.Time) *rate.Limiter {
	if b := m[key]; b != nil {
		return b
	}
	if len(m) >= most {
		for k, b := range m {
			if b.TokensAt(now) >= float64(size.Burst) {
				delete(m, k)
			}
		}
	}
	for k := range m {
		if len(m) < most {
			break
		}
		delete(m, k)
	}
	b := size.limiter()
	m[key] = b
	return b
}
