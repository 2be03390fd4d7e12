package erp

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
)

// ListStyle is how the next page of a list is asked for.
type ListStyle string

// The styles. ByCursor is the zero value's.
const (
	ByCursor ListStyle = ""
	ByOffset ListStyle = "offset" // ?offset=records so far
	ByPage   ListStyle = "page"   // ?page=1, 2, ...
	ByLink   ListStyle = "link"   // the answer's "next" is the address of the next page
)

// Lists says how lists are paged.
type Lists struct {
	Style    ListStyle
	NoTotal  bool
	TotalOff int // added to the true total: a system that counts wrongly
	Cap      int // most records of a page, whatever is asked for and without a word; 0: maxLimit
}

func (s ListStyle) param() string {
	if s == ByOffset || s == ByPage {
		return string(s)
	}
	return "cursor"
}

func (l Lists) total(n int) (total int, told bool) { return max(n+l.TotalOff, 0), !l.NoTotal }

// next appends where the next page is, for the styles that tell.
func (l Lists) next(dst []byte, s *Server, t *table, a ask, rows []*row, more bool) []byte {
	switch l.Style {
	case ByOffset, ByPage:
		return dst
	case ByLink:
		dst = append(dst, `,"next":`...)
	default:
		dst = append(dst, `,"nextCursor":`...)
	}
	if !more {
		return append(dst, "null"...)
	}
	last := rows[len(rows)-1]
	cursor := a.cursor(mark{last.updated, last.id})
	if l.Style == ByLink {
		cursor = a.link(s.URL()+"/api/v1/"+t.name, cursor)
	}
	return strconv.AppendQuote(dst, cursor)
}

// link is the address of the page behind a cursor, with the filters of this one.
func (a ask) link(list, cursor string) string {
	q := url.Values{"cursor": {cursor}, "limit": {strconv.Itoa(a.limit)}}
	if a.since != 0 {
		q.Set("updatedSince", iso(a.since))
	}
	return list + "?" + q.Encode()
}

func sorts() []string { return []string{"updatedAt", "-updatedAt", "id"} }

// perPage makes what an offset or a page number counts into records.
func (a *ask) perPage(l Lists) int {
	if l.Style != ByPage {
		return 1
	}
	a.skip = max(a.skip-1, 0)
	return l.cap(a.limit)
}

func (l Lists) cap(limit int) int {
	if l.Cap > 0 {
		return min(limit, l.Cap)
	}
	return limit
}

// rows gives the page that was asked for, and whether more follow.
func (s *Server) rows(t *table, a ask) (rows []*row, more bool) {
	limit := s.opts.Lists.cap(a.limit)
	if s.opts.Lists.Style.param() == "cursor" && a.sort == "" {
		return t.page(a.query, a.after, limit)
	}
	for _, r := range t.candidates(a.query) {
		if t.holds(a.query, r) {
			rows = append(rows, r)
		}
	}
	switch a.sort {
	case "id":
		slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.id, b.id) })
	case "-updatedAt":
		slices.Reverse(rows)
	}
	rows = rows[min(a.skip, len(rows)):]
	return rows[:min(limit, len(rows))], len(rows) > limit
}

// lastLists keeps the last proper list of each resource, where faults may want it again.
type lastLists struct {
	mu    sync.Mutex
	lists map[string][]byte
}

func (l *lastLists) keep(s *Server, resource string, body []byte) {
	if s.opts.Fault == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lists == nil {
		l.lists = map[string][]byte{}
	}
	l.lists[resource] = bytes.Clone(body)
}

// send answers with the last proper list of the request's resource.
func (l *lastLists) send(w http.ResponseWriter, resource string) {
	l.mu.Lock()
	body := l.lists[resource]
	l.mu.Unlock()
	send(w, http.StatusOK, body)
}
