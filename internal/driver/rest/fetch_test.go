package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 10, 25, 0, 30, 15, 999_999_999, time.UTC) // 02:30 in Vienna, which comes twice that night: this is the first
	for _, c := range []struct{ filter, want string }{
		{`{param: s}`, "2026-10-25T00:30:15.999999Z"},
		{`{param: s, format: rfc3339-ms}`, "2026-10-25T00:30:15.999Z"},
		{`{param: s, format: rfc3339-s, text: "updated >= '{}'"}`, "updated >= '2026-10-25T00:30:15Z'"},
		{`{param: s, format: local-sql}`, "2026-10-25 01:30:15"},
		{`{param: s, format: local-s}`, "2026-10-25T01:30:15"},
		{`{param: s, format: unix}`, "1792888215"},
		{`{param: s, format: unix-ms}`, "1792888215999"},
		{`{param: s, format: date}`, "2026-10-25"},
	} {
		w := start(t, plainConnect, `{path: vendors, query: {fixed: "of {user}"}, changed_since: `+c.filter+`, history: {param: h, format: local-s}, paging: {style: keyset, param: after, key: id, size: n, max: 50}}`,
			func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "[]") })
		page, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Since: since, HistoryFrom: time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC), Limit: 500})
		if err != nil || page.Next != nil || page.Total != -1 || !page.HighWater.IsZero() {
			t.Fatal(page, err)
		}
		want := url.Values{"s": {c.want}, "h": {"2026-08-22T00:00:00"}, "n": {"50"}, "fixed": {"of ann"}}
		if got := (*w.requests)[0]; got != "/api/vendors?"+want.Encode() {
			t.Errorf("%s: %s", c.filter, got)
		}
	}
}

func TestHighWater(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		name, read string
		record     string
		first      time.Time // of the first page
		second     time.Time
	}{
		{"without a zone: one hour ahead in winter", `{path: v, order: modified, paging: {style: keyset, param: after, key: id}}`, `"2026-01-01T00:00:0$"`, at("2025-12-31T23:00:02Z"), at("2025-12-31T23:00:04Z")},
		{"with a zone", `{path: v, order: modified, paging: {style: keyset, param: after, key: id}}`, `"2026-01-01T00:00:0$+02:00"`, at("2025-12-31T22:00:02Z"), at("2025-12-31T22:00:04Z")},
		{"summer time, the hour that comes twice", `{path: v, order: modified, paging: {style: keyset, param: after, key: id}}`, `"2026-10-25 02:30:0$"`, at("2026-10-25T00:30:02Z"), at("2026-10-25T00:30:04Z")},
		{"unix", `{path: v, order: modified, changed_since: {param: s, format: unix}, paging: {style: keyset, param: after, key: id}}`, `179288821$`, at("2026-10-25T00:30:12Z"), at("2026-10-25T00:30:14Z")},
		{"other order", `{path: v, newest: {query: {sort: "-changed"}}, paging: {style: keyset, param: after, key: id}}`, `"2026-01-01T00:00:0$Z"`, at("2026-01-01T00:00:09Z"), time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, plainConnect, c.read, func(w http.ResponseWriter, r *http.Request) {
				record := func(n string) string {
					return `{"id":"` + n + `","changed":` + strings.ReplaceAll(c.record, "$", n) + `}`
				}
				switch {
				case r.FormValue("sort") != "":
					_, _ = fmt.Fprintf(w, "[%s]", record("9"))
				case r.FormValue("after") == "":
					_, _ = fmt.Fprintf(w, "[%s,%s]", record("1"), record("2"))
				default:
					_, _ = fmt.Fprintf(w, "[%s,%s]", record("3"), record("4"))
				}
			})
			first, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
			if err != nil {
				t.Fatal(err)
			}
			second, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Token: first.Next})
			if err != nil {
				t.Fatal(err)
			}
			if !first.HighWater.Equal(c.first) || !second.HighWater.Equal(c.second) {
				t.Errorf("%s, then %s", first.HighWater, second.HighWater)
			}
		})
	}
}

func TestAnOrderBrokenBetweenPagesIsNoticed(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: v, order: modified, paging: {style: keyset, param: after, key: id}}`, func(w http.ResponseWriter, r *http.Request) {
		day := map[string]string{"": "05", "05": "04"}[r.FormValue("after")]
		_, _ = fmt.Fprintf(w, `[{"id":"%s","changed":"2026-01-%sT00:00:00Z"}]`, day, day)
	})
	if got, err := w.drain(driver.Request{}); driver.KindOf(err) != driver.Torn || got != "05" {
		t.Errorf("%q %v", got, err)
	}
}

func TestRecordsAreUntouchedSubSlices(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: v, records: a/b, total: a/n, paging: {style: none}}`, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, ` {"a" : {"n": 9007199254740993, "b" : [ {"id" : 1e400, "s":"\u00e9"} , {"id":"000123"} ] } } `)
	})
	page, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	if err != nil || len(page.Records) != 2 || string(page.Records[0]) != `{"id" : 1e400, "s":"\u00e9"}` || page.Total != 9007199254740993 {
		t.Errorf("%s %v", page.Records, err)
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: v, method: POST, body: '{"q":1}', paging: {style: none}}`, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 20)
		n, _ := r.Body.Read(body)
		if r.Method != "POST" || string(body[:n]) != `{"q":1}` || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", r.Method, body[:n])
		}
		_, _ = fmt.Fprint(w, records("ab"))
	})
	if got, err := w.drain(driver.Request{}); got != "ab" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestOnlyTheSystemItselfSaysThatThereAreNoRecordsAndOnlyAtFirst(t *testing.T) {
	t.Parallel()
	const bare = `{url: "{url}/api", auth: {style: bearer, token: "{key}"}, probe: {path: ping}}`
	const own = `{"error":{"code":"none","message":"No vendors."}}`
	for _, c := range []struct {
		name, connect string
		page          int // that is not found
		answer        string
		want          driver.Kind
	}{
		{"its own error", plainConnect, 1, own, ""},
		{"no rules for errors", bare, 1, `{"whatever":1}`, ""},
		{"another's JSON", plainConnect, 1, `{"detail":"no Route matched"}`, driver.Invalid},
		{"nothing", plainConnect, 1, ``, driver.Invalid},
		{"nothing, no rules", bare, 1, ``, driver.Invalid},
		{"words", bare, 1, `404 page not found`, driver.Invalid},
		{"a web page", plainConnect, 1, `<html>no such route</html>`, driver.NotSystem},
		{"in the middle", plainConnect, 2, own, driver.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, c.connect, `{path: v, empty: 404, paging: {style: page, param: page}}`, func(w http.ResponseWriter, r *http.Request) {
				if number(r, "page") < c.page {
					_, _ = fmt.Fprint(w, records("ab"))
					return
				}
				w.WriteHeader(http.StatusNotFound)
				_, _ = fmt.Fprint(w, c.answer)
			})
			if got, err := w.drain(driver.Request{}); driver.KindOf(err) != c.want || c.want == "" && (err != nil || got != "") {
				t.Errorf("%q %v", got, err)
			}
		})
	}
}
