package manifest

import (
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// word reads an enum, or a text for which the model has a closed list of words.
func (b *entityBuilder) word(m *FieldMap, n *yaml.Node, s scope) {
	f := wordForm{}
	b.form(n, &f, &f.From, s)
	b.plain(m, f.plainForm, s)
	m.As = f.As
	var known []string
	for _, v := range m.Field.Values {
		known = append(known, v.Name)
	}
	if f.Values.Kind != 0 {
		b.Members(&f.Values, s.in("values").String(), func(key, value *yaml.Node) {
			if !slices.Contains(known, value.Value) {
				b.Report(value, s.in("values").in(key.Value).String(), "the model has no such word "+strconv.Quote(value.Value), suggest(value.Value, known))
			}
			m.Values = append(m.Values, EnumMap{Source: key.Value, Name: value.Value})
		})
	}
	constant := f.Const.Kind != 0
	switch {
	case constant && !slices.Contains(known, f.Const.Value):
		b.problem("the model has no such word "+strconv.Quote(f.Const.Value), suggest(f.Const.Value, known), s.in("const").path...)
	case constant && f.Values.Kind != 0:
		b.problem("a constant needs no values", "remove them", s.in("values").path...)
	case !constant && f.Values.Kind == 0 && m.Field.Kind == model.Enum && !b.reported(s):
		b.problem("has no values", "write {from: path, values: {source word: word of the model}}", s.path...)
	}
}

// partForm is a path, several, or a constant.
type partForm struct {
	From  paths     `yaml:"from"`
	Const yaml.Node `yaml:"const"`
}

// parts reads a value with members: each a path or a constant. alone names the member that a bare path stands for.
func (b *entityBuilder) parts(m *FieldMap, n *yaml.Node, s scope, alone string) {
	m.Parts = map[string]*Part{}
	m.Members = b.model.Kind(m.valueKind()).Fields
	if n.Kind == yaml.ScalarNode && alone != "" {
		b.part(m, alone, n, s)
		return
	}
	var known []string
	for _, f := range m.Members {
		if f.Name != "unit_code" { // follows from the unit
			known = append(known, f.Name)
		}
	}
	b.Members(n, s.String(), func(key, value *yaml.Node) {
		if !slices.Contains(known, key.Value) {
			b.Report(key, s.in(key.Value).String(), "unknown key", suggest(key.Value, known))
			return
		}
		b.part(m, key.Value, value, s.in(key.Value))
	})
	if alone != "" && m.Parts[alone] == nil && !b.reported(s) {
		b.problem("has no "+alone, "write "+alone+": path", s.path...)
	}
	if len(m.Parts) == 0 && !b.reported(s) {
		b.problem("maps nothing", "map at least one of its members", s.path...)
	}
}

func (b *entityBuilder) part(m *FieldMap, name string, n *yaml.Node, s scope) {
	f := partForm{}
	if n.Kind == yaml.SequenceNode {
		b.Value(n, reflect.ValueOf(&f.From).Elem(), s.String())
	} else {
		b.form(n, &f, &f.From, s)
	}
	if (len(f.From) > 0) == (f.Const.Kind != 0) && !b.reported(s) {
		b.problem("a member is a path or a constant", "write a path or {const: ...}", s.path...)
	}
	if len(f.From) > 1 && name != "lines" {
		b.problem("a "+name+" comes from one path", "only the lines of an address have several", s.path...)
	}
	for _, p := range f.From {
		b.source(p, false, s)
	}
	m.Parts[name] = &Part{From: f.From, Const: b.constant(&f.Const, partKind(m.Members, name), s)}
}

func partKind(members []*model.Field, name string) model.Kind {
	for _, f := range members {
		if f.Name == name {
			return f.Kind
		}
	}
	return model.String
}

// valueKind is the kind of the field, or of its elements.
func (m *FieldMap) valueKind() model.Kind {
	if m.Field.Items != nil {
		return m.Field.Items.Kind
	}
	return m.Field.Kind
}

func (b *entityBuilder) list(m *FieldMap, n *yaml.Node, s scope) {
	kind := m.valueKind()
	if kind != model.Object && b.model.Kind(kind).Fields == nil {
		f := pathForm{}
		b.form(n, &f, &f.From, s)
		if len(f.From) > 0 {
			b.source(f.From, true, s)
			m.From = []Path{f.From}
		}
		return
	}
	f := listForm{}
	b.Value(n, reflect.ValueOf(&f).Elem(), s.String())
	m.From, m.ID, m.As = b.single(s, f.From), f.ID, f.As
	inner := scope{append(slices.Clone(s.path), "fields"), s.depth + 1}
	for _, p := range m.ID {
		b.source(p, false, scope{s.in("id").path, s.depth + 1})
	}
	b.identified(m, s)
	switch {
	case f.Fields.Kind == 0:
	case kind == model.Object:
		m.Fields = b.fields(m.Field.Items.Fields, &f.Fields, inner)
	default:
		b.parts(m, &f.Fields, inner, "")
	}
}

// identified checks that elements have a key of their own exactly where the model gives them an id.
func (b *entityBuilder) identified(m *FieldMap, s scope) {
	switch {
	case m.Field.Identified && len(m.ID) == 0 && !b.reported(s.in("id")):
		b.problem("elements have an id, and nothing says from what", "add id: the member that tells one element from another", s.path...)
	case !m.Field.Identified && len(m.ID) > 0:
		b.problem("the model gives these elements no id", "remove it", s.in("id").path...)
	}
}

// constant gives the JSON of a constant, "" when there is none.
func (b *entityBuilder) constant(n *yaml.Node, kind model.Kind, s scope) string {
	if n.Kind == 0 {
		return ""
	}
	at := s.in("const").path
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		b.problem("a constant is one value", "leave the field out where there is none", at...)
		return ""
	}
	if kind == model.Boolean && n.Tag != "!!bool" {
		b.problem("wants true or false, this is "+describe(n), "", at...)
	}
	if n.Tag == "!!bool" && kind == model.Boolean || (n.Tag == "!!int" || n.Tag == "!!float") && rawjson.Valid([]byte(n.Value)) == nil {
		return n.Value
	}
	text, err := rawjson.Quote(nil, n.Value)
	if err != nil {
		b.problem("is not text", "write UTF-8", at...)
	}
	return string(text)
}
