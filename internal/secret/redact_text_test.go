package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/secret"
)

// forms are how a system may repeat a secret.
func forms(s string) map[string]string {
	quoted, _ := json.Marshal(s)
	twice, _ := json.Marshal(string(quoted))
	var python, bytes strings.Builder
	for _, half := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&python, `\u%04x`, half)
	}
	for _, b := range []byte(s) {
		fmt.Fprintf(&bytes, `\x%02x`, b)
	}
	basic := base64.StdEncoding.EncodeToString([]byte("ann:" + s))
	return map[string]string{
		"raw": s, "trimmed": strings.TrimSpace(s), "upper": strings.ToUpper(s), "invisible": strings.Join(strings.Split(s, ""), "\u200b"),
		"base64": base64.StdEncoding.EncodeToString([]byte(s)), "raw base64": base64.RawStdEncoding.EncodeToString([]byte(s)),
		"url base64": base64.URLEncoding.EncodeToString([]byte(s)), "raw url base64": base64.RawURLEncoding.EncodeToString([]byte(s)),
		"basic": basic, "basic, longer": base64.StdEncoding.EncodeToString([]byte("annie:" + s + ":x")), "basic in an address": url.QueryEscape(basic),
		"query": url.QueryEscape(s), "path": url.PathEscape(s), "query, small": strings.ToLower(url.QueryEscape(s)),
		"json": string(quoted), "json twice": string(twice), "python": python.String(), "bytes": bytes.String(), "go": strconv.QuoteToASCII(s),
		"html": html.EscapeString(s), "hex": hex.EncodeToString([]byte(s)), "json of an address": strings.ReplaceAll(url.PathEscape(s), "/", `\/`),
		"cut": string([]rune(s)[:len([]rune(s))*3/4]), "broken over lines": strings.ReplaceAll(s, " ", "\r\n"),
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"s3cret-key", "s3cret-key\n", " pä\"ss/wö&rd<+%41 ", "sechs zeichen  und mehr", "😀😁😂😃", "abcd", "a\tb\\nc\u200bdef", "Zm9vYmFyYmF6"} {
		c := secret.NewCredentials(map[string]string{"user": "ann", "key": s}).Public("user")
		for name, form := range forms(s) {
			if (len(s) < 6 || s[0] == 0xf0) && (name == "cut" || name == "upper") {
				continue
			}
			got := c.Redact("the key " + form + ", is bad")
			if !strings.Contains(got, "[redacted]") || !strings.HasPrefix(got, "the key") || !strings.HasSuffix(got, ", is bad") {
				t.Errorf("%s of %q: %s", name, s, got)
			}
		}
	}
}

func TestRedactLeavesTheRest(t *testing.T) {
	t.Parallel()
	c := secret.NewCredentials(map[string]string{"url": "https://erp.example.com", "user": "ann", "password": "s3cret-key", "none": ""}).Public("url", "user")
	for in, want := range map[string]string{
		"ann may not read https://erp.example.com/a?b=%41+c": "ann may not read https://erp.example.com/a?b=%41+c",
		"a\u202eb\u2066c\u200fd\x1b[31m\x00\u0085e\u2028f":   "abcd [31m e f",
		"  two\r\n\tlines \ufffd":                            "two lines",
		"bad \xff bytes":                                     "bad bytes",
		"das Passwort ist falsch ☕":                          "das Passwort ist falsch ☕",
		"s3cret-key":                                         "[redacted]",
		"":                                                   "",
	} {
		if got := c.Redact(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := c.Redact("session 0123456789", "0123456789"); got != "session [redacted]" {
		t.Errorf("a session: %q", got)
	}
	if got := (secret.Credentials{}).Redact("as it is"); got != "as it is" {
		t.Errorf("no credentials: %q", got)
	}
}

// A secret too short to be found for certain costs the whole text.
func TestRedactDropsTextsBesideAShortSecret(t *testing.T) {
	t.Parallel()
	for _, short := range []string{"x", "abc", " abc\n", "äöü"} {
		c := secret.NewCredentials(map[string]string{"pin": short, "password": "s3cret-key"})
		if got := c.Redact("nothing of it in here"); got != "" {
			t.Errorf("beside %q: %q", short, got)
		}
	}
}

// No run of six characters of a secret is left, wherever it stands, in whatever form, whatever is cut off.
func TestRedactProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ019 -_/+=%&<>\"'\\:.äß😀")), 6, 60, -1).Filter(func(s string) bool { return len(strings.TrimSpace(s)) > 5 }).Draw(t, "secret")
		form := rapid.SampledFrom(sorted(forms(s))).Draw(t, "form")
		around := rapid.StringOfN(rapid.RuneFrom([]rune("kmnq ,;(){}\u200b\n")), 0, 400, -1)
		text := around.Draw(t, "before") + " " + form + " " + around.Draw(t, "after")
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		c := secret.NewCredentials(map[string]string{"key": s})
		for _, text := range []string{text, text[:cut], text[cut:]} {
			got := strings.ReplaceAll(c.Redact(text), "[redacted]", "\n")
			for runes := []rune(s); len(runes) >= 6; runes = runes[1:] {
				if run := string(runes[:6]); strings.Contains(got, run) {
					t.Fatalf("%q is in %q", run, got)
				}
			}
		}
	})
}

func sorted(forms map[string]string) (out []string) {
	for _, name := range []string{"raw", "base64", "url base64", "basic", "basic in an address", "query", "path", "json", "json twice", "python", "bytes", "html", "hex", "invisible"} {
		out = append(out, forms[name])
	}
	return out
}

// A secret is seen in an answer however JSON writes it.
func TestShowsASecretInJSON(t *testing.T) {
	t.Parallel()
	c := secret.NewCredentials(map[string]string{"password": `Pässw/"rd\<🙂`})
	for _, text := range []string{
		`{"echo": "Pässw/\"rd\\<🙂"}`, `{"echo": "Pässw\/\"rd\\<🙂"}`, `{"echo": "P\u00e4ssw/\"rd\\\u003c\ud83d\ude42"}`, `{"echo": "P\u00E4SSW/\"rd\\<\uD83D\uDE42"}`, `say Pässw/"rd\<🙂`,
	} {
		if !c.Shows(text) {
			t.Errorf("not seen in %s", text)
		}
	}
	if c.Shows(`{"echo": "Pässw"}`) || secret.NewCredentials(map[string]string{"url": ""}).Shows("x") {
		t.Error("seen where it is not")
	}
}
