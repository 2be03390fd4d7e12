package check

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// lines compares a list whose elements have ids.
func (x *comparison) lines(f *model.Field, want, have rawjson.Value, at place) {
	all, used := elementsOf(have), map[int]bool{}
	var open []pair
	for i, e := range elementsOf(want) {
		at := at.element(i)
		j := indexOf(all, e)
		switch {
		case j < 0 && (isTrue(e, stays) || isTrue(e, "_delete")):
		case j < 0:
			open = append(open, pair{e, at})
		case isTrue(e, "_delete"):
			x.misses, used[j] = append(x.misses, miss{at, "It was to be deleted and is still there."}), true
		case isTrue(e, stays):
			used[j] = true
		default:
			x.object(f.Items.Fields, e, all[j], at)
			used[j] = true
		}
	}
	if !isGiven(want) && len(all) > 0 {
		x.miss(want, have, at)
	}
	x.fresh(f, open, all, used)
}

// pair is an element that was asked for, and where.
type pair struct {
	want rawjson.Value
	at   place
}

// fresh looks for new elements among those that are not accounted for: those that show everything first, then in order.
func (x *comparison) fresh(f *model.Field, open []pair, all []rawjson.Value, used map[int]bool) {
	if x.exact {
		for _, p := range open {
			x.misses = append(x.misses, miss{p.at, "It is new."})
		}
		return
	}
	open = slices.DeleteFunc(open, func(p pair) bool {
		for j, e := range all {
			if !used[j] && len(x.against(f, p, e)) == 0 {
				used[j] = true
				return true
			}
		}
		return false
	})
	for _, p := range open {
		j := firstUnused(all, used)
		if j < 0 {
			x.misses = append(x.misses, miss{p.at, "The record has no such element."})
			continue
		}
		x.misses, used[j] = append(x.misses, x.against(f, p, all[j])...), true
	}
}

func firstUnused(all []rawjson.Value, used map[int]bool) int {
	for j := range all {
		if !used[j] {
			return j
		}
	}
	return -1
}

func (x *comparison) against(f *model.Field, p pair, e rawjson.Value) []miss {
	var one comparison
	one.object(f.Items.Fields, p.want, e, p.at)
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
