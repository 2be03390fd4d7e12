package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// given is one field of what was sent.
type given struct {
	path    string       // as rules name it: lines.item
	pointer string       // where it stands: /lines/0/item_id
	name    string       // the wire name that was used
	field   *model.Field // nil: the model has none of that name
	value   rawjson.Value
	now     rawjson.Value // what the record shows; missing where it is new
	added   bool          // it belongs to a line that is new
	line    bool          // it is itself a line that comes or goes
}

// walk visits every field that was sent, those of objects and lines among them, in the order in which they were sent.
func (c *checker) walk(visit func(g given)) {
	c.members(c.data, c.now, c.Entity.Model.Fields, given{}, visit)
}

func (c *checker) members(v, now rawjson.Value, fields []*model.Field, around given, visit func(g given)) {
	for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		if around.path != "" && isLineWord(name) {
			continue
		}
		f := fieldOf(fields, name)
		g := given{path: name, pointer: around.pointer + manifest.Path{name}.Pointer(), name: name, field: f, value: m, now: now.Get(name), added: around.added}
		if f != nil {
			g.path = f.Name
			if f.Kind == model.Ref {
				g.now = now.Get(f.WireNames()[0])
			}
		}
		if around.path != "" {
			g.path = around.path + "." + g.path
		}
		switch {
		case f != nil && f.Kind == model.Object && m.Kind() == rawjson.Object:
			c.members(m, g.now, f.Fields, g, visit)
		case c.identified(f) && (m.Kind() == rawjson.Array || m.Kind() == rawjson.Null):
			c.lines(g, visit)
		default:
			visit(g)
			c.elements(g, visit)
		}
	}
}

// isLineWord tells whether a member of an element says which element it is, or what becomes of it.
func isLineWord(name string) bool { return name == "id" || name == "remote_id" || name == "_delete" }

// fieldOf finds the field that is written under a name; a reference also under its own.
func fieldOf(fields []*model.Field, name string) *model.Field {
	i := slices.IndexFunc(fields, func(f *model.Field) bool {
		return slices.Contains(f.WireNames(), name) || f.Kind == model.Ref && f.Name == name
	})
	if i < 0 {
		return nil
	}
	return fields[i]
}

// identified tells whether a list's elements are named one by one in this system.
func (c *checker) identified(f *model.Field) bool {
	if f == nil || !f.Identified {
		return false
	}
	m := c.Entity.Field(f.Name)
	return m != nil && len(m.ID) > 0
}

// elements visits the fields of a list that is written as a whole.
func (c *checker) elements(g given, visit func(g given)) {
	if g.field == nil || g.field.Kind != model.List || g.field.Items.Fields == nil {
		return
	}
	c.each(g, func(e rawjson.Value, at given) {
		at.added = true
		c.members(e, rawjson.Value{}, g.field.Items.Fields, at, visit)
	})
}

func (c *checker) each(g given, visit func(e rawjson.Value, at given)) {
	i := 0
	for e := g.value.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		at := g
		at.pointer, at.value = g.pointer+"/"+strconv.Itoa(i), e
		if e.Kind() == rawjson.Object {
			visit(e, at)
		}
		i++
	}
}

// lines visits each line that comes or goes, and the fields of those that come or change.
func (c *checker) lines(g given, visit func(g given)) {
	if g.value.Kind() == rawjson.Null {
		visit(g)
		return
	}
	c.each(g, func(e rawjson.Value, at given) {
		now := lineOf(g.now, e)
		at.added = now.Kind() == rawjson.Missing
		if at.added || e.Get("_delete").Kind() == rawjson.True {
			at.line = true
			visit(at)
			at.line = false
		}
		if e.Get("_delete").Kind() != rawjson.True {
			c.members(e, now, g.field.Items.Fields, at, visit)
		}
	})
}

// lineOf finds the record's line that an element names; it is missing where it names none.
func lineOf(lines, e rawjson.Value) rawjson.Value {
	for _, name := range []string{"id", "remote_id"} {
		want := textOf(e.Get(name))
		for l := lines.First(); want != "" && l.Kind() != rawjson.Missing; l = l.Next() {
			if have := textOf(l.Get(name)); have == want || name == "id" && strings.EqualFold(have, want) {
				return l
			}
		}
	}
	return rawjson.Value{}
}

// textOf gives a string, "" for anything else.
func textOf(v rawjson.Value) string {
	if v.Kind() != rawjson.String {
		return ""
	}
	text, err := rawjson.Unquote(nil, v.Raw())
	if err != nil {
		return ""
	}
	return string(text)
}

func isGiven(v rawjson.Value) bool {
	return v.Kind() != rawjson.Missing && v.Kind() != rawjson.Null
}
