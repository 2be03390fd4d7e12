package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// Missed compares what a write asked for (Verdict.Wanted) with the record as it is afterwards, and lists what the system did not take. Numbers are compared by value, and count as
// taken where only digits are gone that the system does not keep; texts without surrounding space; a reference by the record it leads to; elements of lists by their id, new
// ones by content; those that the write did not name do not count.
func Missed(e *manifest.Entity, wanted, record []byte) []problem.Item {
	var x comparison
	if err := x.records(e, wanted, record); err != nil {
		return []problem.Item{{Code: problem.NotTaken, Detail: "The record cannot be compared with what was asked for: " + err.Error() + "."}}
	}
	var items []problem.Item
	for _, m := range x.misses {
		items = append(items, problem.Item{Pointer: m.pointer, Code: problem.NotTaken, Detail: m.detail})
	}
	return items
}

// Same tells whether a record may be the effect of a create: whether it shows those of the fields that the create gave, as in Missed; no fields: all.
func Same(e *manifest.Entity, fields []string, wanted, record []byte) bool {
	var x comparison
	if err := x.records(e, wanted, record); err != nil {
		return false
	}
	return !slices.ContainsFunc(x.misses, func(m miss) bool {
		return len(fields) == 0 || slices.ContainsFunc(fields, func(f string) bool { return manifest.Within(f, m.path) || manifest.Within(m.path, f) })
	})
}

// comparison holds what was asked for against what there is.
type comparison struct {
	exact  bool // every digit and space counts
	misses []miss
}

// miss is something that was asked for and is not there.
type miss struct {
	place
	detail string
}

// place is where a value stands: path as rules name it, pointer as it was sent.
type place struct{ path, pointer string }

func (p place) member(f *model.Field, name string) place {
	path := f.Name
	if p.path != "" {
		path = p.path + "." + path
	}
	return place{path, p.pointer + manifest.Path{name}.Pointer()}
}

func (p place) element(i int) place { return place{p.path, p.pointer + "/" + strconv.Itoa(i)} }

func (x *comparison) records(e *manifest.Entity, wanted, record []byte) error {
	if len(wanted) == 0 {
		return nil
	}
	var a, b rawjson.Index
	want, err := a.Parse(wanted)
	if err != nil {
		return err
	}
	have, err := b.Parse(record)
	if err != nil {
		return err
	}
	x.object(e.Model.Fields, want, have, place{})
	return nil
}

func (x *comparison) object(fields []*model.Field, want, have rawjson.Value, at place) {
	for m := want.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		if f := fieldOf(fields, name); f != nil {
			x.field(f, name, m, have.Get(name), at.member(f, name))
		}
	}
}

func (x *comparison) miss(want, have rawjson.Value, at place) {
	x.misses = append(x.misses, miss{at, fmt.Sprintf("It was to be %s and is %s.", show(want), show(have))})
}

// show gives the beginning of a value for people.
func show(v rawjson.Value) string {
	const most = 80
	switch text := string(v.Raw()); {
	case !isGiven(v):
		return "empty"
	case len(text) > most:
		return strings.ToValidUTF8(text[:most], "") + "..."
	default:
		return text
	}
}

// field compares one value. name is the wire name: an enum has two.
func (x *comparison) field(f *model.Field, name string, want, have rawjson.Value, at place) {
	switch {
	case f.Kind == model.List && f.Identified && (want.Kind() == rawjson.Array || isGiven(have)):
		x.lines(f, want, have, at)
	case f.Kind == model.Object && want.Kind() == rawjson.Object:
		x.object(f.Fields, want, have, at)
	case want.Kind() == rawjson.Object:
		x.parts(f.Kind, want, have, at)
	case isEmpty(want):
		if !isEmpty(have) {
			x.miss(want, have, at)
		}
	case f.Kind == model.List:
		x.list(f, want, have, at)
	case f.Kind == model.Refs:
		x.refs(want, have, at)
	case !x.same(f.Kind, foldsCase(f.Name), want, have):
		x.miss(want, have, at)
	}
}

// foldsCase tells whether a text is a code whose case says nothing.
func foldsCase(name string) bool { return name == "currency" || name == "country" }

// parts compares the members that were asked for of money, a quantity, an address, a contact, a link or a free-form object.
func (x *comparison) parts(kind model.Kind, want, have rawjson.Value, at place) {
	for m := want.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		inner := model.String
		if kind == model.Money && name == "amount" || kind == model.Quantity && name == "value" {
			inner = model.Decimal
		}
		within := place{at.path, at.pointer + manifest.Path{name}.Pointer()}
		other := have.Get(name)
		switch {
		case name == "unit_code" && kind == model.Quantity: // follows from the unit
		case isEmpty(m) && isEmpty(other):
		case kind == model.Money && name == "currency" && isEmpty(m): // it takes the header's
		case m.Kind() == rawjson.Array:
			x.scalars(m, other, within)
		case !x.same(inner, foldsCase(name), m, other):
			x.miss(m, other, within)
		}
	}
}

// isEmpty tells whether a value says nothing: null, an empty text or list, or an object of nothing else.
func isEmpty(v rawjson.Value) bool {
	switch v.Kind() {
	case rawjson.Missing, rawjson.Null:
		return true
	case rawjson.String:
		return strings.TrimSpace(textOf(v)) == ""
	case rawjson.Object, rawjson.Array:
		for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
			if !isEmpty(m) {
				return false
			}
		}
		return true
	}
	return false
}
