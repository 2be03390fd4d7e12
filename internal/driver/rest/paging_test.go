package rest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// lister answers as a source that holds all, with pages of at most cap, whatever is asked for.
type lister struct {
	all string
	cap int
}

func (l lister) page(w http.ResponseWriter, r *http.Request, from int, around string) {
	size, err := strconv.Atoi(r.FormValue("limit"))
	if err != nil || size > l.cap {
		size = l.cap
	}
	ids := window(l.all, from, size)
	next := ""
	if from+len(ids) < len(l.all) {
		next = strconv.Itoa(from + len(ids))
	}
	text := strings.NewReplacer("$records", records(ids), "$next", next, "$total", strconv.Itoa(len(l.all)), "$more", strconv.FormatBool(next != ""),
		"$pages", strconv.Itoa((len(l.all)+l.cap-1)/l.cap), "$host", "http://"+r.Host).Replace(around)
	_, _ = fmt.Fprint(w, text)
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.FormValue(name))
	return n
}

func TestEveryStyleOfPagingReachesTheEndAndNoFurther(t *testing.T) {
	t.Parallel()
	const all = "abcdefghijk"
	for _, c := range []struct {
		name, read, around string
		from               func(r *http.Request, cap int) int
		requests           int
	}{
		{"cursor", `{path: vendors, records: data, paging: {style: cursor, param: after, next: meta/next, size: limit, max: 4}}`,
			`{"meta":{"next":"$next"},"data":$records}`, func(r *http.Request, _ int) int { return number(r, "after") }, 4},
		{"cursor with more", `{path: vendors, records: data, paging: {style: cursor, param: after, next: next, more: more, size: limit}}`,
			`{"more":$more,"next":"$next","data":$records}`, func(r *http.Request, _ int) int { return number(r, "after") }, 4},
		{"offset with total", `{path: vendors, records: data, total: total, paging: {style: offset, param: skip, size: limit}}`,
			`{"total":$total,"data":$records}`, func(r *http.Request, _ int) int { return number(r, "skip") }, 6}, // the last page is as long as the others
		{"offset until empty", `{path: vendors, paging: {style: offset, param: skip, size: limit}}`, `$records`,
			func(r *http.Request, _ int) int { return number(r, "skip") }, 7},
		{"offset until short", `{path: vendors, paging: {style: offset, param: skip, size: limit, max: 3, end: short}}`, `$records`,
			func(r *http.Request, _ int) int { return number(r, "skip") }, 6},
		{"page from 1 with total", `{path: vendors, records: data, total: total, paging: {style: page, param: page, size: limit}}`,
			`{"total":"$total","data":$records}`, func(r *http.Request, n int) int { return (number(r, "page") - 1) * n }, 4},
		{"page from 0 with pages", `{path: vendors, records: data, paging: {style: page, param: page, first: 0, pages: pages}}`,
			`{"pages":$pages,"data":$records}`, func(r *http.Request, n int) int { return number(r, "page") * n }, 4},
		{"keyset", `{path: vendors, paging: {style: keyset, param: after, key: id}}`, `$records`,
			func(r *http.Request, _ int) int {
				return strings.Index(all, r.FormValue("after")+"") + len(r.FormValue("after"))
			}, 5},
		{"link in the body", `{path: vendors, records: data, paging: {style: link, next: next}}`,
			`{"next":"$host/api/vendors?skip=$next","data":$records}`, func(r *http.Request, _ int) int { return number(r, "skip") }, 4},
		{"relative link", `{path: vendors, records: data, paging: {style: link, next: next}}`, `{"next":"?skip=$next","data":$records}`,
			func(r *http.Request, _ int) int { return number(r, "skip") }, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := lister{all, 3}
			w := start(t, plainConnect, c.read, func(w http.ResponseWriter, r *http.Request) {
				from := c.from(r, source.cap)
				around := c.around
				if from+source.cap >= len(all) { // the last page has no link
					around = strings.NewReplacer("$host/api/vendors?skip=$next", "", "?skip=$next", "").Replace(around)
				}
				source.page(w, r, from, around)
			})
			got, err := w.drain(driver.Request{Limit: 100})
			if err != nil || got != all || len(*w.requests) != c.requests {
				t.Errorf("got %q, %v after %v", got, err, *w.requests)
			}
		})
	}
}

func TestLinkHeader(t *testing.T) {
	t.Parallel()
	w := start(t, `{url: "{url}/api", auth: {style: query, name: token, value: "{key}"}, probe: {path: ping}}`,
		`{path: vendors, paging: {style: link, header: Link}}`, func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("token") != key {
				w.WriteHeader(http.StatusUnauthorized)
			}
			if r.FormValue("p") == "" {
				w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/vendors?p=0,1>; rel="first", <http://%s/api/vendors?p=2&token=%s>; title="a, b"; rel="next"`, r.Host, r.Host, key))
				_, _ = fmt.Fprint(w, records("ab"))
				return
			}
			_, _ = fmt.Fprint(w, records("c"))
		})
	page, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	if err != nil || strings.Contains(string(page.Next), key) || strings.Contains(string(page.Next), "127.0.0.1") {
		t.Fatalf("token %s, %v", page.Next, err)
	}
	if got, err := w.drain(driver.Request{}); got != "abc" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestPagesThatCannotBeTrustedAreErrorsNotAnEnd(t *testing.T) {
	t.Parallel()
	cursor := `{path: vendors, records: data, paging: {style: cursor, param: after, next: next}}`
	for _, c := range []struct{ name, read, answer, want string }{
		{"same token again", cursor, `{"next":"A","data":` + records("ab") + `}`, "never end"},
		{"more but no token", `{path: vendors, records: data, paging: {style: cursor, param: after, next: next, more: more}}`, `{"more":true,"next":null,"data":[]}`, "not where"},
		{"offset is ignored", `{path: vendors, records: data, total: total, paging: {style: offset, param: skip}}`, `{"total":40,"data":` + records("ab") + `}`, "same page again"},
		{"fewer than counted", `{path: vendors, records: data, total: total, paging: {style: offset, param: skip}}`, `{"total":4,"data":[]}`, "counts 4 records but gives only 0"},
		{"link to another host", `{path: vendors, records: data, paging: {style: link, next: next}}`, `{"next":"http://169.254.169.254/x","data":[]}`, "another host"},
		{"link to another port", `{path: vendors, records: data, paging: {style: link, next: next}}`, `{"next":"http://127.0.0.1:1/x","data":[]}`, "another host"},
		{"link with a login", `{path: vendors, records: data, paging: {style: link, next: next}}`, `{"next":"//me@HOST/x","data":[]}`, "another host"},
		{"link to itself", `{path: vendors, records: data, paging: {style: link, next: next}}`, `{"next":"/api/vendors","data":[]}`, "never end"},
		{"keyset without key", `{path: vendors, paging: {style: keyset, param: after, key: no}}`, records("ab"), "has no no"},
		{"out of order", `{path: vendors, records: data, order: modified, paging: {style: cursor, param: after, next: next}}`,
			`{"data":[{"changed":"2026-01-02T00:00:00Z"},{"changed":"2026-01-01T00:00:00Z"}]}`, "order of modification"},
		{"shuffled between the edges", `{path: vendors, records: data, order: modified, paging: {style: cursor, param: after, next: next}}`,
			`{"data":[{"changed":"2026-01-01T00:00:00Z"},{"changed":"2026-01-04T00:00:00Z"},{"changed":"2026-01-02T00:00:00Z"},{"changed":"2026-01-03T00:00:00Z"}]}`, "order of modification"},
		{"no list", cursor, `{"date":[]}`, "no list at data"},
		{"list is an object", cursor, `{"data":{}}`, "not the JSON"},
		{"cut in a record", cursor, `{"data":[{"id":"a"},{"id":`, "cut off"},
		{"cut after the list", cursor, `{"data":[{"id":"a"}],"ne`, "cut off"},
		{"cut before the last brace", cursor, `{"data":[{"id":"a"}],"next":null`, "cut off"},
		{"two documents", cursor, `{"data":[]}{"data":[]}`, "cut off"},
		{"nothing", cursor, ``, "cut off"},
		{"count is a word", `{path: vendors, records: data, total: total, paging: {style: none}}`, `{"total":"many","data":[]}`, "not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, plainConnect, c.read, func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, strings.ReplaceAll(c.answer, "HOST", r.Host))
			})
			_, err := w.drain(driver.Request{Limit: 10})
			if driver.KindOf(err) != driver.Torn || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestATokenOfAnotherShapeStartsAnew(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: vendors, records: data, paging: {style: link, next: next}}`, func(http.ResponseWriter, *http.Request) {})
	for _, token := range []string{`"x"`, `{"url":"http://elsewhere/"}`, `{"url":"//elsewhere/x"}`} {
		_, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Token: []byte(token)})
		if driver.KindOf(err) != driver.TokenGone {
			t.Errorf("%s: %v", token, err)
		}
	}
	if len(*w.requests) != 0 {
		t.Errorf("asked %v", *w.requests)
	}
}
