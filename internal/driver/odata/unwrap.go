package odata

import (
	"bytes"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// shaped gives a record as both versions show it to the mapping: lists of navigation are arrays, what was not expanded is left out, the entity tag is at etagMember. It adds
// the members that the manifest makes of others. A record that is not valid stays as it is: what is wrong with it is its own affair.
func (r *reading) shaped(record []byte) []byte {
	out := record
	if r.Protocol == v2 {
		var index rawjson.Index
		value, err := index.Parse(record)
		if err != nil || value.Kind() != rawjson.Object {
			return record
		}
		out = appendPlain(make([]byte, 0, len(record)), value)
	}
	return r.extended(out)
}

// appendPlain writes a value of version 2 without its wrappers.
func appendPlain(out []byte, v rawjson.Value) []byte {
	switch v.Kind() {
	case rawjson.Array:
		out = append(out, '[')
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			if out[len(out)-1] != '[' {
				out = append(out, ',')
			}
			out = appendPlain(out, e)
		}
		return append(out, ']')
	case rawjson.Object:
		if list := v.Get("results"); list.Kind() == rawjson.Array {
			return appendPlain(out, list)
		}
		return appendObject(out, v)
	}
	return append(out, v.Raw()...)
}

func appendObject(out []byte, v rawjson.Value) []byte {
	out = append(out, '{')
	for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name, value := string(m.Name()), m
		switch {
		case name == "__metadata":
			if value = m.Get("etag"); value.Kind() == rawjson.Missing {
				continue
			}
			name = etagMember
		case m.Kind() == rawjson.Object && m.Get("__deferred").Kind() != rawjson.Missing:
			continue
		}
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		out = append(append(out, quote(name)...), ':')
		out = appendPlain(out, value)
	}
	return append(out, '}')
}

// extended adds the members that the manifest makes of others: times of two members, members that lead to one kind of record, and the key where it names one.
func (r *reading) extended(record []byte) []byte {
	if len(r.Times)+len(r.Picks) == 0 && !r.ownKey {
		return record
	}
	end := bytes.LastIndexByte(record, '}')
	if end < 0 {
		return record
	}
	record = r.withPicks(record)
	end = bytes.LastIndexByte(record, '}')
	out := slices.Clone(record[:end])
	add := func(name string, value []byte) {
		if last := bytes.TrimRight(out, " \t\r\n"); len(last) > 0 && last[len(last)-1] != '{' {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(name)...), ':'), value...)
	}
	for _, name := range sortedKeys(r.Times) {
		add(name, together(find(record, r.Times[name][0]), find(record, r.Times[name][1])))
	}
	for _, name := range sortedKeys(r.Picks) {
		if !strings.Contains(name, "/") {
			add(name, r.Picks[name].of(record))
		}
	}
	if key, ok := r.keyOf(record); ok && r.ownKey {
		add(keyMember, quote(manifest.JoinID(key...)))
	}
	return append(out, '}')
}

// withPicks adds the members that are picked within the elements of lists.
func (r *reading) withPicks(record []byte) []byte {
	for _, at := range sortedKeys(r.Picks) {
		name, inner, nested := strings.Cut(at, "/")
		list := find(record, name)
		elements, err := rawjson.Split(list)
		if !nested || len(list) == 0 || err != nil || len(elements) == 0 {
			continue
		}
		one := &reading{readOptions: readOptions{Protocol: r.Protocol, Picks: map[string]pick{inner: r.Picks[at]}}}
		all := [][]byte{}
		for _, e := range elements {
			all = append(all, one.extended(e))
		}
		start := offset(record, list)
		record = slices.Concat(record[:start], []byte("["), bytes.Join(all, []byte(",")), []byte("]"), record[start+len(list):])
	}
	return record
}

// offset tells where a part of a document begins, which is a sub-slice of it.
func offset(doc, part []byte) int {
	for i := range doc {
		if &doc[i] == &part[0] {
			return i
		}
	}
	return 0
}

// of gives the value of the member where the record is of the sort, else null.
func (p pick) of(record []byte) []byte {
	for name, want := range p.Where {
		if text(find(record, name)) != want {
			return []byte("null")
		}
	}
	if value := find(record, p.Member); value != nil {
		return value
	}
	return []byte("null")
}

// together makes one time of a date and a time of day; null without a date.
func together(date, clock []byte) []byte {
	day, _, _ := strings.Cut(plain(date), "T")
	if day == "" {
		return []byte("null")
	}
	return quote(day + "T" + wallClock(plain(clock)))
}

// wallClock reads a time of day, which version 2 writes as a duration since midnight.
func wallClock(text string) string {
	inner, ok := strings.CutPrefix(text, "PT")
	if !ok {
		if text == "" {
			return "00:00:00"
		}
		return text
	}
	parts := []string{"00", "00", "00"}
	for i, unit := range []string{"H", "M", "S"} {
		if n, rest, found := strings.Cut(inner, unit); found {
			whole, _, _ := strings.Cut(n, ".")
			parts[i], inner = strings.Repeat("0", max(0, 2-len(whole)))+n, rest
		}
	}
	return strings.Join(parts, ":")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
