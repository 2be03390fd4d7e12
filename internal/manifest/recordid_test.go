package manifest_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Of an id come the parts that it was made of, and two keys never become one id.
func TestAnIDIsItsParts(t *testing.T) {
	part := rapid.StringOf(rapid.SampledFrom([]rune(`:\aä0 "`)))
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "parts")
		a, b := rapid.SliceOfN(part, n, n).Draw(rt, "a"), rapid.SliceOfN(part, n, n).Draw(rt, "b")
		id := manifest.JoinID(a...)
		if got := manifest.SplitID(id, n); !slices.Equal(got, a) {
			rt.Fatalf("%q became %q, and that %q", a, id, got)
		}
		if got := manifest.SplitID(id, 0); n > 1 && !slices.Equal(got, a) {
			rt.Fatalf("%q became %q, and that %q", a, id, got)
		}
		if !slices.Equal(a, b) && manifest.JoinID(b...) == id {
			rt.Fatalf("%q and %q are one: %q", a, b, id)
		}
	})
}

func TestIDs(t *testing.T) {
	for id, parts := range map[string][]string{`a\:b:c\\`: {"a:b", `c\`}, `:`: {"", ""}, "1:2:3": {"1", "2", "3"}} {
		if got := manifest.JoinID(parts...); got != id {
			t.Errorf("%q became %q", parts, got)
		}
	}
	for id, parts := range map[string][]string{`a\`: {`a\`}, `a\b:c`: {"ab", "c"}, "": {""}, "\xff:b": {"\xff", "b"}} {
		if got := manifest.SplitID(id, 2); !slices.Equal(got, parts) {
			t.Errorf("%q became %q", id, got)
		}
	}
	if got := manifest.SplitID(`a:b\`, 1); !slices.Equal(got, []string{`a:b\`}) {
		t.Errorf("one part became %q", got)
	}
}
