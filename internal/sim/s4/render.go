package s4

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// etagOf is the entity tag of a record: of its stamp where it has one.
func (t *table) etagOf(r *row) string {
	if !t.etag {
		return ""
	}
	if at, ok := r.values[t.stamp].(time.Time); ok && t.stamp != "" {
		return fmt.Sprintf(`W/"datetimeoffset'%s'-%d"`, url.QueryEscape(at.Format("2006-01-02T15:04:05.000Z")), r.version)
	}
	return fmt.Sprintf(`W/"%d"`, r.version)
}

// uriOf is the address of a record.
func (s *Server) uriOf(sv *service, set string, r *row) string {
	t := sv.sets[set]
	keys := t.keys()
	var parts []string
	for _, m := range keys {
		text := "'" + url.PathEscape(strings.ReplaceAll(plainText(r.values[m.name]), "'", "''")) + "'"
		if at, ok := r.values[m.name].(time.Time); ok {
			text = "datetime'" + at.Format("2006-01-02T15:04:05") + "'"
		}
		if len(keys) > 1 {
			text = m.name + "=" + text
		}
		parts = append(parts, text)
	}
	return s.URL() + sv.path + "/" + set + "(" + strings.Join(parts, ",") + ")"
}

// render writes a record; at is the navigation that led to it, with a slash behind it.
func (s *Server) render(sv *service, set string, r *row, q *query, at string) string {
	t := s.tableOf(sv, set)
	var parts []string
	if sv.version == v2 {
		uri := strconv.Quote(s.uriOf2(sv, set, t, r))
		meta := fmt.Sprintf(`"__metadata":{"id":%s,"uri":%s,"type":"%s.%sType"`, uri, uri, sv.name, set)
		if tag := t.etagOf(r); tag != "" {
			meta += `,"etag":` + strconv.Quote(tag)
		}
		parts = append(parts, meta+"}")
	} else if tag := t.etagOf(r); tag != "" {
		parts = append(parts, `"@odata.etag":`+strconv.Quote(tag))
	}
	for i := range t.members {
		if m := &t.members[i]; q.wants(at, m.name) {
			parts = append(parts, strconv.Quote(m.name)+":"+m.show(sv.version, r.values[m.name]))
		}
	}
	for i := range t.leads {
		if text := s.renderLead(sv, set, t, r, &t.leads[i], q, at); text != "" {
			parts = append(parts, text)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// tableOf finds a table by the set that shows it, or by its own name.
func (s *Server) tableOf(sv *service, set string) *table {
	if t := sv.sets[set]; t != nil {
		return t
	}
	return s.tables[set]
}

func (s *Server) uriOf2(sv *service, set string, t *table, r *row) string {
	if sv.sets[set] == nil {
		return s.URL() + sv.path + "/" + t.name
	}
	return s.uriOf(sv, set, r)
}

func (s *Server) renderLead(sv *service, set string, t *table, r *row, l *lead, q *query, at string) string {
	name := l.name
	if sv.version == v4 {
		name = l.plain
	}
	expanded := slices.ContainsFunc(q.expands, func(e string) bool { return e == at+name || strings.HasPrefix(e, at+name+"/") })
	if !expanded {
		if sv.version == v4 || !q.wants(at, name) {
			return ""
		}
		return fmt.Sprintf(`%q:{"__deferred":{"uri":%q}}`, name, s.uriOf2(sv, set, t, r)+"/"+name)
	}
	var inner []string
	for _, child := range s.led(t, r, l) {
		inner = append(inner, s.render(sv, l.to, child, q, at+name+"/"))
	}
	if !l.many {
		return fmt.Sprintf("%q:%s", name, strings.Join(append(inner, "null")[:1], ""))
	}
	list := "[" + strings.Join(inner, ",") + "]"
	if sv.version == v2 {
		list = `{"results":` + list + "}"
	}
	return fmt.Sprintf("%q:%s", name, list)
}

// led gives the records that a navigation leads to, by key.
func (s *Server) led(t *table, r *row, l *lead) (found []*row) {
	to := s.tables[l.to]
	for _, child := range to.group[plainText(r.values[l.on[0][0]])] {
		same := true
		for _, pair := range l.on {
			same = same && compare(child.values[pair[1]], r.values[pair[0]]) == 0
		}
		if same {
			found = append(found, child)
		}
	}
	slices.SortFunc(found, func(a, b *row) int { return strings.Compare(to.keyText(a.values), to.keyText(b.values)) })
	return found
}

// wants tells whether a member is selected.
func (q *query) wants(at, name string) bool {
	within := slices.ContainsFunc(q.selects, func(s string) bool { return at == "" || strings.HasPrefix(s, at) })
	if !within || len(q.selects) == 0 {
		return true
	}
	return slices.Contains(q.selects, at+name) || slices.Contains(q.selects, at+"*") || slices.ContainsFunc(q.selects, func(s string) bool { return strings.HasPrefix(s, at+name+"/") }) ||
		at != "" && slices.Contains(q.selects, strings.TrimSuffix(at, "/"))
}
