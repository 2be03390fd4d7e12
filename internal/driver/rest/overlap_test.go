package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// moving answers as a source of which every list is paged by offset, with pages of at most cap, and that changes after the first answer.
type moving struct {
	before, after string
	cap           int
}

func (m moving) serve(read string) (string, http.HandlerFunc) {
	all := m.before
	return read, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"total":%d,"data":%s}`, len(all), records(window(all, number(r, "skip"), m.cap)))
		all = m.after
	}
}

func TestAListThatMovesUnderAnOffsetIsReadAgain(t *testing.T) {
	t.Parallel()
	const until, counted = `{path: v, records: data, paging: {style: offset, param: skip, size: limit}}`, `{path: v, records: data, total: total, paging: {style: offset, param: skip, size: limit}}`
	for _, c := range []struct {
		name          string
		before, after string
		cap           int
		got           string // nothing: the list is read again
	}{
		{"a record that was read is deleted", "abcdefgh", "acdefgh", 3, ""},
		{"the last record that was read is deleted", "abcdefgh", "abdefgh", 3, ""},
		{"all but what was read is deleted", "abcdefgh", "ab", 3, ""},
		{"a record comes before", "abcdefgh", "0abcdefgh", 3, ""},
		{"a record moves from behind to the front", "abcdefgh", "gabcdefh", 3, ""},
		{"one is deleted, another comes at the end", "abcdefgh", "acdefghi", 3, ""},
		{"a record comes at the end", "abcdefgh", "abcdefghi", 3, "abcdefghi"},
		{"a record yet to come is deleted", "abcdefgh", "abcefgh", 3, "abcefgh"},
		{"all that was to come is deleted", "abcdefgh", "abc", 3, "abc"},
		{"nothing moves", "abcdefgh", "abcdefgh", 3, "abcdefgh"},
		{"pages of two", "abcdefgh", "abcdefgh", 2, "abcdefgh"},
		{"one record", "a", "a", 3, "a"},
		{"no record", "", "", 3, ""},
		{"one record at a time cannot be checked", "ab", "ab", 1, ""},
	} {
		for _, read := range []string{until, counted} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				read, handler := moving{c.before, c.after, c.cap}.serve(read)
				w := start(t, plainConnect, read, handler)
				got, err := w.drain(driver.Request{Limit: 100})
				again := c.got == "" && c.before != ""
				if again != (driver.KindOf(err) == driver.TokenGone) || !again && (err != nil || got != c.got) {
					t.Errorf("%q, %v after %v", got, err, *w.requests)
				}
			})
		}
	}
}

func TestRecordsAreKnownByTheirIdOrElseAsAWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id   string // where the system says that the id is
		want driver.Kind
	}{{"id", ""}, {"no", driver.TokenGone}} {
		w := start(t, plainConnect, `{path: v, paging: {style: offset, param: skip, size: limit, end: short}}`, func(w http.ResponseWriter, r *http.Request) {
			text := records(window("abc", number(r, "skip"), number(r, "limit")))
			_, _ = fmt.Fprint(w, strings.ReplaceAll(text, `"x":[]`, `"as_of":"`+r.RequestURI+`"`))
		})
		w.entity.ID[0][0] = c.id
		if got, err := w.drain(driver.Request{Limit: 2}); driver.KindOf(err) != c.want {
			t.Errorf("%s: %q %v", c.id, got, err)
		}
	}
}

func TestPageNumbersProveNothingBeyondTheFirstPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, read, all string
		unproved        string // of each page: whether it is, and whether it has a high water
	}{
		{"other order, one page", `{path: v, newest: {query: {sort: "-c"}}, paging: {style: page, param: page, size: limit, end: short}}`, "ab", "false true"},
		{"other order", `{path: v, newest: {query: {sort: "-c"}}, paging: {style: page, param: page, size: limit, end: short}}`, "abcd", "false false, true false"},
		{"order of modification", `{path: v, order: modified, paging: {style: page, param: page, first: 0, size: limit, end: short}}`, "abcd", "false true, true false"},
		{"an offset is proved", `{path: v, order: modified, paging: {style: offset, param: skip, size: limit, end: short}}`, "abcd", "false true, false true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, plainConnect, c.read, func(w http.ResponseWriter, r *http.Request) {
				from := number(r, "skip")
				if strings.Contains(c.read, "first: 0") {
					from = 3 * number(r, "page")
				} else if r.FormValue("page") != "" {
					from = 3 * (number(r, "page") - 1)
				}
				var list []string
				for _, id := range window(c.all, from, max(number(r, "limit"), 3)) {
					list = append(list, fmt.Sprintf(`{"id":"%c","changed":"2026-01-01T00:00:%02dZ"}`, id, id-'a'))
				}
				_, _ = fmt.Fprint(w, "["+strings.Join(list, ",")+"]")
			})
			var got []string
			for request := (driver.Request{Entity: w.entity, Limit: 3}); ; {
				page, err := w.client.Fetch(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(page.Unproved, !page.HighWater.IsZero()))
				if request.Token = page.Next; page.Next == nil {
					break
				}
			}
			if strings.Join(got, ", ") != c.unproved {
				t.Errorf("%v", got)
			}
		})
	}
}
