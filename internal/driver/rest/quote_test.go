package rest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/secret"
)

// refusing gives a client whose system answers every request with a 401 and the message that said gives.
func refusing(t *testing.T, said func() string) (open func(key string) driver.Client, w world) {
	w = start(t, plainConnect, noPaging, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		body, _ := json.Marshal(map[string]any{"error": map[string]string{"message": said(), "code": said()}})
		_, _ = w.Write(body)
	})
	return func(key string) driver.Client {
		s, _ := system(t, plainConnect, noPaging)
		c, err := rest.New().Open(s, driver.Config{HTTP: w.server.Client(),
			Credentials: secret.NewCredentials(map[string]string{"url": w.server.URL, "key": key, "user": "ann"}).Public("url", "user")})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}, w
}

func TestAnErrorQuotesNoSecret(t *testing.T) {
	t.Parallel()
	said := ""
	open, _ := refusing(t, func() string { return said })
	for name, c := range map[string]struct{ key, said, shows string }{
		"with a line end":     {key + "\n", "unknown key " + key, "unknown key [redacted]"},
		"across the edge":     {key, strings.Repeat("x", web.SaidLimit-4) + " " + key, "x [re…"},
		"as base64":           {key, "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:"+key)), "Basic [redacted]="},
		"in an address":       {"s3cret/key&", "GET /?k=" + url.QueryEscape("s3cret/key&"), "GET /?k=[redacted]"},
		"as JSON":             {`s3"cr\et`, `{"key":"s3\"cr\\et"}`, `{"key":"[redacted]"}`},
		"too short":           {"abc", "unknown key abc", "(HTTP 401)."},
		"text turned round":   {key, "a\u202eb\u0085c\u2066", "ab c"},
		"nothing of the kind": {key, "locked ☕", "locked ☕"},
	} {
		said = c.said
		_, err := open(c.key).Probe(t.Context())
		var e *driver.Error
		if !errors.As(err, &e) || !strings.HasSuffix(e.Detail, c.shows) || strings.Contains(fmt.Sprintf("%+v %s", e, e.Code), strings.TrimSpace(c.key)) {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestAnErrorQuotesNoRunOfASecret(t *testing.T) {
	t.Parallel()
	said := ""
	open, _ := refusing(t, func() string { return said })
	rapid.Check(t, func(r *rapid.T) {
		key := rapid.StringMatching(`[bcdXYZ019+/=&"\\ -]{5,39}[XYZ]`).Filter(func(s string) bool { return len(strings.TrimSpace(s)) > 5 }).Draw(r, "key")
		quoted, _ := json.Marshal(key)
		form := rapid.SampledFrom([]string{key, string(quoted), url.QueryEscape(key), base64.StdEncoding.EncodeToString([]byte(key)),
			base64.RawURLEncoding.EncodeToString([]byte("ann:" + key))}).Draw(r, "form")
		said = strings.Repeat("m", rapid.IntRange(0, web.SaidLimit+10).Draw(r, "before")) + " " + form + " n"
		_, err := open(key).Probe(t.Context())
		shown := strings.ReplaceAll(fmt.Sprintf("%+v", *err.(*driver.Error)), "[redacted]", "\n") //nolint:errorlint // the contract
		for i := range len(key) - 5 {
			if strings.Contains(shown, key[i:i+6]) {
				r.Fatalf("%q is in %q", key[i:i+6], shown)
			}
		}
		if _, found, ok := strings.Cut(shown, ": "); ok && len(form) > 20 && strings.Contains(found, form[4:16]) {
			r.Fatalf("a form of it is in %q", shown)
		}
	})
}
