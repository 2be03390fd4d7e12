package erp

import (
	"encoding/json"
	"slices"
)

// index finds the records of a table by a value that they hold.
type index struct {
	name  string                       // the list's filter; "": lists have none
	made  func(place int) []string     // values of a generated record; nil: those hold none
	wrote func(record []byte) []string // values of a record that somebody wrote
	ids   map[string][]string          // nil until it is built
}

// memberIndex finds written records by a member that is text or null.
func memberIndex(name string, made func(place int) []string) *index {
	return &index{name: name, made: made, wrote: func(record []byte) []string {
		var members map[string]json.RawMessage
		var text string
		if json.Unmarshal(record, &members) != nil || json.Unmarshal(members[name], &text) != nil || text == "" {
			return nil
		}
		return []string{text}
	}}
}

func (x *index) values(r *row) []string {
	if r.place < 0 {
		return x.wrote(*r.body.Load())
	}
	if x.made == nil {
		return nil
	}
	return x.made(int(r.place))
}

func (x *index) add(r *row) {
	for _, v := range x.values(r) {
		if !slices.Contains(x.ids[v], r.id) {
			x.ids[v] = append(x.ids[v], r.id)
		}
	}
}

func (x *index) drop(r *row) {
	for _, v := range x.values(r) {
		left := slices.DeleteFunc(x.ids[v], func(id string) bool { return id == r.id })
		if x.ids[v] = left; len(left) == 0 {
			delete(x.ids, v)
		}
	}
}

// build fills an index that has not been asked for before. An index without a filter is built under the lock of a write.
func (t *table) build(x *index) {
	if x.ids != nil {
		return
	}
	x.ids = map[string][]string{}
	for _, r := range t.rows {
		x.add(r)
	}
}

// filter gives the index of a list's filter; nil: there is none.
func (t *table) filter(name string) *index {
	for _, x := range t.indexes {
		if x.name == name && name != "" {
			return x
		}
	}
	return nil
}

// held gives the rows that hold a value, in the order of lists.
func (t *table) held(x *index, value string) []*row {
	rows := make([]*row, 0, len(x.ids[value]))
	for _, id := range x.ids[value] {
		rows = append(rows, t.byID[id])
	}
	slices.SortFunc(rows, func(a, b *row) int { return a.compare(b.updated, b.id) })
	return rows
}
