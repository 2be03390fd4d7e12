// Package allow owns allow rules: how an operator writes which non-public addresses connections may reach, and whether a rule covers an
// address. It must not know who asks: config checks what was written, egress holds dials against it.
package allow

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Rule covers a range of addresses on one port, or on all.
type Rule struct {
	Prefix netip.Prefix
	Port   uint16 // 0: every port
}

// One covers exactly one address on one port.
func One(a netip.AddrPort) Rule {
	return Rule{netip.PrefixFrom(a.Addr(), a.Addr().BitLen()), a.Port()}
}

// Parse reads CIDR:PORT or CIDR:*, with brackets around an IPv6 range: "10.1.0.0/16:443", "[fd00::/8]:*". An error says what to write
// instead, not which rule it was.
func Parse(s string) (Rule, error) {
	i := strings.LastIndex(s, ":")
	if i < 0 {
		return Rule{}, errors.New("the port is missing; write CIDR:PORT, such as 10.1.0.0/16:443")
	}
	port, err := parsePort(s[i+1:])
	if err != nil {
		return Rule{}, err
	}
	prefix, err := parseRange(s[:i])
	if err != nil {
		return Rule{}, err
	}
	return Rule{prefix, port}, nil
}

// ParseAll reads several rules; the first error names its rule.
func ParseAll(texts []string) ([]Rule, error) {
	rules := make([]Rule, len(texts))
	for i, t := range texts {
		r, err := Parse(t)
		if err != nil {
			return nil, fmt.Errorf("allow rule %q: %w", t, err)
		}
		rules[i] = r
	}
	return rules, nil
}

func parsePort(s string) (uint16, error) {
	if s == "*" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a port; write a number from 1 to 65535, or * for all", s)
	}
	return uint16(n), nil
}

func parseRange(s string) (netip.Prefix, error) {
	cidr := s
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if cidr, ok = strings.CutSuffix(inner, "]"); !ok {
			return netip.Prefix{}, fmt.Errorf("%q lacks its closing bracket; write one such as [fd00::/8]:443", s)
		}
	}
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is not a range of addresses; write one such as 10.1.0.0/16, or 10.1.2.3/32 for one address", cidr)
	case p != p.Masked():
		return netip.Prefix{}, fmt.Errorf("the address has bits beyond its prefix; write %s", p.Masked())
	case p.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%q is an IPv4 range within IPv6; write it as IPv4, such as 10.1.0.0/16", cidr)
	}
	return p, nil
}

// String gives the rule as it is written.
func (r Rule) String() string {
	port := "*"
	if r.Port != 0 {
		port = strconv.Itoa(int(r.Port))
	}
	if r.Prefix.Addr().Is6() {
		return "[" + r.Prefix.String() + "]:" + port
	}
	return r.Prefix.String() + ":" + port
}

// Matches tells whether the rule covers an address; an IPv4 address within IPv6 is taken for what it is only when the caller unmaps it.
func (r Rule) Matches(a netip.AddrPort) bool {
	return r.Prefix.Contains(a.Addr()) && (r.Port == 0 || r.Port == a.Port())
}
