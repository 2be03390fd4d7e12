package manifest

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/model"
)

// scope is where fields stand: their place in the manifest, and how many lists hold them.
type scope struct {
	path  []string
	depth int
}

func (s scope) in(key string) scope { return scope{append(slices.Clone(s.path), key), s.depth} }

func (s scope) String() string { return strings.Join(s.path, ".") }

// plainForm is a value that is taken from the record, constant, or calculated.
type plainForm struct {
	From    paths     `yaml:"from"`
	Const   yaml.Node `yaml:"const"`
	Expr    string    `yaml:"expr"`
	Inverse string    `yaml:"inverse"`
}

// typedForm says in addition how the system wants the value written.
type typedForm struct {
	plainForm `yaml:",inline"`
	As        string `yaml:"as" words:"number,text"`
}

type spanForm struct {
	plainForm `yaml:",inline"`
	Unit      string `yaml:"unit" words:"d,h,min,s"`
}

type wordForm struct {
	typedForm `yaml:",inline"`
	Values    yaml.Node `yaml:"values"`
}

type pathForm struct {
	From Path `yaml:"from" manifest:"required"`
}

type listForm struct {
	From   Path      `yaml:"from" manifest:"required"`
	ID     paths     `yaml:"id"`
	As     string    `yaml:"as" words:"number,text"`
	Fields yaml.Node `yaml:"fields" manifest:"required"`
}

// fields reads the mapping of a list of model fields, and gives it in the model's order.
func (b *entityBuilder) fields(fields []*model.Field, n *yaml.Node, s scope) []*FieldMap {
	nodes, names := map[string][2]*yaml.Node{}, []string{}
	for _, f := range fields {
		names = append(names, f.Name)
	}
	b.Members(n, s.String(), func(key, value *yaml.Node) {
		if !slices.Contains(names, key.Value) {
			b.Report(key, s.in(key.Value).String(), "the model has no such field", suggest(key.Value, names))
		}
		nodes[key.Value] = [2]*yaml.Node{key, value}
	})
	var out []*FieldMap
	for _, f := range fields {
		if n, ok := nodes[f.Name]; ok {
			m := &FieldMap{Field: f, Pos: Pos{File: b.File, Line: n[0].Line, Column: n[0].Column}}
			b.field(m, n[1], s.in(f.Name))
			out = append(out, m)
		}
	}
	return out
}

// field reads the mapping of one field, in the form that its kind has.
func (b *entityBuilder) field(m *FieldMap, n *yaml.Node, s scope) {
	switch m.Field.Kind {
	case model.Money:
		b.parts(m, n, s, "amount")
	case model.Quantity:
		b.parts(m, n, s, "value")
	case model.Address, model.Contact, model.Link:
		b.parts(m, n, s, "")
	case model.Object:
		m.Fields = b.fields(m.Field.Fields, n, s)
	case model.List:
		b.list(m, n, s)
	case model.Map:
		f := pathForm{}
		b.form(n, &f, &f.From, s)
		m.From = b.single(s, f.From)
	case model.Enum:
		b.word(m, n, s)
	case model.Duration:
		f := spanForm{}
		b.form(n, &f, &f.From, s)
		m.Unit = f.Unit
		b.plain(m, f.plainForm, s)
	case model.Decimal, model.Integer, model.Ref, model.Refs:
		f := typedForm{}
		b.form(n, &f, &f.From, s)
		m.As = f.As
		b.plain(m, f.plainForm, s)
	default:
		b.scalarField(m, n, s)
	}
}

func (b *entityBuilder) scalarField(m *FieldMap, n *yaml.Node, s scope) {
	if len(m.Field.Values) > 0 {
		b.word(m, n, s)
		return
	}
	f := plainForm{}
	b.form(n, &f, &f.From, s)
	b.plain(m, f, s)
}

// form reads a form from its keys, or from a path alone.
func (b *entityBuilder) form(n *yaml.Node, form any, from any, s scope) {
	if n.Kind == yaml.ScalarNode {
		b.Value(n, reflect.ValueOf(from).Elem(), s.String())
		return
	}
	b.Value(n, reflect.ValueOf(form).Elem(), s.String())
}

// plain takes over where a value comes from, which must be said in exactly one way.
func (b *entityBuilder) plain(m *FieldMap, f plainForm, s scope) {
	ways := 0
	for _, given := range []bool{len(f.From) > 0, f.Const.Kind != 0, f.Expr != ""} {
		if given {
			ways++
		}
	}
	if ways != 1 && !b.reported(s) {
		b.problem("a value comes from one of from, const and expr", "write a path, {from: ...}, {const: ...} or {expr: ...}", s.path...)
	}
	m.From, m.Const, m.Expr, m.Inverse = f.From, b.constant(&f.Const, m.Field.Kind, s), f.Expr, f.Inverse
	b.expressions(m, s)
	if many := m.Field.Kind == model.Ref; len(m.From) > 1 && !many {
		b.problem("a "+string(m.Field.Kind)+" comes from one path", "only a composite reference has several", s.in("from").path...)
	}
	for _, p := range m.From {
		b.source(p, m.Field.Kind == model.Refs, s)
	}
}

// source checks a path of a field.
func (b *entityBuilder) source(p Path, many bool, s scope) {
	if many && strings.Count(p.String(), Each) == 1 {
		p = slices.DeleteFunc(slices.Clone(p), func(name string) bool { return name == Each })
	}
	b.within(p, s.depth, s.path[len(b.path):]...)
}

// single wraps the one path of a form, if it was given.
func (b *entityBuilder) single(s scope, p Path) []Path {
	if len(p) == 0 {
		return nil
	}
	b.source(p, false, s)
	return []Path{p}
}

// reported tells whether a problem within this scope is known already: what follows from it would only be noise.
func (b *entityBuilder) reported(s scope) bool {
	return slices.ContainsFunc(b.Problems, func(p Problem) bool {
		return p.Path == s.String() || strings.HasPrefix(p.Path, s.String()+".")
	})
}
