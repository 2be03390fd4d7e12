package rest_test

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

const lean = `{path: vendors, each: 2, repeat: {expand: [a, b]}, one: {path: "vendors/{id}", repeat: {expand: [c, d]}, record: vendor}, paging: {style: none}}`

// A list that shows part of its records is read record by record; one that is gone meanwhile is left out, and one that cannot be read fails the page.
func TestEachRecordOfALeanListIsRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer func(w http.ResponseWriter, id string)
		want   string
		kind   driver.Kind
	}{
		{func(w http.ResponseWriter, id string) { _, _ = fmt.Fprintf(w, `{"vendor":{"id":%q,"whole":true}}`, id) }, "abcde", ""},
		{func(w http.ResponseWriter, id string) {
			if id == "c" {
				w.WriteHeader(http.StatusNotFound)
				_, _ = fmt.Fprint(w, `{"error":{"message":"No such vendor"}}`)
				return
			}
			_, _ = fmt.Fprintf(w, `{"vendor":{"id":%q,"whole":true}}`, id)
		}, "abde", ""},
		{func(w http.ResponseWriter, id string) {
			if id == "c" {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			_, _ = fmt.Fprintf(w, `{"vendor":{"id":%q,"whole":true}}`, id)
		}, "", driver.Fault},
	} {
		w := start(t, strings.Replace(plainConnect, "{url", "{headers: {X-User: \"{user}\"}, url", 1), lean, func(w http.ResponseWriter, r *http.Request) {
			if path.Base(r.URL.Path) == "vendors" {
				_, _ = fmt.Fprint(w, records("abcde"))
				return
			}
			c.answer(w, path.Base(r.URL.Path))
		})
		page, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
		if driver.KindOf(err) != c.kind {
			t.Fatal(err)
		}
		if err != nil {
			continue
		}
		got := ""
		for _, r := range page.Records {
			if !strings.Contains(string(r), `"whole":true`) {
				t.Errorf("%s is not whole", r)
			}
			got += string(r[7])
		}
		if page.Unproved != (len(got) < len("abcde")) {
			t.Errorf("%s: unproved is %t", got, page.Unproved)
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if all := strings.Join(*w.requests, " "); !strings.Contains(all, "/api/vendors?expand=a&expand=b") || !strings.Contains(all, "/api/vendors/a?expand=c&expand=d") {
			t.Errorf("asked %s", all)
		}
	}
}

// The words of an error count wherever the system puts them.
func TestMessagesAreFoundInSeveralPlaces(t *testing.T) {
	t.Parallel()
	connect := `{url: "{url}/api", auth: {style: bearer, token: "{key}"}, probe: {path: ping}, errors: {messages: [error, errors/0/error]}}`
	for _, answer := range []string{`{"error":"Too much."}`, `{"errors":[{"error":"Too much."}]}`} {
		w := start(t, connect, `{path: vendors, paging: {style: none}}`, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, answer)
		})
		if _, err := w.drain(driver.Request{}); driver.KindOf(err) != driver.Invalid || !strings.Contains(err.Error(), "Too much.") {
			t.Errorf("%s: %v", answer, err)
		}
	}
}
