package api_test

import (
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
)

// TestSecretsOfLinksAreNotKeptHoweverEscaped: an address may come escaped otherwise, as mail gateways write it; neither the log nor the answer holds its secret.
func TestSecretsOfLinksAreNotKeptHoweverEscaped(t *testing.T) {
	w := newWorld(t)
	const secret = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZab"
	all := ""
	for _, c := range "bb_inv_" + secret {
		all += "%" + strings.ToLower(string("0123456789ABCDEF"[c>>4])+string("0123456789ABCDEF"[c&15]))
	}
	for name, path := range map[string]string{
		"as it is":           "/password/bb_inv_" + secret,
		"lines escaped":      "/password/bb%5Finv%5f" + secret,
		"twice":              "/password/bb%255Finv%255f" + secret,
		"all of it":          "/password/" + all,
		"all of it, twice":   "/password/" + strings.ReplaceAll(all, "%", "%25"),
		"beside a bad one":   "/password/%25zz/bb%255Finv%255F" + secret,
		"too deep to follow": "/password/" + strings.ReplaceAll("bb%5Finv%5F"+secret, "%", "%"+strings.Repeat("25", 20)),
		"in the query":       "/v1/nothing?next=%2Fpassword%2Fbb%255Finv%255F" + secret,
		"in a parameter":     "/v1/members?cursor=bb%255Finv%255F" + secret,
		"in a misspelt one":  "/v1/members?bb%5Finv%5F" + secret + "=1",
	} {
		a := w.call("GET", path, w.key, "")
		if strings.Contains(unescaped(w.log.String()), secret) {
			t.Errorf("%s: the log holds the secret: %s", name, w.log.String())
		}
		if strings.Contains(unescaped(a.text), secret) {
			t.Errorf("%s: the answer repeats it: %s", name, a.text)
		}
	}
	w.call("GET", "/v1/w%C3%A9ird%2Fpath/100%25", "", "")
	if !strings.Contains(w.log.String(), "/v1/w%C3%A9ird%2Fpath/100%25") {
		t.Errorf("a path without a secret is not logged as it came: %s", w.log.String())
	}
}

// unescaped is a text with every escape in it resolved, however deep.
func unescaped(text string) string {
	for {
		next := regexp.MustCompile(`%[0-9A-Fa-f]{2}`).ReplaceAllStringFunc(text, func(one string) string { return string(must(hex.DecodeString(one[1:]))) })
		if next == text {
			return text
		}
		text = next
	}
}
