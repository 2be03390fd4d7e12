package app

import (
	"net"
	"net/netip"

	"github.com/busbar-dev/busbar/internal/allow"
)

// own lists the addresses on which a listener answers: no connection may lead there, whatever is allowed.
func own(l net.Listener) []allow.Rule {
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return nil
	}
	if !at.Addr().IsUnspecified() {
		return []allow.Rule{allow.One(netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))}
	}
	rules := []allow.Rule{
		{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Port: at.Port()}, {Prefix: netip.MustParsePrefix("::1/128"), Port: at.Port()},
	}
	interfaces, _ := net.InterfaceAddrs() // what cannot be listed is not forbidden, and still needs an allow rule
	for _, a := range interfaces {
		if ip, err := netip.ParsePrefix(a.String()); err == nil {
			rules = append(rules, allow.One(netip.AddrPortFrom(ip.Addr().Unmap(), at.Port())))
		}
	}
	return rules
}
