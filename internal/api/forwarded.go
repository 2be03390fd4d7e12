package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwarded puts the caller's own address in the place of that of a proxy of ours, which names it in X-Forwarded-For, and notes whether the caller came to that proxy by TLS, as X-Forwarded-Proto says.
// What others write there counts for nothing: the address is the last one in it that is no proxy of ours.
func forwarded(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && within(proxies, peer.Addr()) {
			r = r.Clone(context.WithValue(r.Context(), tlsKey{}, saidTLS(r.Header.Values("X-Forwarded-Proto"))))
			if from := callerBehind(proxies, r.Header.Values("X-Forwarded-For")); from.IsValid() {
				r.RemoteAddr = net.JoinHostPort(from.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

type tlsKey struct{}

// byTLS tells whether the caller came by TLS, to us or to a proxy of ours.
func byTLS(r *http.Request) bool {
	said, _ := r.Context().Value(tlsKey{}).(bool)
	return r.TLS != nil || said
}

// saidTLS reads the last word, which the nearest proxy wrote.
func saidTLS(headers []string) bool {
	words := strings.Split(strings.Join(headers, ","), ",")
	return strings.EqualFold(strings.TrimSpace(words[len(words)-1]), "https")
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
