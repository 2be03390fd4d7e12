package egress

import (
	"net/netip"
	"testing"

	"github.com/busbar-dev/busbar/internal/allow"
)

func TestTiers(t *testing.T) {
	t.Parallel()
	for want, addresses := range map[tier][]string{
		public: {"8.8.8.8", "1.1.1.1", "99.255.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"},
		private: {"127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "240.0.0.1", "::1", "fd00::1", "fc00::1",
			"fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:a00:1::1", "2002:7f00:1::", "::127.0.0.1", "::ffff:0:10.0.0.1", "fd12::5efe:10.0.0.1", "2600::5efe:10.0.0.1", "2600::200:5efe:127.0.0.1", "64:ff9b:1:a00:0:500:808:808"},
		never: {"0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "239.1.1.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0",
			"fd00:ec2::254", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254", "2001:0:1::1",
			"2600::200:5efe:a9fe:a9fe", "2600::5efe:169.254.169.254", "2002:808:808::5efe:a9fe:a9fe", "::ffff:100.100.100.200", "fd20:ce::254"},
	} {
		for _, text := range addresses {
			if got := tierOf(normal(netip.MustParseAddr(text))); got != want {
				t.Errorf("%s is in tier %d, want %d", text, got, want)
			}
		}
	}
}

func TestNoRuleOpensWhatMayNeverBeReached(t *testing.T) {
	t.Parallel()
	everything := []allow.Rule{{Prefix: netip.MustParsePrefix("0.0.0.0/0")}, {Prefix: netip.MustParsePrefix("::/0")}}
	g := New(Options{Allow: everything, Forbid: []allow.Rule{{Prefix: netip.MustParsePrefix("10.0.0.1/32"), Port: 5432}}})
	for address, open := range map[string]bool{
		"169.254.169.254:80": false, "[fd00:ec2::254]:80": false, "[::ffff:169.254.169.254]:80": false,
		"10.0.0.1:5432": false, "10.0.0.1:443": true, "[::ffff:10.0.0.1]:5432": false, "[::1]:1": true,
	} {
		if err := g.control(t.Context(), network(address), address, nil); (err == nil) != open {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := g.control(t.Context(), "udp4", "8.8.8.8:53", nil); err == nil {
		t.Error("something other than TCP went out")
	}
}

func network(address string) string {
	if address[0] == '[' {
		return "tcp6"
	}
	return "tcp4"
}
