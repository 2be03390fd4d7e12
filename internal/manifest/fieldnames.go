package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/model"
)

// Rules name fields as the model does; those of an object or of a list's elements are written lines.item.

// At gives the field of that name in the model and in the mapping; nil where there is none.
func (e *Entity) At(name string) (*model.Field, *FieldMap) {
	fields, maps := e.Model.Fields, e.Fields
	var f *model.Field
	var m *FieldMap
	for part := range strings.SplitSeq(name, ".") {
		i := slices.IndexFunc(fields, func(f *model.Field) bool { return f.Name == part })
		if i < 0 {
			return nil, nil
		}
		f = fields[i]
		m = mapOf(maps, f)
		fields, maps = nested(f), nil
		if m != nil {
			maps = m.Fields
		}
	}
	return f, m
}

// WireName gives the name under which the API shows a field of the model: lines.item is lines.item_id.
func (e *Entity) WireName(name string) string {
	f, _ := e.At(name)
	if f == nil {
		return name
	}
	outer, _, inner := cutLast(name)
	if !inner {
		return f.WireNames()[0]
	}
	return outer + "." + f.WireNames()[0]
}

// Named gives the name in the model of a field named as there or as the API shows it; "" where there is none.
func (e *Entity) Named(name string) string {
	fields, prefix := e.Model.Fields, ""
	if outer, _, ok := cutLast(name); ok {
		outer = e.Named(outer)
		f, _ := e.At(outer)
		if f == nil {
			return ""
		}
		fields, prefix = nested(f), outer+"."
	}
	_, last, _ := cutLast(name)
	for _, f := range fields {
		if f.Name == last || slices.Contains(f.WireNames(), last) {
			return prefix + f.Name
		}
	}
	return ""
}

// IsReadOnly tells whether the source alone sets the field, or what holds it.
func (e *Entity) IsReadOnly(name string) bool {
	return slices.ContainsFunc(e.ReadOnly, func(own string) bool { return Within(own, name) })
}

// Within tells whether a field is another one or within it.
func Within(outer, name string) bool { return name == outer || strings.HasPrefix(name, outer+".") }

// Takes tells whether the field can be written at all: it is mapped, the mapping knows its inverse, and it is not read-only.
func (e *Entity) Takes(name string) bool {
	outer, _, inner := cutLast(name)
	if inner && !e.Takes(outer) {
		return false
	}
	_, m := e.At(name)
	return m != nil && m.Writable() && !e.IsReadOnly(name)
}

func cutLast(name string) (outer, last string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// known lists the names of the model's fields beside which a misspelt one stands.
func (e *Entity) known(name string) []string {
	fields, prefix := e.Model.Fields, ""
	if outer, _, ok := cutLast(name); ok {
		if f, _ := e.At(outer); f != nil {
			fields, prefix = nested(f), outer+"."
		}
	}
	var names []string
	for _, f := range fields {
		names = append(names, prefix+f.Name)
	}
	return names
}

// mapped checks that a rule names a field which this system has.
func (b *entityBuilder) mapped(name string, at ...string) bool {
	f, m := b.entity.At(name)
	switch {
	case f == nil:
		b.wrong("the model has no such field "+strconv.Quote(name), suggest(name, b.entity.known(name)), at...)
	case m == nil:
		b.wrong(name+" is not mapped", "map it, or remove it here", at...)
	default:
		return true
	}
	return false
}

// writable checks that a rule names a field which can be written.
func (b *entityBuilder) writable(name string, at ...string) bool {
	switch {
	case !b.mapped(name, at...):
	case b.entity.IsReadOnly(name):
		b.wrong(name+" is read_only", "remove it here or there", at...)
	case !b.entity.Takes(name):
		b.wrong(name+" cannot be written", "map it from a path, or give its expression an inverse", at...)
	default:
		return true
	}
	return false
}
