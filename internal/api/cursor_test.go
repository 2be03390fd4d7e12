package api_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

func TestCursors(t *testing.T) {
	w := newWorld(t)
	a, tokenA := w.connect("A")
	b, tokenB := w.connect("B")
	w.put(a, numbered(9)...)
	w.put(b, numbered(9)...)
	const list, feed = "/v1/purchase-orders?limit=3", "/v1/changes?entity=purchase-orders&limit=3"
	cursor := w.want(w.call("GET", list, tokenA, ""), 200, "").next()
	ofFeed := w.want(w.call("GET", feed, tokenA, ""), 200, "").next()
	filtered := w.want(w.call("GET", list+"&include=deleted", tokenA, ""), 200, "").next()
	runs := w.want(w.call("GET", "/v1/connections?limit=1", w.key, ""), 200, "").next()

	flipped := []byte(must(base64.RawURLEncoding.DecodeString(cursor)))
	flipped[12] ^= 1
	for _, tt := range []struct {
		name, path, token, cursor string
		status                    int
		code                      string
	}{
		{"as given", list, tokenA, cursor, 200, ""},
		{"another limit", "/v1/purchase-orders?limit=4", tokenA, cursor, 200, ""},
		{"with raw", list + "&include=raw", tokenA, cursor, 200, ""},
		{"other filters", list + "&include=deleted", tokenA, cursor, 400, "cursor-mismatch"},
		{"other filters, too", list + "&modified_after=2026-01-01T00:00:00Z", tokenA, cursor, 400, "cursor-mismatch"},
		{"filters left out", list, tokenA, filtered, 400, "cursor-mismatch"},
		{"of another connection", list, tokenB, cursor, 400, "invalid-cursor"},
		{"of another entity", "/v1/vendors?limit=3", tokenA, cursor, 400, "invalid-cursor"},
		{"of the list in the feed", feed, tokenA, cursor, 400, "invalid-cursor"},
		{"of the feed in the list", list, tokenA, ofFeed, 400, "invalid-cursor"},
		{"of the control plane", list, tokenA, runs, 400, "invalid-cursor"},
		{"one bit flipped", list, tokenA, base64.RawURLEncoding.EncodeToString(flipped), 400, "invalid-cursor"},
		{"cut", list, tokenA, cursor[:len(cursor)-2], 400, "invalid-cursor"},
		{"padded", list, tokenA, cursor + "==", 400, "invalid-cursor"},
		{"garbage", list, tokenA, "garbage", 400, "invalid-cursor"},
		{"not base64", list, tokenA, "' or 1=1 --", 400, "invalid-cursor"},
		{"10 kB", list, tokenA, strings.Repeat("A", 10_000), 400, "invalid-cursor"},
		{"zeros", list, tokenA, strings.Repeat("A", 48), 400, "invalid-cursor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.want(w.call("GET", tt.path+"&cursor="+url.QueryEscape(tt.cursor), tt.token, ""), tt.status, tt.code)
		})
	}

	w.reset(a)
	w.want(w.call("GET", list+"&cursor="+cursor, tokenA, ""), 410, "cursor-expired")
	w.want(w.call("GET", feed+"&cursor="+ofFeed, tokenA, ""), 410, "cursor-expired")
	w.want(w.call("GET", list, tokenA, ""), 200, "")
}

// TestPagingWhileRecordsChange lists and changes at the same time: nothing is missed.
func TestPagingWhileRecordsChange(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, numbered(20)...)
	seen := map[string]int{}
	next := ""
	for page := 0; ; page++ {
		a := w.want(w.call("GET", "/v1/purchase-orders?limit=6&cursor="+next, token, ""), 200, "")
		for _, r := range a.data() {
			seen[r["number"].(string)]++
		}
		if next = a.next(); next == "" {
			break
		}
		if page < 3 {
			w.tick(1e9)
			w.put(c, numbered(20)[page], numbered(20)[19-page], "NEW-"+string(rune('A'+page)))
		}
	}
	for _, n := range append(numbered(20), "NEW-A", "NEW-B", "NEW-C") {
		if seen[n] == 0 {
			t.Errorf("%s was never listed", n)
		}
	}
}
