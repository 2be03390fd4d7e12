package mapping

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// ref writes the remote id of another record.
func (u *unmapper) ref(v rawjson.Value, m *manifest.FieldMap, out *tree, at string, around rawjson.Value) {
	entity := m.Field.To
	if m.Field.ToField != "" {
		entity, _ = u.text(around.Get(m.Field.ToField), at)
	}
	if remote, ok := u.remote(v, entity, at); ok {
		u.key(remote, m.From, m.As, out, at)
	}
}

// remote gives the remote id that a reference stands for.
func (u *unmapper) remote(v rawjson.Value, entity, at string) (string, bool) {
	if v.Kind() == rawjson.Object {
		return u.text(v.Get("remote_id"), at+"/remote_id")
	}
	text, ok := u.text(v, at)
	if !ok {
		return "", false
	}
	id, err := uuid.Parse(text)
	if err != nil {
		u.fault(at, "an id is wanted, this is %s", excerpt(text))
		return "", false
	}
	remote, ok := u.resolve(entity, id)
	if !ok {
		u.fault(at, "no record of %s has the id %s", entity, text)
	}
	return remote, ok
}

// key writes a remote id to its path, or its parts to theirs.
func (u *unmapper) key(remote string, from []manifest.Path, as string, out *tree, at string) {
	parts := []string{remote}
	if len(from) > 1 {
		parts = splitKey(remote)
	}
	if len(parts) != len(from) {
		u.fault(at, "the remote id %s has %d parts, %d are wanted", excerpt(remote), len(parts), len(from))
		return
	}
	for i, part := range parts {
		raw, err := rawjson.Quote(nil, part)
		if err != nil {
			u.fault(at, "%s", err)
			return
		}
		u.typed(raw, model.Ref, as, from[i], out, at)
	}
}

// splitKey takes a composite remote id apart.
func splitKey(remote string) []string {
	parts := []string{""}
	for i := 0; i < len(remote); i++ {
		last := len(parts) - 1
		switch c := remote[i]; {
		case c == ':':
			parts = append(parts, "")
		case c == '\\' && i+1 < len(remote):
			i++
			parts[last] += remote[i : i+1]
		default:
			parts[last] += remote[i : i+1]
		}
	}
	return parts
}

// refs writes a list of remote ids.
func (u *unmapper) refs(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	u.elements(v, m.From[0], out, at, func(e rawjson.Value, at string) []byte {
		one := &tree{}
		if remote, ok := u.remote(e, m.Field.To, at); ok {
			u.key(remote, []manifest.Path{{"id"}}, m.As, one, at)
		}
		return member1(one, "id")
	})
}

func member1(t *tree, name string) []byte {
	if v := t.values[name]; v != nil {
		return v.append(nil)
	}
	return nil
}

// elements writes a list, element by element.
func (u *unmapper) elements(v rawjson.Value, p manifest.Path, out *tree, at string, element func(e rawjson.Value, at string) []byte) {
	if v.Kind() != rawjson.Array {
		u.fault(at, "a list is wanted, this is %s", describe(v.Kind()))
		return
	}
	var raw [][]byte
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		raw = append(raw, element(e, at+"/"+strconv.Itoa(len(raw))))
	}
	text := []byte{'['}
	for i, r := range raw {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, r...)
	}
	u.put(out, p, append(text, ']'), at)
}

func (u *unmapper) list(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	u.elements(v, m.From[0], out, at, func(e rawjson.Value, at string) []byte {
		one := &tree{}
		switch {
		case m.Parts == nil && m.Fields == nil:
			item := &manifest.FieldMap{Field: m.Field.Items, From: []manifest.Path{{"item"}}}
			u.value(e, item, one, at, v)
			return member1(one, "item")
		case !u.isObject(e, at):
		case m.Fields != nil:
			u.members(e, m.Field.Items.Fields, m.Fields, one, at, "id", "remote_id")
			u.identity(e, m, one, at)
		default:
			u.parts(e, m, one, at)
		}
		return one.append(nil)
	})
}

// identity writes the key of an element that exists already; a new one has none.
func (u *unmapper) identity(e rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	remote := e.Get("remote_id")
	switch {
	case len(m.ID) == 0:
	case given(remote):
		text, ok := u.text(remote, at+"/remote_id")
		if ok && !slices.ContainsFunc(m.ID, out.has) {
			u.key(text, m.ID, m.As, out, at+"/remote_id")
		}
	case given(e.Get("id")):
		u.fault(at+"/id", "name the element by its remote_id")
	}
}

// parts writes the members of an address, contact or link.
func (u *unmapper) parts(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		name := string(e.Name())
		i := slices.IndexFunc(m.Members, func(f *model.Field) bool { return f.Name == name })
		part := m.Parts[name]
		switch {
		case i < 0:
			u.fault(at+pointerTo(name), "the model has no such field to write")
		case part == nil:
			u.fault(at+pointerTo(name), "this system has no such field")
		case part.Const != "":
			u.constant(e, part.Const, at+pointerTo(name))
		case m.Members[i].Kind == model.List:
			u.lines(e, part.From, out, at+pointerTo(name))
		default:
			u.part(e, m.Members[i], part, out, at+pointerTo(name))
		}
	}
}

func (u *unmapper) part(v rawjson.Value, f *model.Field, p *manifest.Part, out *tree, at string) {
	u.value(v, &manifest.FieldMap{Field: f, From: p.From}, out, at, v)
}

// constant accepts what the system has anyway.
func (u *unmapper) constant(v rawjson.Value, constant, at string) {
	if given(v) && !strings.EqualFold(string(v.Raw()), constant) {
		u.fault(at, "this is always %s in this system", constant)
	}
}

// lines writes a list to several paths; those beyond its end are emptied.
func (u *unmapper) lines(v rawjson.Value, from []manifest.Path, out *tree, at string) {
	if v.Len() > len(from) || given(v) && v.Kind() != rawjson.Array {
		u.fault(at, "this system has room for a list of %d", len(from))
		return
	}
	e := v.First()
	for _, p := range from {
		raw := []byte("null")
		if e.Kind() != rawjson.Missing {
			raw = e.Raw()
		}
		if k := plainScalar(raw).kind; k != rawjson.String && k != rawjson.Null {
			u.fault(at, "a text is wanted, this is %s", describe(k))
		}
		u.put(out, p, raw, at)
		e = e.Next()
	}
}

// money writes an amount. Its currency must be the one that the amount has in the system: of the mapping, else of the header.
func (u *unmapper) money(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["amount"], "amount", model.Money, out, at)
	currency, header := v.Get("currency"), u.record.Get("currency")
	part := m.Parts["currency"]
	if part != nil && part.Const == "" && !part.From[0].Settable() {
		part = nil
	}
	switch {
	case part != nil && part.Const != "":
		u.constant(currency, part.Const, at+"/currency")
	case part != nil && currency.Kind() != rawjson.Missing:
		u.part(currency, &model.Field{Name: "currency", Kind: model.String}, part, out, at+"/currency")
	case part == nil && given(currency) && given(header) && string(currency.Raw()) != string(header.Raw()):
		u.fault(at+"/currency", "amounts of this record are in %s", header.Raw())
	}
	u.only(v, at, "amount", "currency")
}

// quantity writes a value and its unit.
func (u *unmapper) quantity(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["value"], "value", model.Quantity, out, at)
	unit, part := v.Get("unit"), m.Parts["unit"]
	switch {
	case part != nil && part.Const != "":
		u.constant(unit, part.Const, at+"/unit")
	case part != nil && unit.Kind() != rawjson.Missing:
		u.part(unit, &model.Field{Name: "unit", Kind: model.String}, part, out, at+"/unit")
	case part == nil && given(unit):
		u.fault(at+"/unit", "this system has no unit here")
	}
	u.only(v, at, "value", "unit", "unit_code")
}

// exact writes the number of a money or quantity value.
func (u *unmapper) exact(v rawjson.Value, p *manifest.Part, name string, kind model.Kind, out *tree, at string) {
	number := v.Get(name)
	if p.Const != "" {
		u.constant(number, p.Const, at+pointerTo(name))
		return
	}
	if !given(number) {
		u.put(out, p.From[0], []byte("null"), at)
		return
	}
	decimal := &manifest.FieldMap{Field: &model.Field{Name: name, Kind: model.Decimal}}
	if plain, ok := u.plain(number, decimal, at+pointerTo(name)); ok {
		u.typed(plain, kind, "", p.From[0], out, at+pointerTo(name))
	}
}

// only refuses members that a value does not have.
func (u *unmapper) only(v rawjson.Value, at string, names ...string) {
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if !slices.Contains(names, string(e.Name())) {
			u.fault(at+pointerTo(string(e.Name())), "the model has no such field to write")
		}
	}
}
