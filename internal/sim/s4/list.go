package s4

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is what a list or a record is asked for with.
type query struct {
	selects []string
	expands []string
	order   []sorting
	filter  condition
	top     int // -1: not given
	skip    int
	count   bool
	after   int // a token of the simulator's own: so many records were given
	plain   string
}

type sorting struct {
	member string
	down   bool
}

// readQuery checks every option.
func (s *Server) readQuery(v string, t *table, q url.Values) (*query, *refusal) {
	out := &query{top: -1, filter: func(map[string]any) bool { return true }}
	for name, values := range q {
		if r := s.readOption(v, t, out, name, values[0]); r != nil {
			return nil, r
		}
	}
	return out, nil
}

func (s *Server) readOption(v string, t *table, out *query, name, value string) *refusal {
	var r *refusal
	switch name {
	case "$filter":
		out.plain = value
		out.filter, r = parseFilter(v, t, value)
	case "$select":
		out.selects = strings.Split(value, ",")
		return s.checkSelect(v, t, out.selects)
	case "$expand":
		if v == v4 {
			out.expands, out.selects, r = s.expand4(t, out.selects, value)
			return r
		}
		out.expands = strings.Split(value, ",")
		return s.checkExpand(v, t, out.expands)
	case "$orderby":
		for _, part := range strings.Split(value, ",") {
			name, way, _ := strings.Cut(strings.TrimSpace(part), " ")
			m := t.member(name)
			if m == nil || m.unfiltered || way != "" && way != "asc" && way != "desc" {
				return bad("Property %q does not exist or is not sortable in type %q", name, t.name)
			}
			out.order = append(out.order, sorting{name, way == "desc"})
		}
	case "$top":
		out.top, r = whole(name, value)
	case "$skip":
		out.skip, r = whole(name, value)
	case "$inlinecount", "$count":
		if want := map[string]string{"$inlinecount": "allpages", "$count": "true"}[name]; value != want || (name == "$count") != (v == v4) {
			return bad("Invalid system query option %s=%s", name, value)
		}
		out.count = true
	case "$skiptoken":
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if out.after, _ = strconv.Atoi(strings.TrimPrefix(string(raw), "rows=")); err != nil || out.after == 0 {
			return bad("Invalid skip token")
		}
	case "$format", "sap-client", "sap-language":
	default:
		if strings.HasPrefix(name, "$") {
			return bad("Invalid system query option %s", name)
		}
	}
	return r
}

func whole(name, value string) (int, *refusal) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, bad("Invalid value %q for %s", value, name)
	}
	return n, nil
}

func (s *Server) checkSelect(v string, t *table, names []string) *refusal {
	for _, name := range names {
		if name == "*" {
			continue
		}
		if r := s.checkPath(v, t, strings.Split(name, "/"), true); r != nil {
			return r
		}
	}
	return nil
}

func (s *Server) checkExpand(v string, t *table, names []string) *refusal {
	for _, name := range names {
		if r := s.checkPath(v, t, strings.Split(name, "/"), false); r != nil {
			return r
		}
	}
	return nil
}

// checkPath follows navigation; the last name may be a member.
func (s *Server) checkPath(v string, t *table, path []string, memberToo bool) *refusal {
	for i, name := range path {
		if l := t.lead(name, v); l != nil {
			t = s.tables[l.to]
			continue
		}
		if i < len(path)-1 || !memberToo || t.member(name) == nil {
			return bad("Property %q does not exist in type %q", name, t.name)
		}
	}
	return nil
}

// expand4 reads _Item($select=a,b;$expand=...), of which it makes paths.
func (s *Server) expand4(t *table, selects []string, value string) (expands, all []string, r *refusal) {
	all = selects
	for _, part := range splitOutside(value, ',') {
		name, inner, nested := strings.Cut(part, "(")
		l := t.lead(name, v4)
		if l == nil {
			return nil, nil, bad("Property %q does not exist in type %q", name, t.name)
		}
		expands = append(expands, name)
		if !nested {
			continue
		}
		for _, option := range splitOutside(strings.TrimSuffix(inner, ")"), ';') {
			names, ok := strings.CutPrefix(option, "$select=")
			if !ok {
				return nil, nil, bad("Invalid option %q within $expand", option)
			}
			if r := s.checkSelect(v4, s.tables[l.to], strings.Split(names, ",")); r != nil {
				return nil, nil, r
			}
			for _, n := range strings.Split(names, ",") {
				all = append(all, name+"/"+n)
			}
		}
	}
	return expands, all, nil
}

// splitOutside splits where no parenthesis is open.
func splitOutside(text string, at rune) (parts []string) {
	depth, start := 0, 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == at && depth == 0:
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

// list answers records of a set.
func (s *Server) list(w http.ResponseWriter, r *http.Request, sv *service, set string) *refusal {
	t := sv.sets[set]
	q, wrong := s.readQuery(sv.version, t, r.URL.Query())
	if wrong != nil {
		return wrong
	}
	found := s.matching(t, q)
	total := len(found)
	start := min(len(found), q.skip+q.after)
	end := len(found)
	if q.top >= 0 {
		end = min(end, max(start, q.skip+q.top))
	}
	next := ""
	if end-start > s.opts.Cap {
		end = start + s.opts.Cap
		next = s.nextLink(r, sv, end-q.skip)
	}
	var records []string
	for _, row := range found[start:end] {
		records = append(records, s.render(sv, set, row, q, ""))
	}
	s.last = listBody(sv.version, records, next, total, q.count)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.last)
	return nil
}

func (s *Server) nextLink(r *http.Request, sv *service, given int) string {
	q := r.URL.Query()
	q.Set("$skiptoken", base64.RawURLEncoding.EncodeToString([]byte("rows="+strconv.Itoa(given))))
	link := strings.TrimPrefix(r.URL.Path, sv.path+"/") + "?" + q.Encode()
	if sv.version == v2 {
		link = s.URL() + sv.path + "/" + link
	}
	return link
}

func listBody(v string, records []string, next string, total int, count bool) []byte {
	list := "[" + strings.Join(records, ",") + "]"
	link, _ := json.Marshal(next)
	var out string
	if v == v2 {
		out = `{"d":{"results":` + list
		if count {
			out += fmt.Sprintf(`,"__count":"%d"`, total)
		}
		if next != "" {
			out += `,"__next":` + string(link)
		}
		return []byte(out + "}}")
	}
	out = `{"@odata.context":"$metadata"`
	if count {
		out += fmt.Sprintf(`,"@odata.count":%d`, total)
	}
	out += `,"value":` + list
	if next != "" {
		out += `,"@odata.nextLink":` + string(link)
	}
	return []byte(out + "}")
}

// matching gives the records that a query finds, sorted; by key where nothing else is said.
func (s *Server) matching(t *table, q *query) (found []*row) {
	for _, row := range t.rows {
		if q.filter(row.values) {
			found = append(found, row)
		}
	}
	order := slices.Clone(q.order)
	for _, m := range t.keys() {
		order = append(order, sorting{m.name, false})
	}
	slices.SortStableFunc(found, func(a, b *row) int {
		for _, o := range order {
			if n := compare(a.values[o.member], b.values[o.member]); n != 0 {
				if o.down {
					return -n
				}
				return n
			}
		}
		return 0
	})
	return found
}
