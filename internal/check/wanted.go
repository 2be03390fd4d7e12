package check

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// stays marks an element of Wanted that the write does not speak of: what comes new is none of those.
const stays = "_stays"

// wanted gives what a write asks for in a form that tells by itself what it means: references by id, lines of the record by remote id, and with them the lines that were there.
func (c *checker) wanted() []byte {
	if c.asksStatus { // even if it is no member of the body
		delete(c.drop, "/"+c.Entity.Moves.Field)
		delete(c.drop, "/"+c.Entity.Moves.Field+"_source")
	}
	return c.wantedObject(c.data, c.now, c.Entity.Model.Fields, "")
}

func (c *checker) wantedObject(v, now rawjson.Value, fields []*model.Field, at string, more ...string) []byte {
	parts := more
	for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		name := string(m.Name())
		pointer := at + manifest.Path{name}.Pointer()
		f := fieldOf(fields, name)
		if f == nil || c.drop[pointer] {
			continue
		}
		parts = append(parts, c.wantedField(f, name, v, m, now, pointer))
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

func (c *checker) wantedField(f *model.Field, name string, around, v, now rawjson.Value, at string) string {
	var value []byte
	switch {
	case f.Kind == model.Ref:
		name, value = f.WireNames()[0], []byte(c.idOf(f, around, now, v))
	case f.Kind == model.Refs:
		value = c.idsOf(f, v)
	case f.Kind == model.Object && v.Kind() == rawjson.Object:
		value = c.wantedObject(v, now.Get(name), f.Fields, at)
	case f.Kind == model.List && f.Items.Fields != nil:
		value = c.wantedLines(f, v, now.Get(name), at)
	default:
		value = without(v, at, c.drop)
	}
	return quoted(name) + ":" + string(value)
}

// idOf gives the id that a reference stands for, as JSON.
func (c *checker) idOf(f *model.Field, around, now, v rawjson.Value) string {
	entity := f.To
	if f.ToField != "" {
		if entity = textOf(around.Get(f.ToField)); entity == "" {
			entity = textOf(now.Get(f.ToField))
		}
	}
	return c.id(entity, v)
}

func (c *checker) id(entity string, v rawjson.Value) string {
	if v.Kind() == rawjson.Object {
		return quoted(mapping.RecordID(c.Env.Connection, entity, textOf(v.Get("remote_id"))).String())
	}
	if id, err := uuid.Parse(textOf(v)); err == nil {
		return quoted(id.String())
	}
	return string(v.Raw())
}

func (c *checker) idsOf(f *model.Field, v rawjson.Value) []byte {
	if v.Kind() != rawjson.Array {
		return v.Raw()
	}
	var ids []string
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		ids = append(ids, c.id(f.To, e))
	}
	return []byte("[" + strings.Join(ids, ",") + "]")
}

// wantedLines names the lines that the record has by remote id. Those that were not named stand at the end.
func (c *checker) wantedLines(f *model.Field, v, now rawjson.Value, at string) []byte {
	named, own := map[string]bool{}, c.identified(f)
	if v.Kind() != rawjson.Array && !own {
		return v.Raw()
	}
	var parts []string
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		pointer := fmt.Sprintf("%s/%d", at, len(parts))
		l := rawjson.Value{}
		if own {
			l = lineOf(now, e)
		}
		var more []string
		if l.Kind() != rawjson.Missing {
			key := string(l.Get("remote_id").Raw())
			named[key] = true
			more = append(more, `"remote_id":`+key)
		}
		if e.Get("_delete").Kind() == rawjson.True {
			parts = append(parts, "{"+strings.Join(append(more, `"_delete":true`), ",")+"}")
			continue
		}
		parts = append(parts, string(c.wantedObject(e, l, f.Items.Fields, pointer, more...)))
	}
	what := `"` + stays + `":true`
	if v.Kind() == rawjson.Null {
		what = `"_delete":true`
	}
	for l := now.First(); own && l.Kind() != rawjson.Missing; l = l.Next() {
		if key := string(l.Get("remote_id").Raw()); key != "" && !named[key] {
			parts = append(parts, `{"remote_id":`+key+`,`+what+`}`)
		}
	}
	return []byte("[" + strings.Join(parts, ",") + "]")
}

// settled gives the value of a field as the record would show it: a reference by id.
func (c *checker) settled(g given) rawjson.Value {
	if g.field.Kind != model.Ref && g.field.Kind != model.Refs {
		return g.value
	}
	text := []byte(c.id(g.field.To, g.value))
	if g.field.Kind == model.Refs {
		text = c.idsOf(g.field, g.value)
	}
	var index rawjson.Index
	v, err := index.Parse(text)
	if err != nil {
		return g.value
	}
	return v
}
