package postgres

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
)

// addresses are those at which the database's servers were looked for, also the ones that came by a failover. Safe for concurrent use.
type addresses struct {
	mu    sync.Mutex
	known []netip.AddrPort
}

// note adds what the sessions of c, and of its copies, find when they look their hosts up.
func (a *addresses) note(c *pgx.ConnConfig) {
	ports := map[string][]uint16{c.Host: {c.Port}}
	for _, f := range c.Fallbacks {
		ports[f.Host] = append(ports[f.Host], f.Port)
	}
	lookup := c.LookupFunc
	c.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		found, err := lookup(ctx, host)
		for _, text := range found {
			if ip, err := netip.ParseAddr(text); err == nil {
				a.add(ip, ports[host])
			}
		}
		return found, err
	}
}

func (a *addresses) add(ip netip.Addr, ports []uint16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, port := range ports {
		if at := oneLoopback(ip, port); !slices.Contains(a.known, at) {
			a.known = append(a.known, at)
		}
	}
}

// has is store.Shared's Serves.
func (a *addresses) has(at netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.known, oneLoopback(at.Addr(), at.Port()))
}

// oneLoopback takes every loopback address for one: a server that answers on one may answer on all.
func oneLoopback(ip netip.Addr, port uint16) netip.AddrPort {
	if ip = ip.Unmap().WithZone(""); ip.IsLoopback() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(ip, port)
}
