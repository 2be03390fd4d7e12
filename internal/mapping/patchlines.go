package mapping

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// line is an element of a list as the record has it, and what the patch does with it.
type line struct {
	id, remoteID string
	now, raw     rawjson.Value
	named        bool
	deleted      bool
	change       *tree // nil: none
}

// patchLines patches a list whose elements have ids. A list that stays as it is is not written.
func (u *unmapper) patchLines(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if v.Kind() != rawjson.Array {
		u.fault(at, "a list is wanted, this is %s", describe(v.Kind()))
		return
	}
	kept := u.kept(m)
	var added []*tree
	i := 0
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if t := u.patchLine(e, m, kept, at+"/"+strconv.Itoa(i)); t != nil {
			added = append(added, t)
		}
		i++
	}
	u.putLines(m, kept, added, out, at)
}

// kept lists the elements that the record has.
func (u *unmapper) kept(m *manifest.FieldMap) []*line {
	raw := u.patch.raw
	for _, name := range m.From[0] {
		raw = raw.Get(name)
	}
	var all []*line
	r := raw.First()
	for e := u.patch.now.Get(m.Field.Name).First(); e.Kind() != rawjson.Missing; e = e.Next() {
		all = append(all, &line{id: plainText(e.Get("id")), remoteID: plainText(e.Get("remote_id")), now: e, raw: r})
		r = r.Next()
	}
	return all
}

// plainText gives a string, "" for anything else.
func plainText(v rawjson.Value) string {
	if v.Kind() != rawjson.String {
		return ""
	}
	text, err := rawjson.Unquote(nil, v.Raw())
	if err != nil {
		return ""
	}
	return string(text)
}

// patchLine notes what the patch does with one element, and gives an element that is new.
func (u *unmapper) patchLine(e rawjson.Value, m *manifest.FieldMap, kept []*line, at string) *tree {
	if !u.isObject(e, at) {
		return nil
	}
	gone, ok := u.deletion(e, at)
	if !ok {
		return nil
	}
	one := &tree{}
	if !given(e.Get("id")) && !given(e.Get("remote_id")) {
		if gone {
			u.fault(at, "name the element to be deleted by its id or remote_id")
			return nil
		}
		u.within(rawjson.Value{}, rawjson.Value{}, func() {
			u.object(e, m.Field.Items.Fields, m.Fields, one, at, "id", "remote_id", "_delete")
		})
		return one
	}
	l := u.named(e, kept, at)
	switch {
	case l == nil:
	case l.named:
		u.flaw(NamedTwice, at, "the element %s is named twice", excerpt(l.remoteID))
	default:
		l.named, l.deleted = true, gone
		if !gone {
			u.changeLine(e, m, l, one, at)
		}
	}
	return nil
}

// changeLine writes the members of an element that the record has.
func (u *unmapper) changeLine(e rawjson.Value, m *manifest.FieldMap, l *line, one *tree, at string) {
	u.within(l.now, l.raw, func() {
		u.object(e, m.Field.Items.Fields, m.Fields, one, at, "id", "remote_id", "_delete")
	})
	whole := one.over(l.raw).append(nil)
	if same, err := rawjson.Equal(whole, l.raw.Raw(), nil); len(one.names) > 0 && (err != nil || !same) {
		l.change = one
	}
}

// deletion reads an element's _delete.
func (u *unmapper) deletion(e rawjson.Value, at string) (gone, ok bool) {
	switch d := e.Get("_delete"); d.Kind() {
	case rawjson.Missing, rawjson.Null, rawjson.False:
		return false, true
	case rawjson.True:
		return true, true
	default:
		u.fault(at+"/_delete", "true or false is wanted, this is %s", describe(d.Kind()))
		return false, false
	}
}

// named finds the element that an id or a remote id names; both must name the same.
func (u *unmapper) named(e rawjson.Value, kept []*line, at string) *line {
	var found *line
	for _, name := range []string{"id", "remote_id"} {
		v := e.Get(name)
		if !given(v) {
			continue
		}
		text, ok := u.text(v, at+"/"+name)
		if !ok {
			return nil
		}
		l := lineOf(kept, name, text)
		if l == nil {
			u.flaw(NoSuchElement, at+"/"+name, "this record has no such element; leave id and remote_id out to add one")
			return nil
		}
		if found != nil && l != found {
			u.fault(at+"/"+name, "id and remote_id name different elements")
			return nil
		}
		found = l
	}
	return found
}

func lineOf(kept []*line, name, text string) *line {
	for _, l := range kept {
		if name == "id" && strings.EqualFold(l.id, text) || name == "remote_id" && l.remoteID == text {
			return l
		}
	}
	return nil
}

// putLines writes the list in the style of the system.
func (u *unmapper) putLines(m *manifest.FieldMap, kept []*line, added []*tree, out *tree, at string) {
	changed := len(added) > 0
	for _, l := range kept {
		changed = changed || l.deleted || l.change != nil
	}
	if !changed {
		return
	}
	if u.patch.changes {
		u.put(out, m.From[0], changesOf(m, kept, added), at)
		return
	}
	var all [][]byte
	for _, l := range kept {
		switch {
		case l.deleted:
		case l.change != nil:
			all = append(all, l.change.over(l.raw).append(nil))
		default:
			all = append(all, l.raw.Raw())
		}
	}
	for _, t := range added {
		all = append(all, t.append(nil))
	}
	u.put(out, m.From[0], arrayOf(all), at)
}

// changesOf lists what is done with elements: those that change, those that go, those that come.
func changesOf(m *manifest.FieldMap, kept []*line, added []*tree) []byte {
	var all [][]byte
	for _, l := range kept {
		switch {
		case l.deleted:
			all = append(all, []byte(`{"op":"delete","key":`+string(keyOf(m, l.raw))+`}`))
		case l.change != nil:
			all = append(all, []byte(`{"op":"update","key":`+string(keyOf(m, l.raw))+`,"data":`+string(l.change.append(nil))+`}`))
		}
	}
	for _, t := range added {
		all = append(all, []byte(`{"op":"create","data":`+string(t.append(nil))+`}`))
	}
	return arrayOf(all)
}

// keyOf gives the members that are an element's id, as the record has them.
func keyOf(m *manifest.FieldMap, raw rawjson.Value) []byte {
	key := &tree{}
	for _, p := range m.ID {
		v := raw
		for _, name := range p {
			v = v.Get(name)
		}
		_ = key.set(p, v.Raw())
	}
	return key.append(nil)
}

func arrayOf(all [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']')
}

// noLines empties a list whose elements have ids.
func (u *unmapper) noLines(m *manifest.FieldMap, out *tree, at string) {
	kept := u.kept(m)
	for _, l := range kept {
		l.deleted = true
	}
	u.putLines(m, kept, nil, out, at)
}

// identified tells whether a list is patched element by element.
func (u *unmapper) identified(m *manifest.FieldMap) bool {
	return u.patch != nil && m.Field.Kind == model.List && m.Fields != nil && len(m.ID) > 0
}
