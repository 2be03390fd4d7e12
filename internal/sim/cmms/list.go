package cmms

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// ask is a list request, understood.
type ask struct {
	offset, limit    int
	updated, created int64 // ms; 0: everything
	sort             string
	members          map[string]string // exact values of members
}

// sought are the members by which a table's lists can be searched.
func sought(table string) []string {
	return map[string][]string{
		"equipment": {"tag", "state"}, "parts": {"code"}, "suppliers": {"code"}, "work-orders": {"externalId", "state", "number"}, "requests": {"externalId", "state"},
		"requisitions": {"externalId", "state"}, "plans": {"code", "state"}, "sites": {"code"}, "places": {"code"}, "people": {"login"}, "crews": {"code"}, "models": {"code"},
	}[table]
}

// list answers {"items":[...],"page":{"offset":0,"limit":50,"total":1500}}.
func (s *Server) list(w http.ResponseWriter, r *http.Request, table string) {
	a, err := s.understand(table, r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	rows := s.store.Rows(table, a.fits)
	switch a.sort {
	case "-updatedAt":
		slices.Reverse(rows)
	case "id":
		slices.SortFunc(rows, func(x, y *records.Row) int { return x.Number - y.Number })
	}
	total := len(rows)
	rows = rows[min(a.offset, total):min(a.offset+a.limit, total)]
	body := []byte(`{"items":[`)
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, row.JSON...)
	}
	send(w, http.StatusOK, fmt.Appendf(body, `],"page":{"offset":%d,"limit":%d,"total":%d}}`, a.offset, a.limit, total))
}

func (a *ask) fits(row *records.Row) bool {
	if row.Updated < a.updated || row.Created < a.created {
		return false
	}
	for name, value := range a.members {
		if text, _ := row.Record[name].(string); text != value {
			return false
		}
	}
	return true
}

// understand reads the parameters; unknown ones are refused, so that a misspelt filter is not silently ignored.
func (s *Server) understand(table string, q url.Values) (*ask, *records.Flaw) {
	a := &ask{limit: defaultLimit, sort: "updatedAt", members: map[string]string{}}
	for name, values := range q {
		if len(values) != 1 {
			return nil, &records.Flaw{Code: "BAD_PARAMETER", Field: name, Detail: name + " is given more than once."}
		}
		if want := a.set(s, table, name, values[0]); want != "" {
			return nil, &records.Flaw{Code: "BAD_PARAMETER", Field: name, Detail: want}
		}
	}
	return a, nil
}

// set takes one parameter, or says what is wrong with it.
func (a *ask) set(s *Server, table, name, value string) (wrong string) {
	switch name {
	case "offset", "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || name == "limit" && (n < 1 || n > maxLimit) {
			return name + " is out of range; limit is 1 to 200."
		}
		*map[string]*int{"offset": &a.offset, "limit": &a.limit}[name] = n
	case "updatedFrom", "createdFrom":
		t, ok := s.readTime(value)
		if d, err := time.ParseInLocation(time.DateOnly, value, s.opts.Zone); err == nil {
			t, ok = d, true
		}
		if !ok {
			return name + " must be a time like 2026-11-20T10:30:00.000 or a day."
		}
		*map[string]*int64{"updatedFrom": &a.updated, "createdFrom": &a.created}[name] = t.UnixMilli()
	case "sort":
		if !slices.Contains([]string{"updatedAt", "-updatedAt", "id"}, value) {
			return "sort must be updatedAt, -updatedAt or id."
		}
		a.sort = value
	default:
		if !slices.Contains(sought(table), name) {
			return "There is no parameter " + strconv.Quote(name) + "."
		}
		a.members[name] = value
	}
	return ""
}
