package egress

import "net/netip"

// tier says who may be dialled at an address.
type tier int

const (
	public  tier = iota // anyone
	private             // only what an allow rule names
	never               // nobody, whatever the rules say
)

// The ranges that are not public. The first that holds an address decides; an address in none of them is public.
var ranges = []struct { //nolint:gochecknoglobals // a constant table
	prefix netip.Prefix
	tier   tier
}{
	{netip.MustParsePrefix("0.0.0.0/8"), never},          // "this network"
	{netip.MustParsePrefix("169.254.0.0/16"), never},     // link-local, metadata of most clouds
	{netip.MustParsePrefix("100.100.100.200/32"), never}, // metadata (Alibaba)
	{netip.MustParsePrefix("192.0.0.192/32"), never},     // metadata (Oracle)
	{netip.MustParsePrefix("168.63.129.16/32"), never},   // host services (Azure)
	{netip.MustParsePrefix("224.0.0.0/4"), never},        // multicast
	{netip.MustParsePrefix("255.255.255.255/32"), never}, // broadcast
	{netip.MustParsePrefix("10.0.0.0/8"), private},
	{netip.MustParsePrefix("127.0.0.0/8"), private},
	{netip.MustParsePrefix("172.16.0.0/12"), private},
	{netip.MustParsePrefix("192.168.0.0/16"), private},
	{netip.MustParsePrefix("100.64.0.0/10"), private},   // shared by carriers (CGNAT)
	{netip.MustParsePrefix("192.0.0.0/24"), private},    // protocol assignments
	{netip.MustParsePrefix("192.0.2.0/24"), private},    // documentation
	{netip.MustParsePrefix("192.88.99.0/24"), private},  // old 6to4 relays
	{netip.MustParsePrefix("198.18.0.0/15"), private},   // benchmarks
	{netip.MustParsePrefix("198.51.100.0/24"), private}, // documentation
	{netip.MustParsePrefix("203.0.113.0/24"), private},  // documentation
	{netip.MustParsePrefix("240.0.0.0/4"), private},     // reserved
	{netip.MustParsePrefix("::/128"), never},            // unspecified
	{netip.MustParsePrefix("::1/128"), private},
	{netip.MustParsePrefix("fd00:ec2::/32"), never}, // metadata (AWS)
	{netip.MustParsePrefix("fd20:ce::254/128"), never},
	{netip.MustParsePrefix("fe80::/10"), never}, // link-local
	{netip.MustParsePrefix("ff00::/8"), never},  // multicast
	{netip.MustParsePrefix("fc00::/7"), private},
	{netip.MustParsePrefix("fec0::/10"), private},      // site-local, abolished
	{netip.MustParsePrefix("100::/64"), private},       // discard
	{netip.MustParsePrefix("64:ff9b:1::/48"), private}, // NAT64, local use: where the IPv4 address stands is up to the network
	{netip.MustParsePrefix("2001::/32"), never},        // Teredo: hides an IPv4 address
	{netip.MustParsePrefix("2001:db8::/32"), private},  // documentation
	{netip.MustParsePrefix("3fff::/20"), private},      // documentation
}

// Prefixes of IPv6 that carry an IPv4 address, and the byte where it begins.
var carriers = []struct { //nolint:gochecknoglobals // a constant table
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},  // NAT64, local use
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated
}

// normal takes the zone and the IPv4-mapped form away.
func normal(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }

// tierOf judges a normal address; one that carries IPv4 addresses is at least as forbidden as those.
func tierOf(a netip.Addr) tier {
	worst := public
	for _, r := range ranges {
		if r.prefix.Contains(a) {
			worst = r.tier
			break
		}
	}
	for _, inner := range carried(a) {
		worst = max(worst, tierOf(inner))
	}
	return worst
}

// carried lists the IPv4 addresses that an address may stand for.
func carried(a netip.Addr) (all []netip.Addr) {
	if !a.Is6() || a == netip.IPv6Unspecified() || a == netip.IPv6Loopback() {
		return nil
	}
	b := a.As16()
	for _, c := range carriers {
		if c.prefix.Contains(a) {
			all = append(all, netip.AddrFrom4([4]byte(b[c.at:c.at+4])))
		}
	}
	if isatap := b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe; isatap { // under any prefix
		all = append(all, netip.AddrFrom4([4]byte(b[12:])))
	}
	return all
}
