package manifest

import (
	"slices"

	"github.com/busbar-dev/busbar/model"
)

// matrix computes what can be done with an entity, for a system or one connection to it.
type matrix struct {
	*Entity
	own      Rules // the connection's
	mayWrite bool
	rights   Rights
}

func (m *matrix) capability() EntityCapability {
	return EntityCapability{
		Entity:            m.Name,
		Read:              m.read(),
		Create:            m.operation(Create),
		Update:            m.operation(Update),
		Delete:            m.operation(Delete),
		Moves:             m.moves(),
		Incremental:       m.Cursor != nil,
		Deletions:         m.Deletions,
		History:           m.History,
		Fields:            m.fields("", m.Model.Fields, m.Fields),
		UnsupportedFields: m.UnsupportedFields(),
		Rules:             m.rules(),
	}
}

func (m *matrix) read() Capability {
	c := Capability{Supported: true, Evidence: m.Evidence["read"]}
	if m.rights.denies(m.Name, Read) {
		c.Supported, c.ForbiddenBy = false, LoginRule
	}
	return c
}

// forbiddenBy names the rule that takes an operation away which the system offers; empty: none does.
func (m *matrix) forbiddenBy(op Op) string {
	switch {
	case m.rights.denies(m.Name, op):
		return LoginRule
	case slices.Contains(m.own.Forbidden, op):
		return ConnectionForbidsRule(m.Name, op)
	case !m.mayWrite:
		return ScopeRule
	}
	return ""
}

func (m *matrix) can(op Op) bool {
	_, ok := m.Operations[op]
	return ok && m.forbiddenBy(op) == ""
}

func (m *matrix) operation(name Op) Capability {
	op, ok := m.Operations[name]
	if !ok {
		return Capability{}
	}
	c := Capability{Supported: m.can(name), ForbiddenBy: m.forbiddenBy(name), How: op.How, Evidence: m.Evidence[string(name)], Fresh: op.Fresh, Class: op.Classes()}
	if name == Create {
		c.Required = m.wire(m.required())
	}
	c.When = m.when(name, op)
	for _, field := range sorted(op.Except) {
		c.Except = append(c.Except, FieldCondition{m.WireName(field), condition(ExceptRule(m.Name, field), op.Except[field])})
	}
	if op.Bulk != nil {
		c.Bulk = &BulkCapability{op.Bulk.Max, op.Bulk.Atomic}
	}
	return c
}

// when gives the condition of an operation; nil: it may always be done. What is cancelled by a move is where such a move begins.
func (m *matrix) when(name Op, op Operation) *Condition {
	rule, when := WhenRule(m.Name, name), op.When
	if op.How == HowCancel && m.Moves != nil && when.Status == nil {
		rule, when = MovesRule(m.Name), When{Status: m.Moves.begins(cancelled)}
	}
	if c := condition(rule, when); !c.Always {
		return &c
	}
	return nil
}

func condition(rule string, w When) Condition {
	return Condition{Rule: rule, Always: !w.Never && w.Status == nil, Never: w.Never, Status: w.Status}
}

// Classes lists how an unknown outcome of the operation is found out, the best way first.
func (o Operation) Classes() []Class {
	if len(o.Ladder) == 0 {
		return []Class{W5}
	}
	var out []Class
	for _, r := range o.Ladder {
		out = append(out, r.Class)
	}
	return out
}

// required lists what must be given to create, by the system's rules and then by the connection's own.
func (m *matrix) required() []string {
	out := slices.Clone(m.Operations[Create].Required)
	for _, name := range m.own.Required {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// wire gives the names under which the API shows fields.
func (e *Entity) wire(names []string) []string {
	var out []string
	for _, name := range names {
		out = append(out, e.WireName(name))
	}
	return out
}

func (m *matrix) moves() []MoveCapability {
	if m.Moves == nil || !m.can(Create) && !m.can(Update) && !m.can(Delete) {
		return nil
	}
	var out []MoveCapability
	for _, row := range m.Moves.Rows {
		out = append(out, MoveCapability{row.From, row.To})
	}
	return out
}

func (m *matrix) fields(prefix string, fields []*model.Field, maps []*FieldMap) []FieldCapability {
	var out []FieldCapability
	for _, f := range fields {
		name := prefix + f.Name
		own := mapOf(maps, f)
		c := FieldCapability{Name: m.WireName(name), Kind: string(f.Kind), RefersTo: f.To, Supported: own != nil}
		if own != nil {
			c.WritableOn, c.ReadOnlyBy, c.Values, c.Allowed = m.writableOn(name), m.readOnlyBy(name), own.words(), m.allowed(name)
			c.Writable = len(c.WritableOn) > 0
		}
		out = append(out, c)
		if inner := nested(f); own != nil && inner != nil {
			out = append(out, m.fields(name+".", inner, own.Fields)...)
		}
	}
	return out
}

// writableOn lists the operations in which a field can be given.
func (m *matrix) writableOn(name string) []Op {
	var out []Op
	for _, op := range []Op{Create, Update} {
		if m.can(op) && m.Gives(op, name) && m.readOnlyBy(name) == "" {
			out = append(out, op)
		}
	}
	return out
}

// Gives tells whether a field can be given in an operation that the system offers, in some state of the record at least. A status with moves is
// changed by them, whether or not it can be written itself.
func (e *Entity) Gives(op Op, name string) bool {
	o, ok := e.Operations[op]
	switch {
	case !ok:
		return false
	case e.moved(name):
		return true
	case !e.Takes(name):
		return false
	}
	when, _ := o.WhenOf(name)
	return op != Update || !when.Never
}

// moved tells whether a field is the status, and changed by moves.
func (e *Entity) moved(name string) bool { return name == statusField && e.Moves != nil }

// WhenOf gives the condition on which a field may be changed: its own or that of what holds it, which it names; else the operation's, and "".
func (o Operation) WhenOf(name string) (when When, field string) {
	for outer, ok := name, true; ok; outer, _, ok = cutLast(outer) {
		if when, own := o.Except[outer]; own {
			return when, outer
		}
	}
	return o.When, ""
}

func (m *matrix) readOnlyBy(name string) string {
	switch {
	case m.IsReadOnly(name) && !m.moved(name):
		return ReadOnlyRule(m.Name)
	case m.own.IsReadOnly(name):
		return ConnectionReadOnlyRule(m.Name)
	}
	return ""
}

func (m *matrix) allowed(name string) []Allowed {
	var out []Allowed
	if p, ok := m.Picklists[name]; ok {
		a := Allowed{Rule: PicklistRule(m.Name, name), Values: p.Values, Entity: p.Entity}
		if p.Entity != "" {
			a.Field = p.Field
		}
		out = append(out, a)
	}
	if values, ok := m.own.Values[name]; ok {
		out = append(out, Allowed{Rule: ConnectionValuesRule(m.Name, name), Values: values})
	}
	return out
}
