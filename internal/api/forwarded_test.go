package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// Whoever is no proxy of ours cannot give themselves another address, nor can anybody behind one.
func TestOnlyOurProxiesNameCallers(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	for name, test := range map[string]struct {
		peer    string
		headers []string
		want    string
	}{
		"a stranger":                  {"203.0.113.5:99", []string{"198.51.100.1"}, "203.0.113.5/32"},
		"through the proxy":           {"10.0.0.1:99", []string{"198.51.100.1"}, "198.51.100.1/32"},
		"through two":                 {"10.0.0.1:99", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1/32"},
		"with an invented one before": {"10.0.0.1:99", []string{"127.0.0.1, 192.0.2.9, 198.51.100.1"}, "198.51.100.1/32"},
		"in several headers":          {"10.0.0.1:99", []string{"127.0.0.1", "198.51.100.1"}, "198.51.100.1/32"},
		"with a port":                 {"10.0.0.1:99", []string{"198.51.100.1:4711"}, "198.51.100.1/32"},
		"IPv6":                        {"[fd00::1]:99", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"},
		"mapped":                      {"[::ffff:10.0.0.1]:99", []string{"::ffff:198.51.100.1"}, "198.51.100.1/32"},
		"without the header":          {"10.0.0.1:99", nil, "10.0.0.1/32"},
		"nonsense":                    {"10.0.0.1:99", []string{"unknown"}, "10.0.0.1/32"},
		"nonsense before the proxy":   {"10.0.0.1:99", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2/32"},
	} {
		got := ""
		h := forwarded(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = addressOf(r).String() }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = test.peer, test.headers
		if h.ServeHTTP(httptest.NewRecorder(), r); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// Only a proxy of ours tells that its caller came by TLS, and the nearest one has the last word.
func TestOnlyOurProxiesTellOfTLS(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}
	for name, test := range map[string]struct {
		peer    string
		headers []string
		want    bool
	}{
		"a stranger":                {"203.0.113.5:99", []string{"https"}, false},
		"through the proxy":         {"10.0.0.1:99", []string{"HTTPS"}, true},
		"in the clear to it":        {"10.0.0.1:99", []string{"http"}, false},
		"with an invented one":      {"10.0.0.1:99", []string{"https, http"}, false},
		"with another header":       {"10.0.0.1:99", []string{"https", "http"}, false},
		"through two":               {"10.0.0.1:99", []string{"http, https"}, true},
		"a proxy that tells nobody": {"10.0.0.1:99", nil, false},
	} {
		got := false
		h := forwarded(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = byTLS(r) }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-Proto"] = test.peer, test.headers
		if h.ServeHTTP(httptest.NewRecorder(), r); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
