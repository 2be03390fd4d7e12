package check

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// lines compares a list whose elements have ids.
func (x *comparison) lines(f *model.Field, want, have rawjson.Value, at place) {
	m := matching{comparison: x, field: f, all: elementsOf(have), used: map[int]bool{}, doomed: map[int]place{}}
	for i, e := range elementsOf(want) {
		m.element(e, at.element(i))
	}
	if !isGiven(want) && len(m.all) > 0 {
		x.miss(want, have, at)
	}
	m.fresh()
	for j := range m.all {
		if at, ok := m.doomed[j]; ok && !m.used[j] {
			x.misses = append(x.misses, miss{at, "It was to be deleted and is still there."})
		}
	}
}

// matching finds which of a record's elements are which of those that were asked for.
type matching struct {
	*comparison
	field  *model.Field
	all    []rawjson.Value
	used   map[int]bool  // accounted for
	doomed map[int]place // to be deleted; a system may give their id to a new one
	open   []pair        // new
}

// pair is an element that was asked for, and where.
type pair struct {
	want rawjson.Value
	at   place
}

// element takes up one that was asked for; one that has lost its id is sought like a new one.
func (m *matching) element(e rawjson.Value, at place) {
	j := indexOf(m.all, e)
	switch {
	case j < 0 && (isTrue(e, stays) || isTrue(e, "_delete")):
	case j < 0:
		m.open = append(m.open, pair{e, at})
	case isTrue(e, "_delete"):
		m.doomed[j] = at
	case isTrue(e, stays):
		m.used[j] = true
	default:
		m.object(m.field.Items.Fields, e, m.all[j], at)
		m.used[j] = true
	}
}

// fresh looks for new elements among those that are not accounted for: those that show everything first, then in order.
func (m *matching) fresh() {
	for _, p := range m.open {
		if m.exact {
			m.misses = append(m.misses, miss{p.at, "It is new."})
		}
	}
	if m.exact {
		return
	}
	m.open = slices.DeleteFunc(m.open, func(p pair) bool { return m.shown(p, false) || m.shown(p, true) })
	for _, p := range m.open {
		j := m.firstFree()
		if j < 0 {
			m.misses = append(m.misses, miss{p.at, "The record has no such element."})
			continue
		}
		m.misses, m.used[j] = append(m.misses, m.against(p, m.all[j])...), true
	}
}

// shown finds an element that shows all of a new one.
func (m *matching) shown(p pair, doomed bool) bool {
	for j, e := range m.all {
		if _, d := m.doomed[j]; d == doomed && !m.used[j] && len(m.against(p, e)) == 0 {
			m.used[j] = true
			return true
		}
	}
	return false
}

func (m *matching) firstFree() int {
	for j := range m.all {
		if _, d := m.doomed[j]; !d && !m.used[j] {
			return j
		}
	}
	return -1
}

func (m *matching) against(p pair, e rawjson.Value) []miss {
	var one comparison
	one.object(m.field.Items.Fields, p.want, e, p.at)
	return one.misses
}

func elementsOf(v rawjson.Value) []rawjson.Value {
	var all []rawjson.Value
	for e := v.First(); v.Kind() == rawjson.Array && e.Kind() != rawjson.Missing; e = e.Next() {
		all = append(all, e)
	}
	return all
}

func isTrue(e rawjson.Value, name string) bool { return e.Get(name).Kind() == rawjson.True }

// indexOf finds the element that another names by id or remote id.
func indexOf(all []rawjson.Value, e rawjson.Value) int {
	return slices.IndexFunc(all, func(have rawjson.Value) bool {
		for _, name := range []string{"id", "remote_id"} {
			if want := textOf(e.Get(name)); want != "" && want == textOf(have.Get(name)) {
				return true
			}
		}
		return false
	})
}

// list compares a list that is written as a whole: as many elements, each with what was asked for, in any order.
func (x *comparison) list(f *model.Field, want, have rawjson.Value, at place) {
	if f.Items.Kind != model.Object && f.Items.Kind != model.Contact && f.Items.Kind != model.Link && f.Items.Kind != model.Address {
		x.scalars(want, have, at)
		return
	}
	wants, all := elementsOf(want), elementsOf(have)
	if len(wants) != len(all) || want.Kind() != rawjson.Array {
		x.miss(want, have, at)
		return
	}
	for i, e := range wants {
		at := at.element(i)
		fits := func(h rawjson.Value) bool {
			one := comparison{exact: x.exact}
			one.field(f.Items, "", e, h, at)
			return len(one.misses) == 0
		}
		j := slices.IndexFunc(all, fits)
		if x.exact && j > 0 {
			j = -1
		}
		if j < 0 {
			x.misses = append(x.misses, miss{at, "The record has no such element."})
			continue
		}
		all = slices.Delete(all, j, j+1)
	}
}

// scalars compares a list of texts, in order and without the empty ones.
func (x *comparison) scalars(want, have rawjson.Value, at place) {
	full := func(v rawjson.Value) []rawjson.Value { return slices.DeleteFunc(elementsOf(v), isEmpty) }
	same := func(a, b rawjson.Value) bool { return x.same(model.String, false, a, b) }
	if want.Kind() != rawjson.Array || !slices.EqualFunc(full(want), full(have), same) {
		x.miss(want, have, at)
	}
}

// refs compares a set of references.
func (x *comparison) refs(want, have rawjson.Value, at place) {
	ids := func(v rawjson.Value) []string {
		var all []string
		for _, e := range elementsOf(v) {
			all = append(all, textOf(e))
		}
		slices.Sort(all)
		return all
	}
	if !slices.Equal(ids(want), ids(have)) {
		x.miss(want, have, at)
	}
}
