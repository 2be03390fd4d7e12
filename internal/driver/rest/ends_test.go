package rest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// counting is a source with a count of its own, which may be wrong, and pages of at most cap.
type counting struct {
	all         string
	cap         int
	total       func(page string) int // of a list whose page is that; nil: right
	pages       int                   // 0: none told
	beyond      int                   // status of pages behind the last; 0: empty ones
	lastForEver bool                  // pages behind the last are the last again
}

func (c counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	size := c.cap
	if n := number(r, "limit"); n > 0 {
		size = min(n, c.cap)
	}
	from := number(r, "skip")
	if r.FormValue("page") != "" {
		from = (number(r, "page") - 1) * size
	}
	if from >= len(c.all) && len(c.all) > 0 {
		if c.beyond > 0 {
			w.WriteHeader(c.beyond)
			return
		}
		if c.lastForEver {
			from = (len(c.all) - 1) / size * size
		}
	}
	page := window(c.all, from, size)
	total := len(c.all)
	if c.total != nil {
		total = c.total(page)
	}
	pages := ""
	if c.pages > 0 {
		pages = fmt.Sprintf(`"pages":%d,`, c.pages)
	}
	_, _ = fmt.Fprintf(w, `{"total":%d,%s"data":%s}`, total, pages, records(page))
}

func TestACountIsBelievedOnlyWhenThePagesAgree(t *testing.T) {
	t.Parallel()
	const byOffset, byPage = `{path: v, records: data, total: total, paging: {style: offset, param: skip, size: limit}}`, `{path: v, records: data, total: total, paging: {style: page, param: page, size: limit}}`
	const numbered = `{path: v, records: data, paging: {style: page, param: page, size: limit, pages: pages}}`
	always := func(n int) func(string) int { return func(string) int { return n } }
	ofPage := func(page string) int { return len(page) }
	for _, c := range []struct {
		name, read string
		source     counting
		want       driver.Kind
		fullOnly   bool // a short first page and a count that agrees with it are two witnesses for the end
	}{
		{"right, offset", byOffset, counting{all: "abcdefghijk", cap: 4}, "", false},
		{"right, pages", byPage, counting{all: "abcdefghijk", cap: 4}, "", false},
		{"right and the last page is full", byPage, counting{all: "abcdefgh", cap: 4}, "", false},
		{"the last page is full and none follows", byPage, counting{all: "abcdefgh", cap: 4, beyond: 404}, "", false},
		{"the last page is full and given again", byPage, counting{all: "abcdefgh", cap: 4, lastForEver: true}, "", false},
		{"the last page is full and what follows fails", byPage, counting{all: "abcdefgh", cap: 4, beyond: 500}, "", false},
		{"one full page", byPage, counting{all: "abcd", cap: 4}, "", false},
		{"too low, offset", byOffset, counting{all: "abcdefghijk", cap: 4, total: always(4)}, "", true},
		{"too low, pages", byPage, counting{all: "abcdefghijk", cap: 4, total: always(8)}, "", false},
		{"of the page, not of the list", byPage, counting{all: "abcdefghijk", cap: 4, total: ofPage}, "", true},
		{"number of pages too low", numbered, counting{all: "abcdefghijk", cap: 4, pages: 2}, "", false},
		{"number of pages right", numbered, counting{all: "abcdefghijk", cap: 4, pages: 3}, "", false},
		{"too high", byPage, counting{all: "abcdefghijk", cap: 4, total: always(12)}, driver.Torn, false},
		{"too high, offset", byOffset, counting{all: "abcdefghijk", cap: 4, total: always(500)}, driver.Torn, false},
	} {
		limits := []int{4, 100} // asked for as many as come, and for more than the system ever gives
		if c.fullOnly {
			limits = limits[:1]
		}
		for _, limit := range limits {
			t.Run(fmt.Sprint(c.name, limit), func(t *testing.T) {
				t.Parallel()
				w := start(t, plainConnect, c.read, c.source.ServeHTTP)
				got, err := w.drain(driver.Request{Limit: limit})
				if driver.KindOf(err) != c.want || c.want == "" && got != c.source.all {
					t.Errorf("%q, %v after %v; want %q", got, err, *w.requests, c.source.all)
				}
			})
		}
	}
}

// Asked for a hundred records, a system gives ten: with `end: short` that is no end, for the pages that follow are as long.
func TestAPageThatIsCappedSilentlyIsNotShort(t *testing.T) {
	t.Parallel()
	all := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
	for name, read := range map[string]string{
		"offset": `{path: v, records: data, paging: {style: offset, param: skip, size: limit, end: short}}`,
		"page":   `{path: v, records: data, paging: {style: page, param: page, size: limit, end: short}}`,
	} {
		for n := range len(all) {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				w := start(t, plainConnect, read, counting{all: all[:n], cap: 10}.ServeHTTP)
				if got, err := w.drain(driver.Request{Limit: 100}); err != nil || got != all[:n] {
					t.Errorf("%q, %v after %v", got, err, *w.requests)
				}
				if n < 10 && len(*w.requests) != 1 {
					t.Errorf("%d records took %v", n, *w.requests)
				}
			})
		}
	}
}
