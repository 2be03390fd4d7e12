package erp

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

// ask is a list request, understood.
type ask struct {
	query
	after mark
	limit int
	skip  int    // by offset or page: records before this page
	sort  string // one of sorts
}

// list answers one page, in the order of (updatedAt, id).
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	t := s.find(w, r, "list")
	if t == nil {
		return
	}
	s.pause(r)
	a, err := s.parseAsk(t, r.URL.Query())
	if err != nil {
		refuse(w, *err)
		return
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	*buf = s.page((*buf)[:0], t, a)
	s.again.keep(s, t.name, *buf)
	send(w, http.StatusOK, *buf)
}

// page appends {"data":[...],"nextCursor":...,"total":n}.
func (s *Server) page(dst []byte, t *table, a ask) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t.load()
	rows, more := s.rows(t, a)
	dst = append(dst, `{"data":[`...)
	for i, r := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, s.show(t.json(r))...)
	}
	dst = append(dst, ']')
	dst = s.opts.Lists.next(dst, s, t, a, rows, more)
	if total, told := s.opts.Lists.total(t.total(a.query)); told {
		dst = append(dst, `,"total":`...)
		dst = strconv.AppendInt(dst, int64(total), 10)
	}
	return append(dst, '}')
}

// parseAsk reads the parameters; unknown ones are refused, so that a misspelt filter is not silently ignored.
func (s *Server) parseAsk(t *table, q url.Values) (ask, *refusal) {
	a := ask{limit: defaultLimit}
	for name, values := range q {
		if err := a.set(s.opts, t, name, values[0]); err != nil {
			return a, err
		}
	}
	a.skip *= a.perPage(s.opts.Lists)
	if c := q.Get("cursor"); c != "" {
		return a, a.resume(c)
	}
	return a, nil
}

func (a *ask) set(o Options, t *table, name, value string) *refusal {
	bad := func(want string) *refusal {
		return &refusal{http.StatusBadRequest, "invalid_parameter", name + " must be " + want + "."}
	}
	switch name {
	case "cursor":
	case "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return bad("a number from 1 to 500")
		}
		a.limit = min(n, maxLimit)
	case "updatedSince":
		t, err := o.Stamps.read(value)
		if err != nil {
			return bad("an ISO 8601 time with zone, like 2026-03-01T00:00:00Z")
		}
		a.since = t.UnixMicro()
	case "createdSince":
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return bad("an ISO 8601 time with zone, like 2026-03-01T00:00:00Z")
		}
		a.made = t.UnixMicro()
	case "dateFrom", "orderDateFrom":
		t, err := time.Parse(time.DateOnly, value)
		if err != nil {
			return bad("a day like 2026-03-01")
		}
		a.from = t.UnixMicro()
	case "status":
		a.status = value
	case "sort":
		if !slices.Contains(sorts(), value) {
			return bad("one of " + strings.Join(sorts(), ", "))
		}
		a.sort = value
	case o.Lists.Style.param():
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return bad("a number")
		}
		a.skip = n
	default:
		if t.filter(name) != nil && a.name != "" {
			return &refusal{http.StatusBadRequest, "invalid_parameter", "Lists can be filtered by " + name + " or by " + a.name + ", not by both."}
		}
		if t.filter(name) != nil {
			a.name, a.value = name, value
			return nil
		}
		return &refusal{http.StatusBadRequest, "unknown_parameter", "There is no parameter " + strconv.Quote(name) + "."}
	}
	return nil
}

// cursor is opaque to clients: the place to go on after, and the filters it belongs to.
func (a ask) cursor(m mark) string {
	parts := []string{strconv.FormatInt(m.updated, 36), strconv.FormatInt(a.since, 36), strconv.FormatInt(a.from, 36), m.id}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "~")))
}

// resume goes on at a cursor, which must have come from the same filters.
func (a *ask) resume(cursor string) *refusal {
	invalid := &refusal{http.StatusBadRequest, "invalid_cursor", "The cursor is not one of ours, or belongs to other filters; begin again without it."}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.SplitN(string(text), "~", 4)
	if err != nil || len(parts) != 4 {
		return invalid
	}
	var n [3]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(parts[i], 36, 64); err != nil {
			return invalid
		}
	}
	if n[1] != a.since || n[2] != a.from {
		return invalid
	}
	a.after = mark{n[0], parts[3]}
	return nil
}
