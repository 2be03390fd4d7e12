package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rules says every rule for writes in words, the system's first.
func (m *matrix) rules() []RuleText {
	if len(m.Operations) == 0 {
		return nil
	}
	return append(m.systemRules(), m.connectionRules()...)
}

func (m *matrix) systemRules() []RuleText {
	var out []RuleText
	say := func(rule, format string, args ...any) {
		out = append(out, RuleText{rule, fmt.Sprintf(format, args...)})
	}
	if names := m.Operations[Create].Required; len(names) > 0 {
		say(RequiredRule(m.Name), "A new one needs %s.", m.and(names))
	}
	if op, ok := m.Operations[Update]; ok && (op.When.Never || op.When.Status != nil) {
		say(WhenRule(m.Name, Update), "It %s.", condition("", op.When).changed())
	}
	for _, name := range sorted(m.Operations[Update].Except) {
		say(ExceptRule(m.Name, name), "%s %s.", m.WireName(name), condition("", m.Operations[Update].Except[name]).changed())
	}
	if op, ok := m.Operations[Delete]; ok && op.When.Status != nil {
		say(WhenRule(m.Name, Delete), "It can be %s %s.", map[string]string{HowCancel: "cancelled", HowDelete: "deleted"}[op.How], condition("", op.When).said())
	}
	if m.Moves != nil {
		say(MovesRule(m.Name), "The status goes %s.", m.Moves.said())
	}
	if len(m.ReadOnly) > 0 {
		say(ReadOnlyRule(m.Name), "The system alone sets %s.", m.and(m.ReadOnly))
	}
	for _, name := range sorted(m.Picklists) {
		say(PicklistRule(m.Name, name), "%s is %s.", m.WireName(name), m.Picklists[name].said())
	}
	return out
}

func (m *matrix) connectionRules() []RuleText {
	var out []RuleText
	say := func(rule, format string, args ...any) {
		out = append(out, RuleText{rule, fmt.Sprintf(format, args...)})
	}
	for _, op := range m.own.Forbidden {
		say(ConnectionForbidsRule(m.Name, op), "This connection does not %s.", op)
	}
	if len(m.own.Required) > 0 {
		say(ConnectionRequiredRule(m.Name), "With this connection a new one needs %s.", m.and(m.own.Required))
	}
	if len(m.own.ReadOnly) > 0 {
		say(ConnectionReadOnlyRule(m.Name), "This connection does not write %s.", m.and(m.own.ReadOnly))
	}
	for _, name := range sorted(m.own.Values) {
		say(ConnectionValuesRule(m.Name, name), "This connection writes only %s into %s.", list(m.own.Values[name], "or"), m.WireName(name))
	}
	if !m.mayWrite {
		say(ScopeRule, "This token has not the scope write.")
	}
	return out
}

// said gives a condition on the status in words.
func (c Condition) said() string { return "while the status is " + list(c.Status, "or") }

// changed says of a field when it can be changed.
func (c Condition) changed() string {
	switch {
	case c.Never:
		return "is never changed"
	case c.Always:
		return "can always be changed"
	}
	return "can be changed " + c.said()
}

func (m *Moves) said() string {
	var ways []string
	for _, row := range m.Rows {
		ways = append(ways, "from "+list(row.From, "or")+" to "+row.To)
	}
	return strings.Join(ways, "; ")
}

func (p Picklist) said() string {
	if p.Entity != "" {
		return "the " + p.Field + " of one of the " + p.Entity
	}
	return list(p.Values, "or")
}

func (m *matrix) and(names []string) string { return list(m.wire(names), "and") }

// list writes words as a sentence does: a, b and c.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
