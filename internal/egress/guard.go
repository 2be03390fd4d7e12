package egress

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Options say where a deployment's connections may go.
type Options struct {
	Allow         []allow.Rule              // non-public addresses that may be reached; public ones need no rule
	Forbid        []allow.Rule              // addresses that are never reached even where Allow names them: own listeners
	Forbidden     func(netip.AddrPort) bool // the same, asked at every dial: own database, which may move; nil: none
	RootCAs       *x509.CertPool            // who may sign certificates; nil: the system's
	Resolver      *net.Resolver             // who says where a name leads; nil: the system's
	DialTimeout   time.Duration             // default 10s
	HeaderTimeout time.Duration             // from the sent request to the response's header; default 60s
	Log           *slog.Logger              // told of every dial that is refused, for operators; nil: nobody
}

// Guard judges every dial and keeps the pool of connections that its clients share.
type Guard struct {
	allow, forbid []allow.Rule
	forbidden     func(netip.AddrPort) bool
	dialer        *net.Dialer
	roots         *x509.CertPool
	log           *slog.Logger
	shared        *lanes
	told          refusals

	mu  sync.Mutex
	own map[[sha256.Size]byte]*lanes // of clients with a trust of their own, by its print
}

// writeRest is how long a connection may rest and still carry a write: shorter than the five seconds after which the first servers close theirs.
const writeRest = 4 * time.Second

// New makes a guard.
func New(o Options) *Guard {
	g := &Guard{allow: o.Allow, forbid: o.Forbid, forbidden: o.Forbidden, roots: o.RootCAs, log: o.Log, own: map[[sha256.Size]byte]*lanes{}}
	g.dialer = &net.Dialer{Timeout: orDefault(o.DialTimeout, 10*time.Second), KeepAlive: 30 * time.Second, Resolver: o.Resolver, ControlContext: g.control}
	g.shared = newLanes(&http.Transport{
		Proxy:                  nil,
		DialContext:            g.dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  orDefault(o.HeaderTimeout, time.Minute),
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           1000,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        time.Minute,
	})
	return g
}

// single gives a transport like t for writes: HTTP/1.1 only, so that a connection carries one of them and its first byte can be told; HTTP/2 mixes requests, and sends them again
// by rules of its own.
func single(t *http.Transport) *http.Transport {
	t = t.Clone()
	t.ForceAttemptHTTP2, t.Protocols, t.TLSNextProto, t.TLSClientConfig.NextProtos = false, new(http.Protocols), nil, nil
	t.Protocols.SetHTTP1(true)
	t.DialContext = gated(t.DialContext)
	return t
}

// Close lets go of idle connections.
func (g *Guard) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shared.rest()
	for _, l := range g.own {
		l.rest()
	}
}

// maxOwn is how many pools there are for clients with a trust of their own; beyond it one goes for another.
const maxOwn = 1024

// lanes gives the pool of clients with this trust: what one of them shows, no other may use.
func (g *Guard) lanes(t trust.Trust) http.RoundTripper {
	if t == (trust.Trust{}) {
		return g.shared
	}
	config, err := t.Config(g.roots)
	if err != nil {
		return unusable{err}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	name := t.Print()
	if l := g.own[name]; l != nil {
		return l
	}
	for other, l := range g.own {
		if len(g.own) < maxOwn {
			break
		}
		delete(g.own, other)
		l.rest()
	}
	reads := g.shared.reads.Clone()
	reads.TLSClientConfig, reads.TLSNextProto = config, nil
	g.own[name] = newLanes(reads)
	return g.own[name]
}

// unusable is the way out of a client whose trust cannot be used.
type unusable struct{ err error }

func (u unusable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%w: %w", ErrUnsent, u.err)
}

// control sees the address that name resolution ended at, on every single dial.
func (g *Guard) control(ctx context.Context, network, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return fmt.Errorf("%w: %s %s is not a TCP address", ErrBlocked, network, address)
	}
	err = g.check(netip.AddrPortFrom(normal(a.Addr()), a.Port()))
	if err != nil && g.log != nil {
		if before, ok := g.told.refused(a, time.Now()); ok {
			g.log.WarnContext(ctx, "a call to a system was not made", "error", err.Error(), "before", before)
		}
	}
	return err
}

func (g *Guard) check(a netip.AddrPort) error {
	switch t := tierOf(a.Addr()); {
	case t == never || matches(g.forbid, a) || g.forbidden != nil && g.forbidden(a):
		return fmt.Errorf("%w: %s may never be reached", ErrBlocked, a)
	case t == private && !matches(g.allow, a):
		return fmt.Errorf("%w: %s is not public and no allow rule names it; an operator can start with --allow %s",
			ErrBlocked, a, allow.One(a))
	}
	return nil
}

func matches(rules []allow.Rule, a netip.AddrPort) bool {
	for _, r := range rules {
		if r.Matches(a) {
			return true
		}
	}
	return false
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
