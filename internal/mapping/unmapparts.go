package mapping

import (
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

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
	u.put(out, p, arrayOf(raw), at)
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
			u.within(rawjson.Value{}, rawjson.Value{}, func() {
				u.object(e, m.Field.Items.Fields, m.Fields, one, at, "id", "remote_id")
			})
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
		for _, name := range []string{"id", "remote_id"} {
			if given(e.Get(name)) {
				u.flaw(NoSuchElement, at+pointerTo(name), "elements of this list have no ids in this system; the list is written as a whole")
			}
		}
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
			u.flaw(NoField, at+pointerTo(name), "the model has no such field to write")
		case part == nil:
			u.flaw(NotMapped, at+pointerTo(name), "this system has no such field")
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
