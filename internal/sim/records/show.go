package records

import (
	"encoding/json"
	"slices"
	"time"
)

// object appends a record as the system shows it: every member, in the table's order, null where it holds nothing.
func (s *Store) object(dst []byte, members []Member, r Record) []byte {
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), m.Name...), `":`...)
		dst = s.value(dst, m, r[m.Name])
	}
	return append(dst, '}')
}

// View gives a record with only some of its members, where a system shows less in some place.
func (s *Store) View(table string, r Record, hidden ...string) []byte {
	var members []Member
	for _, m := range s.byName[table].Members {
		if !slices.Contains(hidden, m.Name) {
			members = append(members, m)
		}
	}
	return s.object(nil, members, r)
}

func (s *Store) value(dst []byte, m Member, v any) []byte {
	if m.Kind == KindAny {
		return appendJSON(dst, v)
	}
	switch v := v.(type) {
	case nil:
		if m.Kind == KindList || m.Kind == KindRefs || m.Kind == KindTexts {
			return append(dst, "[]"...)
		}
		return append(dst, "null"...)
	case Record:
		return s.object(dst, m.Members, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = s.value(dst, m, e)
		}
		return append(dst, ']')
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil && m.Kind == KindTime {
			v = s.opts.ShowTime(t)
		}
		return appendJSON(dst, v)
	default:
		return appendJSON(dst, v)
	}
}

func appendJSON(dst []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("a record is not JSON: " + err.Error())
	}
	return append(dst, text...)
}
