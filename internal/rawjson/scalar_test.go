package rawjson_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

func TestScalarsAsText(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"a":{"b":"x\"\u00e9"},"n":1.50,"none":null,"yes":true}`)
	for want, path := range map[string][]string{"x\"é": {"a", "b"}, "1.50": {"n"}, "true": {"yes"}} {
		if got := rawjson.Text(rawjson.At(doc, path...)); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
	for _, path := range [][]string{{"none"}, {"other"}, {"a", "c"}, {}} {
		if got := rawjson.Text(rawjson.At(doc, path...)); got != "" {
			t.Errorf("%q: %q", path, got)
		}
	}
}
