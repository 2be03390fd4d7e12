package secret_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

// What is covered shows no secret, is JSON, and comes back as it was to whoever has the secrets.
func TestVeil(t *testing.T) {
	t.Parallel()
	for _, s := range append(planted(), "1200", "ab", " padded ") {
		veil := secret.NewCredentials(map[string]string{"key": s, "other": "another one"}).Veil()
		quoted, _ := json.Marshal(s)
		for _, in := range []string{
			string(quoted), `"Valve 1200 mm"`, `1200`, `[51200.5, -1200]`, `{"a": ` + string(quoted) + `, ` + string(quoted) + `: 1, "x1200": 2}`, `""`, `"\ue0000.key\ue001"`, `"=12"`, `"another one 1.other"`, `null`, ``,
		} {
			kept := veil.Cover([]byte(in))
			back := veil.Lift(kept)
			if !same(in, string(back)) {
				t.Errorf("%q: %s is kept as %q and comes back as %s", s, in, kept, back)
			}
			if in == string(quoted) && (strings.Contains(string(kept), s) || !secret.Covered(kept) || string(secret.Shown(kept)) != `"•••"`) {
				t.Errorf("%q: kept as %q, shown as %s", s, kept, secret.Shown(kept))
			}
			if in != "" && !json.Valid(kept) || in != "" && !json.Valid(secret.Shown(kept)) {
				t.Errorf("%q: %q is no JSON, or %s is not", s, kept, secret.Shown(kept))
			}
		}
	}
}

func same(a, b string) bool {
	if a == b {
		return true
	}
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	again, _ := json.Marshal(x)
	other, _ := json.Marshal(y)
	return string(again) == string(other)
}

// Data that look like a mark give no secret away, and what others cannot lift stays covered.
func TestVeilIsForged(t *testing.T) {
	t.Parallel()
	veil := secret.NewCredentials(map[string]string{"key": "opensesame"}).Veil()
	kept := veil.Cover([]byte("[\"opensesame\",\"\ue0000.key\ue001\"]"))
	if got := string(veil.Lift(kept)); got != "[\"opensesame\",\"\ue0000.key\ue001\"]" {
		t.Errorf("%q", got)
	}
	other := secret.NewCredentials(map[string]string{"caller.key": "opensesame"}).Veil()
	if got := other.Lift(kept); !secret.Covered(got) || strings.Contains(string(got), "opensesame") {
		t.Errorf("%q", got)
	}
	if got := secret.NewCredentials(nil).Veil().Cover([]byte("\"\ue000\"")); string(got) != "\"\ue000\"" {
		t.Errorf("%q", got)
	}
}
