package mapping

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// Resolver gives the remote id of a record of the connection by its id; ok is false for an id that is not known.
type Resolver func(entity string, id uuid.UUID) (remoteID string, ok bool)

// Unmap is the inverse of Map: it gives the source's members for the model's fields, which is a JSON object of wire names. Only what
// is given is written; null writes null. A reference is given as <name>_id, or as <name>: {"remote_id": "..."}. Members that
// this system does not have or cannot write are faults. The error is BadValues.
func (m *Mapper) Unmap(fields []byte, resolve Resolver) ([]byte, error) {
	return m.unmap(fields, &unmapper{mapper: m, resolve: resolve})
}

func (m *Mapper) unmap(fields []byte, u *unmapper) ([]byte, error) {
	var index rawjson.Index
	record, err := index.Parse(fields)
	if err != nil {
		return nil, BadValues{{Reason: err.Error()}}
	}
	if record.Kind() != rawjson.Object {
		return nil, BadValues{{Reason: "an object is wanted, this is " + describe(record.Kind())}}
	}
	u.record = record
	out := &tree{}
	u.object(record, m.entity.Model.Fields, m.entity.Fields, out, "")
	if len(u.bad) > 0 {
		return nil, u.bad
	}
	return out.append(nil), nil
}

// unmapper writes one record and collects what is wrong with it.
type unmapper struct {
	mapper  *Mapper
	resolve Resolver
	record  rawjson.Value
	patch   *patch // nil: the whole record is written
	bad     BadValues
}

func (u *unmapper) fault(pointer, reason string, args ...any) {
	u.flaw(Unfit, pointer, reason, args...)
}

func (u *unmapper) flaw(sort Flaw, pointer, reason string, args ...any) {
	u.bad = append(u.bad, &BadValue{Pointer: pointer, Flaw: sort, Reason: fmt.Sprintf(reason, args...)})
}

// members writes the members of a record, object or list element. taken names members that the caller has dealt with.
func (u *unmapper) members(v rawjson.Value, fields []*model.Field, maps []*manifest.FieldMap, out *tree, at string, taken ...string) {
	for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		if slices.Contains(taken, name) || at == "" && name == "custom_fields" && m.Len() == 0 {
			continue
		}
		f := fieldOf(fields, name)
		if f == nil {
			u.flaw(NoField, at+pointerTo(name), "the model has no such field to write")
			continue
		}
		mapped := mapOf(maps, f)
		switch {
		case mapped == nil:
			u.flaw(NotMapped, at+pointerTo(name), "this system has no such field")
		case !mapped.Writable():
			u.flaw(NotWritable, at+pointerTo(name), "this system's field cannot be written")
		case f.Kind == model.Enum:
			u.enum(v, mapped, name, out, at)
		default:
			u.value(m, mapped, out, at+pointerTo(name), v)
		}
	}
}

func pointerTo(name string) string { return manifest.Path{name}.Pointer() }

// fieldOf finds the field that appears under a wire name; a reference also under its own.
func fieldOf(fields []*model.Field, name string) *model.Field {
	for _, f := range fields {
		if slices.Contains(f.WireNames(), name) || f.Kind == model.Ref && f.Name == name {
			return f
		}
	}
	return nil
}

func mapOf(maps []*manifest.FieldMap, f *model.Field) *manifest.FieldMap {
	for _, m := range maps {
		if m.Field == f {
			return m
		}
	}
	return nil
}

// value writes one field. around is the object that holds it.
func (u *unmapper) value(v rawjson.Value, m *manifest.FieldMap, out *tree, at string, around rawjson.Value) {
	if v.Kind() == rawjson.Null && m.Inverse == "" {
		u.null(m, out, at)
		return
	}
	switch {
	case m.Inverse != "":
		u.inverse(v, m, out, at, around)
	case m.Field.Kind == model.Ref:
		u.ref(v, m, out, at, around)
	case m.Field.Kind == model.Refs:
		u.refs(v, m, out, at)
	case m.Field.Kind == model.Money:
		u.money(v, m, out, at)
	case m.Field.Kind == model.Quantity:
		u.quantity(v, m, out, at)
	case u.identified(m):
		u.patchLines(v, m, out, at)
	case m.Field.Kind == model.List:
		u.list(v, m, out, at)
	case m.Field.Kind == model.Object && u.isObject(v, at):
		u.within(u.now(m.Field.Name), u.rawObject(), func() { u.members(v, m.Field.Fields, m.Fields, out, at) })
	case m.Parts != nil && u.isObject(v, at):
		u.parts(v, m, out, at)
	case m.Field.Kind == model.Map && u.isObject(v, at):
		u.put(out, m.From[0], v.Raw(), at)
	case m.Field.Kind != model.Object && m.Parts == nil && m.Field.Kind != model.Map:
		u.scalar(v, m, out, at)
	}
}

func (u *unmapper) isObject(v rawjson.Value, at string) bool {
	if v.Kind() != rawjson.Object {
		u.fault(at, "an object is wanted, this is %s", describe(v.Kind()))
	}
	return v.Kind() == rawjson.Object
}

// null empties a field: every path that it is mapped to, but not the currency or unit of an amount.
func (u *unmapper) null(m *manifest.FieldMap, out *tree, at string) {
	for _, inner := range m.Fields {
		if m.Field.Kind == model.Object && inner.Writable() {
			u.null(inner, out, at)
		}
	}
	if u.identified(m) {
		u.noLines(m, out, at)
		return
	}
	for _, p := range m.From {
		u.put(out, p, []byte("null"), at)
	}
	if m.Field.Kind == model.List {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m.Parts)) {
		part := m.Parts[name]
		if m.Field.Kind == model.Money && name != "amount" || m.Field.Kind == model.Quantity && name != "value" {
			continue
		}
		for _, p := range part.From {
			u.put(out, p, []byte("null"), at)
		}
	}
}

func (u *unmapper) put(out *tree, p manifest.Path, raw []byte, at string) {
	if !p.Settable() {
		u.flaw(NotWritable, at, "this system's field cannot be written")
		return
	}
	if err := out.set(p, raw); err != nil {
		u.fault(at, "%s", err)
	}
}
