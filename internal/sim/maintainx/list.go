package maintainx

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

// ask is a list request, understood.
type ask struct {
	limit, offset    int
	updated, created [2]int64 // from, to, ms; 0: open
	sort             string
	show             []string            // members that expand adds
	started          int64               // work orders that start later are left out, ms; 0: none
	members          map[string][]string // filters
}

// list answers {"workOrders": [...], "nextCursor": ..., "nextPageUrl": ...}. Its cursor counts: records may move between pages.
func (s *Server) list(w http.ResponseWriter, q *http.Request, r resource) {
	a, wrong := understand(r, q.URL.Query())
	if wrong != "" {
		refuse(w, http.StatusBadRequest, wrong)
		return
	}
	if r.table == "workorders" && q.URL.Query().Get("show_upcoming") != "true" {
		a.started = s.opts.Now().UnixMilli()
	}
	found := s.store.Rows(r.table, a.fits)
	slices.SortStableFunc(found, func(x, y *records.Row) int { return a.compare(x, y) })
	page := found[min(a.offset, len(found)):min(a.offset+a.limit, len(found))]
	hidden := slices.Clone(r.lean)
	for _, member := range r.expand {
		if !slices.Contains(a.show, member) {
			hidden = append(hidden, member)
		}
	}
	list := make([]json.RawMessage, len(page))
	for i, row := range page {
		list[i] = s.store.View(r.table, row.Record, hidden...)
	}
	answer := map[string]any{r.many: list, "nextCursor": nil, "nextPageUrl": nil}
	if end := a.offset + len(page); end < len(found) {
		cursor := base64.RawURLEncoding.EncodeToString([]byte("o:" + strconv.Itoa(end)))
		next := q.URL.Query()
		next.Set("cursor", cursor)
		answer["nextCursor"], answer["nextPageUrl"] = cursor, "/v1/"+r.table+"?"+next.Encode()
	}
	body, _ := json.Marshal(answer)
	send(w, http.StatusOK, body)
}

func (a *ask) compare(x, y *records.Row) int {
	sign := 1
	if strings.HasPrefix(a.sort, "-") {
		sign = -1
	}
	switch strings.TrimPrefix(a.sort, "-") {
	case "updatedAt":
		return sign * int(x.Updated-y.Updated)
	case "createdAt":
		return sign * int(x.Created-y.Created)
	}
	return sign * (x.Number - y.Number)
}

func within(at int64, span [2]int64) bool { return at >= span[0] && (span[1] == 0 || at <= span[1]) }

func (a *ask) fits(row *records.Row) bool {
	if !within(row.Updated, a.updated) || !within(row.Created, a.created) {
		return false
	}
	if start, _ := row.Record["startDate"].(string); start != "" && a.started > 0 {
		if at, err := time.Parse(time.RFC3339Nano, start); err == nil && at.UnixMilli() > a.started {
			return false
		}
	}
	for name, values := range a.members {
		member := map[string]string{"statuses": "status", "priorities": "priority"}[name]
		if member == "" {
			member = name
		}
		text, ok := row.Record[member].(string)
		if n, isNumber := row.Record[member].(json.Number); isNumber {
			text, ok = n.String(), true
		}
		if !ok || !slices.Contains(values, text) {
			return false
		}
	}
	return true
}

// understand reads the parameters; unknown ones are refused.
func understand(r resource, q url.Values) (a *ask, wrong string) {
	a = &ask{limit: 100, sort: "id", members: map[string][]string{}}
	for name, values := range q {
		if wrong := a.set(r, name, values); wrong != "" {
			return nil, wrong
		}
	}
	return a, ""
}

func (a *ask) set(r resource, name string, values []string) (wrong string) {
	value := values[0]
	switch {
	case slices.Contains(r.filter, name):
		a.members[name] = values
	case name == "expand":
		for _, v := range values {
			if r.expand[v] == "" {
				return "expand knows no " + v
			}
			a.show = append(a.show, r.expand[v])
		}
	case len(values) > 1:
		return name + " is given more than once"
	case name == "show_upcoming" && r.table == "workorders":
		if value != "true" && value != "false" {
			return "show_upcoming must be true or false"
		}
	case name == "limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 200 {
			return "limit must be between 1 and 200"
		}
		a.limit = n
	case name == "cursor":
		text, err := base64.RawURLEncoding.DecodeString(value)
		count, ok := strings.CutPrefix(string(text), "o:")
		n, bad := strconv.Atoi(count)
		if err != nil || !ok || bad != nil {
			return "Invalid cursor"
		}
		a.offset = n
	case r.sorted && name == "sort":
		if !slices.Contains([]string{"id", "createdAt", "updatedAt"}, strings.TrimPrefix(value, "-")) || r.table == "workorders" && strings.HasSuffix(value, "id") {
			return "sort knows no " + value
		}
		a.sort = value
	case r.sorted && (strings.HasPrefix(name, "updatedAt[") || strings.HasPrefix(name, "createdAt[")):
		return a.span(name, value)
	default:
		return "Unknown query parameter " + name
	}
	return ""
}

func (a *ask) span(name, value string) (wrong string) {
	t, err := time.Parse(time.RFC3339Nano, value)
	places := map[string]*int64{"updatedAt[gte]": &a.updated[0], "updatedAt[lte]": &a.updated[1], "createdAt[gte]": &a.created[0], "createdAt[lte]": &a.created[1]}
	if err != nil || places[name] == nil {
		return name + " must be an ISO 8601 date-time, with gte or lte"
	}
	*places[name] = t.UnixMilli()
	return ""
}
