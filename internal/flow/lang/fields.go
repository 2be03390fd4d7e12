package lang

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/busbar-dev/busbar/internal/strictyaml"
	"github.com/busbar-dev/busbar/model"
)

// exprs gives the expressions of a step, without those of the steps in it and those over other names.
func (s *Step) exprs() []*Expr {
	all := []*Expr{s.If, s.Filter}
	values := []*Value{s.Transform}
	for _, arm := range s.Branch {
		all = append(all, arm.If)
	}
	named := func(members []Member) {
		for _, m := range members {
			values = append(values, m.Value)
		}
	}
	switch {
	case s.List != nil:
		values = append(values, s.List.ChangedAfter)
	case s.Get != nil:
		values = append(values, s.Get.ID)
	case s.Find != nil:
		named(s.Find.By)
	case s.Each != nil:
		all = append(all, s.Each.Over)
	case s.Write != nil:
		values = append(values, s.Write.ID, s.Write.Data, s.Write.IfMatch)
		named(s.Write.By)
	case s.Request != nil:
		values = append(values, s.Request.URL, s.Request.Body)
		named(s.Request.Headers)
		named(s.Request.Query)
	case s.Wait != nil:
		values = append(values, s.Wait.Until)
	case s.Notify != nil:
		values = append(values, s.Notify.Data)
		if w := s.Notify.Webhook; w != nil {
			values = append(values, w.URL, w.Secret)
		}
		if e := s.Notify.Email; e != nil {
			values = append(values, e.To, e.Subject, e.Text)
		}
	case s.Call != nil:
		values = append(values, s.Call.Input, s.Call.Parameters)
	}
	for _, v := range values {
		all = append(all, v.Exprs()...)
	}
	return all
}

// records checks the members that an expression takes of records, and the words that it compares them with. names are entities by the names that hold a record of them; without names,
// the results of steps are checked.
func (c *checker) records(e *Expr, names map[string]string) {
	if e == nil || e.node == nil || c.Model() == nil {
		return
	}
	for _, r := range e.refs() {
		if entity, members := c.recordOf(r, names); entity != nil && len(members) > 0 {
			if known, missing := c.member(c.wire(entity), members); missing != "" {
				c.problem(e.Path, e.Text+": "+entity.Name+" have no "+missing, strictyaml.Suggest(missing, known))
			}
		}
	}
	walk(e.node, func(n ast.Node) {
		if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "==" || b.Operator == "!=") {
			c.compared(e, b.Left, b.Right, names)
			c.compared(e, b.Right, b.Left, names)
		}
	})
}

// recordOf gives the entity that a name holds a record of, and the members that are taken of it.
func (c *checker) recordOf(r ref, names map[string]string) (*model.Entity, []string) {
	if names != nil {
		return c.Model().Entity(names[r.name]), r.members
	}
	if r.name != "steps" || len(r.members) == 0 {
		return nil, nil
	}
	s := c.flow.Step(r.members[0])
	if s == nil || s.OnError == Continue || s.Get == nil && s.Find == nil {
		return nil, nil
	}
	_, entity := s.reaches()
	return c.Model().Entity(entity), r.members[1:]
}

// compared checks a text that a field with closed words is compared with.
func (c *checker) compared(e *Expr, field, text ast.Node, names map[string]string) {
	word, ok := text.(*ast.StringNode)
	if chained, is := field.(*ast.ChainNode); is {
		field = chained.Node
	}
	name, members := chain(field)
	if !ok || name == "" {
		return
	}
	entity, members := c.recordOf(ref{name, members}, names)
	if entity == nil || len(members) != 1 {
		return
	}
	f := entity.Field(members[0])
	if f == nil || len(f.Values) == 0 {
		return
	}
	if words := wordsOf(f); !slices.Contains(words, word.Value) {
		c.problem(e.Path, e.Text+": "+f.Name+" of "+entity.Name+" is never "+strconv.Quote(word.Value), strictyaml.Suggest(word.Value, words))
	}
}

func wordsOf(f *model.Field) []string {
	words := make([]string, len(f.Values))
	for i, v := range f.Values {
		words[i] = v.Name
	}
	return words
}

// wire gives the fields of an entity's records by their names in JSON.
func (c *checker) wire(e *model.Entity) map[string]*model.Field {
	return byName(slices.Concat(c.Model().Record, e.Fields))
}

func byName(fields []*model.Field) map[string]*model.Field {
	all := map[string]*model.Field{}
	for _, f := range fields {
		for _, name := range f.WireNames() {
			all[name] = f
		}
	}
	return all
}

// inside gives the members of a field's value; nil: they are not known.
func (c *checker) inside(f *model.Field) map[string]*model.Field {
	if f.Kind == model.Object {
		return byName(f.Fields)
	}
	if k := c.Model().Kind(f.Kind); k != nil && len(k.Fields) > 0 {
		return byName(k.Fields)
	}
	return nil
}

// member follows a path of members; missing is the first that is not there, and known are those beside it.
func (c *checker) member(fields map[string]*model.Field, path []string) (known []string, missing string) {
	for _, name := range path {
		if fields == nil || isNumber(name) {
			return nil, ""
		}
		f := fields[name]
		if f == nil {
			for name := range fields {
				known = append(known, name)
			}
			slices.Sort(known)
			return known, name
		}
		fields = c.inside(f)
	}
	return nil, ""
}

func isNumber(text string) bool { _, err := strconv.Atoi(text); return err == nil }

// paths checks the members by which a record is found.
func (c *checker) paths(members []Member, entity, at string) {
	m := c.Model()
	if m == nil || m.Entity(entity) == nil {
		return
	}
	for _, by := range members {
		if known, missing := c.member(c.wire(m.Entity(entity)), strings.Split(by.Name, ".")); missing != "" {
			c.problem(at+"."+by.Name, entity+" have no "+missing, strictyaml.Suggest(missing, known))
		}
	}
}

// data checks what is to be written: the names of members, and the kinds of values without expressions.
func (c *checker) data(v *Value, entity string) {
	m := c.Model()
	if v == nil || m == nil || m.Entity(entity) == nil {
		return
	}
	writable := m.Entity(entity).Fields
	for _, f := range m.Record {
		if f.Name == "custom_fields" {
			writable = append(slices.Clone(writable), f)
		}
	}
	c.members(v, writable, entity)
}

func (c *checker) members(v *Value, fields []*model.Field, of string) {
	known := byName(fields)
	for _, f := range fields {
		if f.Kind == model.Ref { // which may be given by its name as well
			known[f.Name] = f
		}
	}
	for _, m := range v.members {
		f := known[m.Name]
		if f == nil {
			var names []string
			for name := range byName(fields) {
				names = append(names, name)
			}
			slices.Sort(names)
			c.problem(m.Value.Path, of+" have no "+m.Name, strictyaml.Suggest(m.Name, names))
			continue
		}
		c.value(m.Value, m.Name, f)
	}
}

func (c *checker) value(v *Value, name string, f *model.Field) {
	switch {
	case v.whole != nil || v.parts != nil:
	case f.Kind == model.Object && v.members != nil:
		c.members(v, f.Fields, name)
	case f.Kind == model.List && v.list != nil:
		for _, e := range v.list {
			if e.members != nil && f.Items.Kind == model.Object {
				c.members(e, slices.Concat(f.Items.Fields, []*model.Field{{Name: "id"}, {Name: "remote_id"}, {Name: "_delete"}}), name)
			}
		}
	case v.members != nil || v.list != nil:
		if slices.Contains([]model.Kind{model.String, model.Text, model.Boolean, model.Integer, model.Decimal, model.Instant, model.Date, model.Enum, model.Duration}, f.Kind) {
			c.problem(v.Path, name+" is one value ("+string(f.Kind)+")", "write it without members")
		}
	case v.literal != nil && strings.HasSuffix(name, "_source"):
	case v.literal != nil:
		c.literal(v, name, f)
	}
}

func (c *checker) literal(v *Value, name string, f *model.Field) {
	text, isText := v.literal.(string)
	_, isWhole := v.literal.(int64)
	_, isBool := v.literal.(bool)
	_, notDecimal := decimalsOf([]any{v.literal})
	fits, wants := true, ""
	switch f.Kind {
	case model.String, model.Text, model.Duration:
		fits, wants = isText, "a text; write it in quotes"
	case model.Boolean:
		fits, wants = isBool, "true or false"
	case model.Integer:
		fits, wants = isWhole, "a whole number"
	case model.Decimal:
		fits, wants = notDecimal == nil, `a decimal number such as "12.50"`
	case model.Date:
		_, err := time.Parse(time.DateOnly, text)
		fits, wants = err == nil, "a day such as 2026-11-02"
	case model.Instant:
		_, err := time.Parse(time.RFC3339, text)
		fits, wants = err == nil, "a moment such as 2026-11-02T08:15:00Z"
	case model.Enum:
		if words := wordsOf(f); !slices.Contains(words, text) {
			c.problem(v.Path, name+" is never "+shown(v.literal), strictyaml.Suggest(text, words))
		}
	case model.Object, model.Address, model.Contact, model.Link, model.Map:
		fits, wants = false, "keys and values"
	case model.List, model.Refs:
		fits, wants = false, "a list"
	}
	if !fits {
		c.problem(v.Path, name+" wants "+wants+", this is "+shown(v.literal), "")
	}
}

func shown(v any) string {
	if text, ok := v.(string); ok {
		return strconv.Quote(text)
	}
	return Describe(v)
}
