package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
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
}

// Guard judges every dial and keeps the pool of connections that its clients share.
type Guard struct {
	allow, forbid []allow.Rule
	forbidden     func(netip.AddrPort) bool
	reads         *http.Transport
	writes        *http.Transport // one request at a time on a connection, which does not rest for long
	fresh         *http.Transport // a connection for each request
	dialer        *net.Dialer
}

// writeRest is how long a connection may rest and still carry a write: shorter than the five seconds after which the first servers close theirs.
const writeRest = 4 * time.Second

// New makes a guard.
func New(o Options) *Guard {
	g := &Guard{allow: o.Allow, forbid: o.Forbid, forbidden: o.Forbidden}
	g.dialer = &net.Dialer{Timeout: orDefault(o.DialTimeout, 10*time.Second), KeepAlive: 30 * time.Second, Resolver: o.Resolver, ControlContext: g.control}
	g.reads = &http.Transport{
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
	}
	g.writes = single(g.reads)
	g.writes.IdleConnTimeout = writeRest
	g.fresh = single(g.reads)
	g.fresh.DisableKeepAlives = true
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
	for _, t := range []*http.Transport{g.reads, g.writes, g.fresh} {
		t.CloseIdleConnections()
	}
}

// control sees the address that name resolution ended at, on every single dial.
func (g *Guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || (network != "tcp4" && network != "tcp6") {
		return fmt.Errorf("%w: %s %s is not a TCP address", ErrBlocked, network, address)
	}
	return g.check(netip.AddrPortFrom(normal(a.Addr()), a.Port()))
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
