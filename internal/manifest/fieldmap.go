package manifest

import (
	"slices"
	"strconv"

	"github.com/busbar-dev/busbar/model"
)

// Field gives the mapping of the model's field of that name, or nil.
func (e *Entity) Field(name string) *FieldMap {
	for _, m := range e.Fields {
		if m.Field.Name == name {
			return m
		}
	}
	return nil
}

// Writable tells whether the mapping knows its inverse: paths do, constants and paths out of their own element do not.
func (m *FieldMap) Writable() bool {
	switch m.Field.Kind {
	case model.Object:
		return slices.ContainsFunc(m.Fields, (*FieldMap).Writable)
	case model.List:
		return settable(m.From) && (m.Parts != nil || m.Fields == nil || slices.ContainsFunc(m.Fields, (*FieldMap).Writable))
	}
	if m.Parts != nil {
		for _, p := range m.Parts {
			if settable(p.From) {
				return true
			}
		}
		return false
	}
	return m.Inverse != "" || settable(m.From)
}

// settable tells whether a value can be put at these paths.
func settable(from []Path) bool {
	return len(from) > 0 && !slices.ContainsFunc(from, func(p Path) bool { return !p.Settable() })
}

// Settable tells whether a value can be put at the path: it leads through objects only, and stays within its own.
func (p Path) Settable() bool {
	return !slices.Contains(p, Each) && !slices.Contains(p, Up) && !slices.ContainsFunc(p, isPosition)
}

func isPosition(name string) bool {
	_, err := strconv.Atoi(name)
	return err == nil
}

// words lists the words of the model that an enum's rows lead to, in the model's order.
func (m *FieldMap) words() []string {
	var out []string
	for _, v := range m.Field.Values {
		if slices.ContainsFunc(m.Values, func(r EnumMap) bool { return r.Name == v.Name }) || m.Const == `"`+v.Name+`"` {
			out = append(out, v.Name)
		}
	}
	return out
}
