package api_test

import (
	"strings"
	"testing"
)

// TestQueryIsReadWhole sends queries of which a part could be dropped in silence, and so a filter.
func TestQueryIsReadWhole(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1")
	const list = "/v1/purchase-orders?"
	for query, want := range map[string]struct {
		status int
		code   string
		names  string
	}{
		"modified_after=2030-01-01T00:00:00Z&x=%zz": {400, "malformed-request", "%zz"},
		"%zz=1":                                        {400, "malformed-request", "%zz"},
		"limit=1;include=raw":                          {400, "malformed-request", "semicolon"},
		"include=raw&include=deleted":                  {422, "invalid-parameter", "include=a,b"},
		"limit=1&limit=500":                            {422, "invalid-parameter", "limit"},
		"limit=1&%6Cimit=500":                          {422, "invalid-parameter", "limit"},
		"include=raw,deleted":                          {200, "", `"raw"`},
		"include=raw%2Cdeleted":                        {200, "", `"raw"`},
		"modified_after=x":                             {422, "invalid-parameter", "2026-11-01T00:00:00Z"},
		"cursor&modified_after=2030-01-01T00:00:00Z":   {200, "", `"data":[]`},
		"%6dodified_after=2030-01-01T00:00:00Z":        {200, "", `"data":[]`},
		"modified_after=2030-01-01T00%3A00%3A00Z":      {200, "", `"data":[]`},
		"modified_after=2030-01-01T00:00:00%2B01:00":   {200, "", `"data":[]`},
		"unheard_of=" + strings.Repeat("x", 10) + "&a": {422, "invalid-parameter", "unheard_of"},
	} {
		a := w.call("GET", list+query, token, "")
		if a.status != want.status || a.code() != want.code || !strings.Contains(a.text, want.names) {
			t.Errorf("%s: got %d %s", query, a.status, a.text)
		}
		if strings.Contains(a.text, "2006-01-02") || strings.Contains(a.text, "15:04") {
			t.Errorf("%s: the answer speaks Go: %s", query, a.text)
		}
	}
}

func TestConnectionNamedTwice(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	other, _ := w.connect("B")
	for _, secret := range []string{token, w.key} {
		req := w.request("GET", "/v1/connection", secret, "")
		req.Header["Busbar-Connection"] = []string{c.ID, other.ID}
		w.want(w.do(req), 422, "invalid-parameter")
	}
}
