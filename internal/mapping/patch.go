package mapping

import (
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// Patch gives the source's members for a merge patch (RFC 7396) of a stored record, as Unmap does for a whole one: what is not given is not among them, null empties.
// An object such as an address is written whole, with what the patch leaves alone as the record has it. Elements of a list whose elements have ids are named by id or
// remote_id: those that are not named stay, {"id": ..., "_delete": true} deletes, one without either is new; the style says what is written of the list. Any other list
// is replaced. The error is BadValues.
func (m *Mapper) Patch(fields, raw []byte, style manifest.ListStyle, env Env, resolve Resolver) ([]byte, error) {
	p, err := m.readPatched(raw, env)
	if err != nil {
		return nil, BadValues{{Reason: "the stored record: " + err.Error()}}
	}
	p.changes = style == manifest.ListsChanged
	return m.unmap(fields, &unmapper{mapper: m, resolve: resolve, patch: p})
}

// patch is the record that a patch is laid over. now and raw are the object at hand, a record or an element of a list, in the model and in the source; they are
// missing for an element that is new.
type patch struct {
	changes  bool
	now, raw rawjson.Value
	record   rawjson.Value // the whole one, in the model
}

func (m *Mapper) readPatched(raw []byte, env Env) (*patch, error) {
	mapped, err := m.Map(raw, env)
	if err != nil {
		return nil, err
	}
	var model, source rawjson.Index
	p := &patch{}
	if p.now, err = model.Parse(mapped.Fields); err != nil {
		return nil, err
	}
	p.record = p.now
	p.raw, err = source.Parse(raw)
	return p, err
}

// now gives what the object at hand shows under a wire name; it is missing where nothing is patched.
func (u *unmapper) now(name string) rawjson.Value {
	if u.patch == nil {
		return rawjson.Value{}
	}
	return u.patch.now.Get(name)
}

// rawObject gives the object at hand as the source has it.
func (u *unmapper) rawObject() rawjson.Value {
	if u.patch == nil {
		return rawjson.Value{}
	}
	return u.patch.raw
}

// whole gives the record as it is to be, for expressions.
func (u *unmapper) whole() any {
	if u.patch == nil {
		return decode(u.record)
	}
	return merged(decode(u.patch.record), decode(u.record))
}

func merged(old, new any) any {
	o, ok := old.(map[string]any)
	n, fits := new.(map[string]any)
	if !ok || !fits {
		return new
	}
	for name, v := range n {
		o[name] = merged(o[name], v)
	}
	return o
}

// header gives a field of the record as it is to be.
func (u *unmapper) header(name string) rawjson.Value {
	v := u.record.Get(name)
	if v.Kind() == rawjson.Missing && u.patch != nil {
		return u.patch.record.Get(name)
	}
	return v
}

// within goes on with an element of a list, and comes back.
func (u *unmapper) within(now, raw rawjson.Value, write func()) {
	if u.patch == nil {
		write()
		return
	}
	outer := *u.patch
	u.patch.now, u.patch.raw = now, raw
	write()
	u.patch.now, u.patch.raw = outer.now, outer.raw
}

// object writes a record or an element. In a patch, an object of the source that a value such as an address is kept in is written whole.
func (u *unmapper) object(v rawjson.Value, fields []*model.Field, maps []*manifest.FieldMap, out *tree, at string, taken ...string) {
	u.members(v, fields, maps, out, at, taken...)
	if u.patch == nil {
		return
	}
	for _, m := range maps {
		if !isObjectKind(m.Field.Kind) || v.Get(m.Field.Name).Kind() == rawjson.Missing {
			continue
		}
		for _, p := range pathsOf(m) {
			if t := out.values[p[0]]; len(p) > 1 && t != nil {
				out.values[p[0]] = t.over(u.patch.raw.Get(p[0]))
			}
		}
	}
}

func isObjectKind(k model.Kind) bool {
	return k == model.Object || k == model.Address || k == model.Contact || k == model.Link
}

// pathsOf lists the paths of an object's members.
func pathsOf(m *manifest.FieldMap) []manifest.Path {
	paths := slices.Clone(m.From)
	for _, name := range slices.Sorted(maps.Keys(m.Parts)) {
		paths = append(paths, m.Parts[name].From...)
	}
	for _, inner := range m.Fields {
		paths = append(paths, pathsOf(inner)...)
	}
	return paths
}

// over lays an object that is put together over one that is there.
func (t *tree) over(raw rawjson.Value) *tree {
	if t.raw != nil || raw.Kind() != rawjson.Object {
		return t
	}
	out := &tree{values: map[string]*tree{}}
	add := func(name string, v *tree) {
		out.names = append(out.names, name)
		out.values[name] = v
	}
	for m := raw.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		if v := t.values[name]; v != nil {
			add(name, v.over(m))
			continue
		}
		add(name, &tree{raw: m.Raw()})
	}
	for _, name := range t.names {
		if out.values[name] == nil {
			add(name, t.values[name])
		}
	}
	return out
}
