package egress

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// AllowRule permits connections to a range of non-public addresses on one port, or on all.
type AllowRule struct {
	Prefix netip.Prefix
	Port   uint16 // 0: every port
}

// ParseAllowRule reads CIDR:PORT: "127.0.0.1/32:8069", "10.0.0.0/8:*", "[fd00::/8]:443".
func ParseAllowRule(s string) (AllowRule, error) {
	i := strings.LastIndex(s, ":")
	if i < 0 {
		return AllowRule{}, fmt.Errorf("allow rule %q has no port; write CIDR:PORT, such as 10.1.0.0/16:443", s)
	}
	port, err := parsePort(s[i+1:])
	if err != nil {
		return AllowRule{}, fmt.Errorf("allow rule %q: %w", s, err)
	}
	cidr := strings.TrimSuffix(strings.TrimPrefix(s[:i], "["), "]")
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return AllowRule{}, fmt.Errorf("allow rule %q: %q is not a range; write one such as 10.1.0.0/16, or 10.1.2.3/32 for one address", s, cidr)
	}
	return AllowRule{prefix.Masked(), port}, nil
}

// ParseRules reads several rules and gives the first error.
func ParseRules(texts []string) ([]AllowRule, error) {
	rules := make([]AllowRule, 0, len(texts))
	for _, t := range texts {
		r, err := ParseAllowRule(t)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
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

func (r AllowRule) String() string {
	port := "*"
	if r.Port != 0 {
		port = strconv.Itoa(int(r.Port))
	}
	if r.Prefix.Addr().Is6() {
		return "[" + r.Prefix.String() + "]:" + port
	}
	return r.Prefix.String() + ":" + port
}

func (r AllowRule) matches(a netip.AddrPort) bool {
	return r.Prefix.Contains(a.Addr()) && (r.Port == 0 || r.Port == a.Port())
}
