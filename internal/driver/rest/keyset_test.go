package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// stamped is a list of records "id stamp", sorted by stamp, of which a page shows those from a stamp on.
type stamped struct{ rows []string }

func (s *stamped) touch(id, stamp string) {
	s.drop(id)
	s.rows = append(s.rows, id+" "+stamp)
}

func (s *stamped) drop(id string) {
	s.rows = slices.DeleteFunc(s.rows, func(r string) bool { return strings.HasPrefix(r, id+" ") })
}

func (s *stamped) page(w http.ResponseWriter, r *http.Request) {
	var list []string
	for _, row := range s.rows {
		id, stamp, _ := strings.Cut(row, " ")
		if stamp >= r.FormValue("from[gte]") && len(list) < number(r, "limit") {
			list = append(list, fmt.Sprintf(`{"id":%q,"changed":%q}`, id, stamp))
		}
	}
	_, _ = fmt.Fprint(w, "["+strings.Join(list, ",")+"]")
}

const inclusive = `{path: vendors, order: modified, changed_since: {param: "from[gte]"}, paging: {style: keyset, param: "from[gte]", key: changed, size: limit, max: 3, inclusive: true}}`

func at(second int) string { return fmt.Sprintf("2026-01-01T00:00:%02dZ", second) }

// Records that share a stamp, change or go while the list is read are all read, and none for nothing.
func TestAnInclusiveKeysetLosesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stamps []int // of a, b, c …
		after  func(*stamped)
		want   string
	}{
		{"nothing", nil, nil, ""},
		{"one", []int{1}, nil, "a"},
		{"a full page", []int{1, 2, 3}, nil, "abc"},
		{"several pages", []int{1, 2, 3, 4, 5, 6, 7}, nil, "abcdefg"},
		{"one stamp across the edge", []int{1, 2, 2, 3}, nil, "abcd"},
		{"two of one stamp at the end", []int{1, 2, 2}, nil, "abc"},
		{"an early one goes", []int{1, 2, 3, 4, 5}, func(s *stamped) { s.drop("a") }, "abcde"},
		{"the last one goes", []int{1, 2, 3, 4, 5}, func(s *stamped) { s.drop("c") }, "abcde"},
		{"an early one changes", []int{1, 2, 3, 4, 5}, func(s *stamped) { s.touch("a", at(9)) }, "abcdea"},
		{"one comes at the same stamp", []int{1, 2, 3}, func(s *stamped) { s.touch("n", at(3)) }, "abcn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &stamped{}
			for i, second := range c.stamps {
				s.touch(string(rune('a'+i)), at(second))
			}
			served := 0
			w := start(t, plainConnect, inclusive, func(w http.ResponseWriter, r *http.Request) {
				s.page(w, r)
				if served++; served == 1 && c.after != nil {
					c.after(s)
				}
			})
			if got, err := w.drain(driver.Request{Limit: 100}); err != nil || got != c.want {
				t.Errorf("got %q, %v after %v", got, err, *w.requests)
			}
		})
	}
}

func TestAnInclusiveKeysetSaysWhenItCannotGoOn(t *testing.T) {
	t.Parallel()
	s := &stamped{}
	for _, id := range []string{"a", "b", "c", "d"} {
		s.touch(id, at(1))
	}
	w := start(t, plainConnect, inclusive, s.page)
	if got, err := w.drain(driver.Request{Limit: 100}); driver.KindOf(err) != driver.Torn || got != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
}

// A cursor that counts proves little beyond its first page.
func TestADriftingCursorPromisesNothing(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: vendors, records: data, paging: {style: cursor, param: after, next: next, drifts: true}}`, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("after") == "" {
			_, _ = fmt.Fprint(w, `{"next":"2","data":`+records("ab")+`}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"next":null,"data":`+records("c")+`}`)
	})
	first, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	if err != nil || first.Unproved {
		t.Fatalf("%+v %v", first, err)
	}
	second, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Token: first.Next})
	if err != nil || !second.Unproved || second.Next != nil {
		t.Errorf("%+v %v", second, err)
	}
}

// A page whose midst is out of order is not taken for one in order, whatever its edges are: a keyset would jump over what follows.
func TestAPageInNoOrderIsTorn(t *testing.T) {
	t.Parallel()
	s := &stamped{rows: []string{"a " + at(1), "b " + at(8), "c " + at(5), "d " + at(6), "e " + at(7)}}
	w := start(t, plainConnect, inclusive, s.page)
	if got, err := w.drain(driver.Request{Limit: 100}); driver.KindOf(err) != driver.Torn || got != "" {
		t.Errorf("got %q, %v", got, err)
	}
}
