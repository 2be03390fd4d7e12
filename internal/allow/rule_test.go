package allow_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/allow"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"127.0.0.1/32:8069": "127.0.0.1/32:8069",
		"10.0.0.0/8:*":      "10.0.0.0/8:*",
		"[fd00::/8]:443":    "[fd00::/8]:443",
		"[fd00::/8]:*":      "[fd00::/8]:*",
		"fd00::/8:443":      "[fd00::/8]:443",
		"0.0.0.0/0:*":       "0.0.0.0/0:*",
	} {
		r, err := allow.Parse(text)
		if err != nil || r.String() != want {
			t.Errorf("%q: %v, %v", text, r, err)
		}
		if again, err := allow.Parse(r.String()); err != nil || again != r {
			t.Errorf("%q does not survive being written: %v, %v", text, again, err)
		}
	}
}

// Every refusal says what to write instead.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                         "write CIDR:PORT",
		"10.0.0.0/8":               "write CIDR:PORT",
		"10.0.0.0/8:":              "write a number from 1 to 65535, or * for all",
		"10.0.0.0/8:0":             "write a number from 1 to 65535, or * for all",
		"10.0.0.0/8:65536":         "write a number from 1 to 65535, or * for all",
		"10.0.0.0:443":             "10.1.2.3/32 for one address",
		"erp.example.com:80":       "10.1.2.3/32 for one address",
		"*:443":                    "10.1.2.3/32 for one address",
		"10.1.2.3/8:443":           "write 10.0.0.0/8",
		"[fd00::1/8]:443":          "write fd00::/8",
		"[fd00::/8:443":            "closing bracket",
		"[::ffff:10.0.0.0/104]:80": "write it as IPv4",
	} {
		if r, err := allow.Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, %v; want an error that says %q", text, r, err, says)
		}
	}
}

func TestParseAllNamesTheRule(t *testing.T) {
	t.Parallel()
	if rules, err := allow.ParseAll([]string{"10.0.0.0/8:*", "127.0.0.1/32:80"}); err != nil || len(rules) != 2 {
		t.Errorf("%v, %v", rules, err)
	}
	if _, err := allow.ParseAll([]string{"10.0.0.0/8:*", "nowhere"}); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("the error does not name the rule: %v", err)
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for rule, addresses := range map[string]map[string]bool{
		"10.0.0.0/8:443": {"10.255.0.1:443": true, "10.255.0.1:444": false, "11.0.0.1:443": false, "[::1]:443": false},
		"10.0.0.0/8:*":   {"10.255.0.1:1": true, "11.0.0.1:1": false},
		"[fd00::/8]:80":  {"[fd12::1]:80": true, "[fe00::1]:80": false},
	} {
		r, err := allow.Parse(rule)
		if err != nil {
			t.Fatal(err)
		}
		for a, want := range addresses {
			if got := r.Matches(netip.MustParseAddrPort(a)); got != want {
				t.Errorf("%s matches %s: %v", rule, a, got)
			}
		}
	}
	one := netip.MustParseAddrPort("[fd00::1]:8069")
	if r := allow.One(one); !r.Matches(one) || r.String() != "[fd00::1/128]:8069" {
		t.Errorf("One = %s", r)
	}
}
