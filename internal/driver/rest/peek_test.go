package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
)

// drainAhead follows pages as drain does, and reads all places of each page before it goes on, the last one first. between is called before
// the page behind is fetched.
func (w world) drainAhead(r driver.Request, between func()) (ids string, err error) {
	r.Entity = w.entity
	known := map[string]driver.Peeked{}
	for range 50 {
		page, err := w.client.Fetch(context.Background(), r)
		if err != nil {
			return ids, err
		}
		for _, record := range page.Records {
			ids += string(record[7])
		}
		if page.Next == nil {
			return ids, nil
		}
		r.Token, r.Peeked = page.Next, nil
		for i := len(page.Ahead) - 1; i >= 0; i-- {
			at := page.Ahead[i]
			if known[at.Key] == nil {
				if got, err := at.Peek(context.Background()); err == nil {
					known[at.Key] = got
				}
			}
			r.Peeked = known[at.Key]
		}
		between()
	}
	return ids, fmt.Errorf("the pages never end")
}

// shelf is a list that may change between two requests.
type shelf struct {
	mu  sync.Mutex
	all string
}

func (s *shelf) set(all string) { s.mu.Lock(); s.all = all; s.mu.Unlock() }

func (s *shelf) serve(cap int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		size, from := cap, number(r, "skip")
		if n := number(r, "limit"); n > 0 {
			size = min(n, cap)
		}
		if page := r.FormValue("page"); page != "" {
			from = (number(r, "page") - 1) * size
		}
		_, _ = fmt.Fprintf(w, `{"total":%d,"pages":%d,"data":%s}`, len(s.all), (len(s.all)+cap-1)/cap, records(window(s.all, from, size)))
	}
}

func TestPagesReadAheadAreThoseReadInTurn(t *testing.T) {
	t.Parallel()
	for name, paging := range map[string]string{
		"offset, counted": `total: total, paging: {style: offset, param: skip, size: limit, concurrent: 2}`, "offset": `paging: {style: offset, param: skip, size: limit, concurrent: 2}`,
		"page, counted": `total: total, paging: {style: page, param: page, size: limit, concurrent: 2}`, "page": `paging: {style: page, param: page, size: limit, concurrent: 2}`,
		"number of pages": `paging: {style: page, param: page, size: limit, pages: pages, concurrent: 2}`,
	} {
		for n := range 13 {
			for _, limit := range []int{3, 4, 100} { // the system gives 4 at most
				t.Run(fmt.Sprint(name, n, limit), func(t *testing.T) {
					t.Parallel()
					s := &shelf{all: "abcdefghijklm"[:n]}
					w := start(t, plainConnect, `{path: v, records: data, `+paging+`}`, s.serve(4))
					got, err := w.drainAhead(driver.Request{Limit: limit}, func() {})
					if err != nil || got != s.all {
						t.Errorf("%q, %v after %v; want %q", got, err, *w.requests, s.all)
					}
					again := start(t, plainConnect, `{path: v, records: data, `+strings.Replace(paging, ", concurrent: 2", "", 1)+`}`, s.serve(4))
					if _, err := again.drain(driver.Request{Limit: limit}); err != nil {
						t.Fatal(err)
					}
					beyond := len(*w.requests) - len(*again.requests)
					if counted := strings.Contains(name, "counted") || strings.Contains(name, "number"); beyond > 1 || counted && beyond > 0 && !(strings.Contains(name, "number") && limit == 3) {
						t.Errorf("%d requests beyond the %d in turn: %v, %v", beyond, len(*again.requests), *w.requests, *again.requests)
					}
				})
			}
		}
	}
}

// What stands at a place may have moved before the page in front of it is read: as when it is read in turn, nothing is skipped unseen.
func TestAListThatMovesUnderPagesReadAheadIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, after string }{
		{"deleted at the front", "bcdefghijklm"}, {"come before", "0abcdefghijklm"}, {"moved to the end", "acdefghijklmb"}, {"moved from behind to the front", "kabcdefghijlm"},
		{"emptied", ""}, {"deleted on the page", "abcdfghijklm"},
	} {
		for _, counted := range []string{"", "total: total, "} {
			t.Run(c.name+counted, func(t *testing.T) {
				t.Parallel()
				s := &shelf{all: "abcdefghijklm"}
				w := start(t, plainConnect, `{path: v, records: data, `+counted+`paging: {style: offset, param: skip, size: limit, concurrent: 2}}`, s.serve(4))
				turns := 0
				got, err := w.drainAhead(driver.Request{Limit: 4}, func() {
					if turns++; turns == 1 {
						s.set(c.after)
					}
				})
				if driver.KindOf(err) != driver.TokenGone {
					t.Errorf("%q, %v; want the list read again", got, err)
				}
			})
		}
	}
}

func TestAPeekOfAnotherPlaceIsNotTaken(t *testing.T) {
	t.Parallel()
	s := &shelf{all: "abcdefgh"}
	w := start(t, plainConnect, `{path: v, records: data, paging: {style: page, param: page, size: limit, concurrent: 3}}`, s.serve(2))
	first, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Limit: 2})
	if err != nil || len(first.Ahead) != 3 {
		t.Fatal(first, err)
	}
	third, err := first.Ahead[1].Peek(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity, Limit: 2, Token: first.Next, Peeked: third})
	if err != nil || string(second.Records[0][7]) != "c" {
		t.Errorf("%s, %v; want the second page", second.Records, err)
	}
}

func TestConcurrentPagesAreExplainedWhereTheyCannotBe(t *testing.T) {
	t.Parallel()
	for read, want := range map[string]string{
		`{path: v, paging: {style: cursor, param: c, next: n, concurrent: 4}}`:             "cursor has no use for concurrent",
		`{path: v, paging: {style: keyset, param: c, key: id, concurrent: 4}}`:             "keyset has no use for concurrent",
		`{path: v, paging: {style: page, param: p, concurrent: 9}}`:                        "more pages at once than calls",
		`{path: v, paging: {style: page, param: p, concurrent: -1}}`:                       "is negative",
		`{path: v, paging: {style: offset, param: p, size: limit, max: 9, concurrent: 4}}`: "",
	} {
		s, _ := system(t, plainConnect, read)
		s.Limits.Concurrency = 4
		got := rest.New().Check(s).Error()
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q; want %q", read, got, want)
		}
	}
}
