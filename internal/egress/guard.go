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
	RootCAs       *x509.CertPool            // additional trust; nil: the system's
	DialTimeout   time.Duration             // default 10s
	HeaderTimeout time.Duration             // from the sent request to the response's header; default 60s
}

// Guard judges every dial and keeps the pool of connections that its clients share.
type Guard struct {
	allow, forbid []allow.Rule
	forbidden     func(netip.AddrPort) bool
	transport     *http.Transport
}

// New makes a guard.
func New(o Options) *Guard {
	g := &Guard{allow: o.Allow, forbid: o.Forbid, forbidden: o.Forbidden}
	dialer := &net.Dialer{Timeout: orDefault(o.DialTimeout, 10*time.Second), KeepAlive: 30 * time.Second, ControlContext: g.control}
	g.transport = &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
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
	return g
}

// Close lets go of idle connections.
func (g *Guard) Close() { g.transport.CloseIdleConnections() }

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
