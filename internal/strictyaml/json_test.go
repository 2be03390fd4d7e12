package strictyaml_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Escapes of JSON are read as JSON has them; what only looks like JSON is YAML.
func TestEscapesOfJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a": "N\u00e4h \ud83d\ude00 a\/b \\ud83d\\ude00 \"\\/\""}`: "Näh 😀 a/b \\ud83d\\ude00 \"\\/\"",
		"{\n\t\"a\":\t\"x\\ty\"\n}":                                  "x\ty",
		`{a: '\ud83d\ude00 \/'}`:                                     `\ud83d\ude00 \/`,
	} {
		n, problems := strictyaml.Parse("f", []byte(text), "a thing", "")
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		if got := strictyaml.Child(n, "a").Value; got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
