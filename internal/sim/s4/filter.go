package s4

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// condition is a compiled filter.
type condition func(values map[string]any) bool

// parser reads a filter from left to right. It is as strict as the system: a literal is of the member's type, and every name is known.
type parser struct {
	version string
	table   *table
	text    string
	wrong   *refusal
}

func parseFilter(version string, t *table, text string) (condition, *refusal) {
	p := &parser{version: version, table: t, text: text}
	c := p.or()
	if p.skip(); p.wrong == nil && p.text != "" {
		p.fail("Invalid filter expression near %q", p.text)
	}
	return c, p.wrong
}

func (p *parser) fail(message string, args ...any) {
	if p.wrong == nil {
		p.wrong = bad(message, args...)
	}
}

func (p *parser) skip() { p.text = strings.TrimLeft(p.text, " ") }

// word takes a word when it is next.
func (p *parser) word(w string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.text, w)
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '(' && w != "(" && w != ")" && w != "," {
		return false
	}
	p.text = rest
	return true
}

func (p *parser) or() condition {
	left := p.and()
	for p.wrong == nil && p.word("or") {
		a, b := left, p.and()
		left = func(v map[string]any) bool { return a(v) || b(v) }
	}
	return left
}

func (p *parser) and() condition {
	left := p.term()
	for p.wrong == nil && p.word("and") {
		a, b := left, p.term()
		left = func(v map[string]any) bool { return a(v) && b(v) }
	}
	return left
}

func (p *parser) term() condition {
	if p.word("not") {
		inner := p.term()
		return func(v map[string]any) bool { return !inner(v) }
	}
	if p.word("(") {
		inner := p.or()
		if !p.word(")") {
			p.fail("A closing parenthesis is missing in the filter")
		}
		return inner
	}
	if c := p.function(); c != nil {
		return c
	}
	m := p.memberHere()
	if m == nil {
		return never
	}
	return p.comparison(m)
}

func never(map[string]any) bool { return false }

func (p *parser) memberHere() *member {
	p.skip()
	name := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*`).FindString(p.text)
	p.text = p.text[len(name):]
	m := p.table.member(name)
	switch {
	case m == nil:
		p.fail("Property %q does not exist in type %q", name, p.table.name)
	case m.unfiltered:
		p.fail("Property %q is not filterable", name)
		return nil
	}
	return m
}

func (p *parser) comparison(m *member) condition {
	for _, op := range []string{"eq", "ne", "gt", "ge", "lt", "le"} {
		if p.word(op) {
			value := p.literal(m)
			return func(v map[string]any) bool { return holds(op, v[m.name], value, m) }
		}
	}
	p.fail("An operator is missing behind %q", m.name)
	return never
}

// holds compares. Null is greater or less than nothing.
func holds(op string, a, b any, m *member) bool {
	if m.kind == edmString {
		if a == nil {
			a = ""
		}
		if b == nil {
			b = ""
		}
	}
	n := compare(a, b)
	switch op {
	case "eq":
		return n == 0
	case "ne":
		return n != 0
	}
	if a == nil || b == nil {
		return false
	}
	return op == "gt" && n > 0 || op == "ge" && n >= 0 || op == "lt" && n < 0 || op == "le" && n <= 0
}

// function reads the few functions of texts that the services know.
func (p *parser) function() condition {
	for name, order := range map[string]bool{"substringof": p.version == v2, "contains": p.version == v4, "startswith": true, "endswith": true} {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(p.text, " "), name+"("); ok && order {
			p.text = rest
			return p.textFunction(name)
		}
	}
	return nil
}

func (p *parser) textFunction(name string) condition {
	var m *member
	var value any
	if name == "substringof" {
		value = p.literal(&member{name: name, kind: edmString})
	} else {
		m = p.memberHere()
	}
	if !p.word(",") {
		p.fail("A comma is missing in %s", name)
	}
	if name == "substringof" {
		m = p.memberHere()
	} else {
		value = p.literal(&member{name: name, kind: edmString})
	}
	if !p.word(")") || m == nil || m.kind != edmString {
		p.fail("%s takes a text and a member that is one", name)
		return never
	}
	test := map[string]func(string, string) bool{"substringof": strings.Contains, "contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix}[name]
	return func(v map[string]any) bool { return test(plainText(v[m.name]), plainText(value)) }
}

// literal reads a value of the member's type, in the notation of the version and no other.
func (p *parser) literal(m *member) any {
	p.skip()
	if p.word("null") {
		return nil
	}
	token := regexp.MustCompile(`^([A-Za-z]*'([^']|'')*'|[^\s(),]+)`).FindString(p.text)
	p.text = p.text[len(token):]
	value, ok := readLiteral(p.version, m, token)
	if !ok {
		p.fail("Invalid literal %s: property %q is of type Edm.%s", token, m.name, m.typeName(p.version))
	}
	return value
}

func readLiteral(version string, m *member, token string) (any, bool) {
	prefix, quoted, isQuoted := strings.Cut(token, "'")
	inner := strings.ReplaceAll(strings.TrimSuffix(quoted, "'"), "''", "'")
	isQuoted = isQuoted && strings.HasSuffix(quoted, "'")
	want := map[byte]string{edmDay: "datetime", edmInstant: "datetimeoffset", edmTime: "time"}[m.kind]
	switch {
	case m.kind == edmString:
		return inner, isQuoted && prefix == "" && (m.length == 0 || len([]rune(inner)) <= m.length)
	case m.kind == edmBool:
		return token == "true", token == "true" || token == "false"
	case m.kind == edmInt:
		n, err := strconv.ParseInt(token, 10, 32)
		return n, err == nil
	case m.kind == edmDecimal:
		number, suffixed := strings.CutSuffix(token, "M")
		v, err := m.number(number)
		return v, err == nil && (suffixed || version == v4)
	case version == v4:
		return m.time(v4, token)
	case !isQuoted || prefix != want:
		return nil, false
	case m.kind == edmTime:
		return clockOf(inner)
	case m.kind == edmDay:
		t, err := time.Parse("2006-01-02T15:04:05", inner)
		return t, err == nil
	}
	t, err := time.Parse(time.RFC3339Nano, inner)
	return t.UTC(), err == nil
}
