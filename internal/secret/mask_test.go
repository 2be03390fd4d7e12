package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

func mask(values ...string) secret.Mask {
	named := map[string]string{}
	for i, v := range values {
		named[fmt.Sprint(i)] = v
	}
	return secret.NewCredentials(named).Mask()
}

// Planted secrets, among them those that every notation changes.
func planted() []string {
	return []string{"opensesame", "s3cr3t/with+all \"kinds\" & <more>?=%", "schlüssel-für-köln", "back\\slash\tand tab", "4711-0815-4242", "abcd", "0123456789012345678901234567890123456789", "-----BEGIN KEY-----\nMIIE\n-----END KEY-----\n"}
}

func TestMaskFindsASecretInEveryNotation(t *testing.T) {
	t.Parallel()
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b[1 : len(b)-1]) }
	for _, s := range planted() {
		m := mask("another one", s)
		for name, text := range map[string]string{
			"as it is": s, "in JSON": quoted(s), "in JSON within JSON": quoted(quoted(s)), "in a query": url.QueryEscape(s), "in a path": url.PathEscape(s),
			"in a query in small letters": strings.ToLower(url.QueryEscape(s)), "in HTML": html.EscapeString(s), "in capitals": strings.ToUpper(s), "in digits": hex.EncodeToString([]byte(s)),
			"in base64": base64.StdEncoding.EncodeToString([]byte(s)), "in base64 of URLs": base64.RawURLEncoding.EncodeToString([]byte(s)),
			"in a login": base64.StdEncoding.EncodeToString([]byte("u:" + s)), "in another login": base64.StdEncoding.EncodeToString([]byte("user:" + s + "!")), "in a third": base64.StdEncoding.EncodeToString([]byte(":" + s + "!!")),
			"in base64 in a query": url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))),
		} {
			if len(s) < 6 && strings.Contains(name, "base64") || len(s) < 6 && (strings.HasSuffix(name, "login") || name == "in a third") {
				continue // too short to be told from other words there
			}
			got := m.Text("before " + text + " behind")
			if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " behind") || !strings.Contains(got, "•••") || len(got) > len("before  behind")+24 {
				t.Errorf("%q %s: %q", s, name, got)
			}
		}
	}
}

func TestMaskedJSONStaysJSON(t *testing.T) {
	t.Parallel()
	for _, s := range planted() {
		m := mask(s)
		basic := base64.StdEncoding.EncodeToString([]byte("user:" + s))
		inner, _ := json.Marshal(map[string]any{"token": s})
		doc := map[string]any{
			"plain": s, "within": "Bearer " + s + "!", "basic": "Basic " + basic, "list": []any{1, s, nil, true}, "inner": string(inner), s: 1, "x" + s: 2, "kept": "é<&>\u2028 \"quoted\" \\ 1.10", "url": "https://h/p?t=" + url.QueryEscape(s),
		}
		text, _ := json.MarshalIndent(doc, "", "  ")
		got := m.JSON(text)
		var back map[string]any
		if err := json.Unmarshal(got, &back); err != nil {
			t.Errorf("%q: %v: %s", s, err, got)
			continue
		}
		if len(back) != len(doc) || back["kept"] != doc["kept"] || back["plain"] != "•••" || back["within"] != "Bearer •••!" {
			t.Errorf("%q: %s", s, got)
		}
		whole, _ := json.Marshal(back)
		if strings.Contains(string(whole), s) || secret.NewCredentials(map[string]string{"a": s}).Shows(string(got)) {
			t.Errorf("%q is still there: %s", s, got)
		}
	}
}

// Escapes that nobody had to write hide nothing.
func TestMaskReadsEscapes(t *testing.T) {
	t.Parallel()
	if got := string(mask("opensesame").JSON([]byte(`{"a": "open\u0073esam\u0065" , "b":1}`))); got != `{"a": "•••" , "b":1}` {
		t.Error(got)
	}
}

func TestMaskLeavesEverythingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mask    secret.Mask
		in, out string
	}{
		"nothing secret":       {mask("opensesame"), `{"n": 1.10, "s": "\u00e9\/", "e": []}`, `{"n": 1.10, "s": "\u00e9\/", "e": []}`},
		"no secrets":           {mask(), `{"a":"opensesame"}`, `{"a":"opensesame"}`},
		"an empty secret":      {mask(""), `{"a":"","b":"x"}`, `{"a":"","b":"x"}`},
		"the zero mask":        {secret.Mask{}, `["opensesame"]`, `["opensesame"]`},
		"a short one alone":    {mask("ab"), `{"a":"ab","b":"abc","ab":1}`, `{"a":"•••","b":"abc","•••":1}`},
		"a number":             {mask("471108154242"), `{"a":471108154242,"b":47110815424,"c":-1.5e3}`, `{"a":"•••","b":47110815424,"c":-1.5e3}`},
		"the longer one first": {mask("opensesame", "opensesame-more"), `["opensesame-more","opensesame"]`, `["•••","•••"]`},
		"null":                 {mask("opensesame"), `null`, `null`},
		"what was masked":      {mask("opensesame"), `["•••"]`, `["•••"]`},
		"nothing at all":       {mask("opensesame"), ``, ``},
	} {
		if got := string(test.mask.JSON([]byte(test.in))); got != test.out {
			t.Errorf("%s: %s", name, got)
		}
	}
	long := `["` + strings.Repeat("x", 1<<20) + `opensesame"]`
	if got := mask("opensesame").JSON([]byte(long)); len(got) != len(long)-1 || !json.Valid(got) {
		t.Errorf("%d of %d bytes", len(got), len(long))
	}
}
