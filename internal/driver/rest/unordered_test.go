package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Lists in no order look the same in every answer, in lists and alone; what stands around them stays as it is.
func TestUnorderedListsAreSettled(t *testing.T) {
	t.Parallel()
	answers := []string{`{"b":2,"n":1.0},{"a":"é"},"x"`, `"x",{"n":1.0,"b":2},  {"a":"é"}`}
	n := 0
	w := start(t, plainConnect, `{path: v, paging: {style: none}, unordered: [tags, none, deep/tags]}`, func(w http.ResponseWriter, r *http.Request) {
		n++
		record := fmt.Sprintf(`{"id":"1", "tags":[%s],"deep":{"tags":["b","a"]},"kept":[2,1]}`, answers[n%2])
		if strings.HasSuffix(r.URL.Path, "/v") {
			record = `[{"id":"0"},` + record + `]`
		}
		fmt.Fprint(w, record)
	})
	seen := map[string]bool{}
	for range 2 {
		page, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := w.client.(driver.Writer).ReadOne(t.Context(), w.entity, "1")
		if err != nil || string(page.Records[0]) != `{"id":"0"}` {
			t.Fatal(err, page.Records)
		}
		for _, record := range []string{string(page.Records[1]), string(alone)} {
			record = strings.Replace(record, `{"n":1.0,"b":2}`, `{"b":2,"n":1.0}`, 1) // the order of members means nothing to anybody
			seen[record] = true
		}
	}
	if want := `{"id":"1", "tags":["x",{"a":"é"},{"b":2,"n":1.0}],"deep":{"tags":["a","b"]},"kept":[2,1]}`; len(seen) != 1 || !seen[want] {
		t.Errorf("%v", seen)
	}
}
