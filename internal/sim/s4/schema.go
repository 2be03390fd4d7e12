package s4

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The types of members.
const (
	edmString  = 'S' // with its length: S10
	edmDay     = 'D' // a day: Edm.DateTime in version 2, Edm.Date in 4
	edmInstant = 'O' // Edm.DateTimeOffset
	edmTime    = 'T' // a time of day: Edm.Time in version 2, Edm.TimeOfDay in 4
	edmDecimal = 'N' // with precision and scale: N13.3
	edmBool    = 'B'
	edmInt     = 'I'
)

// member is one property.
type member struct {
	name       string
	kind       byte
	length     int
	scale      int
	key        bool
	readOnly   bool // the system alone sets it
	fixed      bool // set once
	required   bool // when a record is made
	unfiltered bool // cannot be filtered or sorted by
}

// lead is a navigation.
type lead struct {
	name   string // in version 2
	plain  string // in version 4
	to     string // table
	many   bool
	on     [][2]string // own member, member there
	inPart bool        // a deep insert makes it
}

// table is one kind of record, however many services show it.
type table struct {
	name    string
	members []member
	leads   []lead
	stamp   string // member with the instant of the last change
	day     string // likewise, in two members
	clock   string
	etag    bool
	writes  string // of "c", "u", "d"
	number  string // member that gets a number of the system's own
	first   int64
	rows    []*row
	index   map[string]*row
	group   map[string][]*row // by the first member of the key
}

// row is one record.
type row struct {
	values  map[string]any // string, bool, int64, time.Time (D, O), time.Duration (T), decimal (N); nil: null
	version int64
}

// decimal is an exact number, as text.
type decimal string

// service is a set of tables under a name.
type service struct {
	name    string
	path    string
	version string // v2, v4
	sets    map[string]*table
	order   []string
	calls   map[string]call
}

// call is a function import about one record of a set.
type call struct {
	set string
	do  func(s *Server, t *table, r *row) *refusal
}

// insert adds a record.
func (t *table) insert(values map[string]any) *row {
	r := &row{values: values, version: 1}
	t.rows, t.index[t.keyText(values)] = append(t.rows, r), r
	first := plainText(values[t.keys()[0].name])
	t.group[first] = append(t.group[first], r)
	return r
}

// remove takes a record away.
func (t *table) remove(r *row) {
	delete(t.index, t.keyText(r.values))
	gone := func(o *row) bool { return o == r }
	t.rows = slices.DeleteFunc(t.rows, gone)
	first := plainText(r.values[t.keys()[0].name])
	t.group[first] = slices.DeleteFunc(t.group[first], gone)
}

// members reads "Name:S10:k" lists: k key, r read-only, f set once, m must be given, x cannot be filtered.
func members(text string) (all []member) {
	for _, field := range strings.Fields(text) {
		parts := strings.Split(field, ":")
		m := member{name: parts[0], kind: parts[1][0]}
		length, scale, _ := strings.Cut(parts[1][1:], ".")
		m.length, _ = strconv.Atoi(length)
		m.scale, _ = strconv.Atoi(scale)
		if len(parts) > 2 {
			for _, flag := range parts[2] {
				m.key, m.readOnly, m.fixed = m.key || flag == 'k', m.readOnly || flag == 'r', m.fixed || flag == 'f' || flag == 'k'
				m.required, m.unfiltered = m.required || flag == 'm', m.unfiltered || flag == 'x'
			}
		}
		all = append(all, m)
	}
	return all
}

func (t *table) member(name string) *member {
	for i := range t.members {
		if t.members[i].name == name {
			return &t.members[i]
		}
	}
	return nil
}

func (t *table) lead(name, version string) *lead {
	for i := range t.leads {
		if l := &t.leads[i]; version == v2 && l.name == name || version == v4 && l.plain == name {
			return l
		}
	}
	return nil
}

func (t *table) keys() (all []member) {
	for _, m := range t.members {
		if m.key {
			all = append(all, m)
		}
	}
	return all
}

// keyText tells one record of a table from another.
func (t *table) keyText(values map[string]any) string {
	var parts []string
	for _, m := range t.keys() {
		parts = append(parts, plainText(values[m.name]))
	}
	return strings.Join(parts, "\x00")
}

func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case decimal:
		return string(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Duration:
		return v.String()
	}
	return ""
}

const v2, v4 = "v2", "v4"
