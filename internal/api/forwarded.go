package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwarded puts the caller's own address in the place of that of a proxy of ours, which names it in X-Forwarded-For. What others write there counts for nothing: the address is the last one in it that
// is no proxy of ours.
func forwarded(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && within(proxies, peer.Addr()) {
			if from := callerBehind(proxies, r.Header.Values("X-Forwarded-For")); from.IsValid() {
				r = r.Clone(r.Context())
				r.RemoteAddr = net.JoinHostPort(from.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

// callerBehind reads from the end, where the nearest proxy wrote, and stops at what is no address.
func callerBehind(proxies []netip.Prefix, headers []string) (from netip.Addr) {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		one, err := netip.ParseAddr(strings.Trim(hop, "[]"))
		if err != nil {
			with, err := netip.ParseAddrPort(hop)
			if err != nil {
				return from
			}
			one = with.Addr()
		}
		if from = one.Unmap().WithZone(""); !within(proxies, from) {
			return from
		}
	}
	return from
}

func within(ranges []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}
