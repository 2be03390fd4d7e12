package lang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

var (
	cannotFetch = regexp.MustCompile(`^cannot fetch (.+) from (\S+|interface \{\})$`)
	noIndex     = regexp.MustCompile(`^invalid operation: int\((.+)\)$`)
	conversion  = regexp.MustCompile(`interface conversion: interface \{\} is (.+), not (.+)$`)
	goTypes     = regexp.MustCompile(`<nil>|\[\]interface \{\}|map\[string\]interface \{\}|\[\]any|map\[string\]any|\bnil\b|\bfloat64\b|\bint64\b|\bint\b|\bstring\b|\bbool\b|time\.Time|time\.Duration`)
)

// explain says in words what went wrong in a calculation.
func (e *Expr) explain(err error) string {
	var at *file.Error
	if !errors.As(err, &at) {
		return inWords(err.Error())
	}
	if m := cannotFetch.FindStringSubmatch(at.Message); m != nil {
		return e.noMember(at.From, m[1], m[2])
	}
	if name := e.memberAt(at.From); name != "" && noIndex.MatchString(at.Message) {
		return e.noMember(at.From, name, "list or text")
	}
	if m := conversion.FindStringSubmatch(at.Message); m != nil {
		return "wants " + inWords(m[2]) + ", this is " + inWords(m[1])
	}
	return inWords(at.Message)
}

// noMember names what has no members, as it stands in the expression.
func (e *Expr) noMember(at int, name, of string) string {
	owner := "the value before it"
	walk(e.node, func(n ast.Node) {
		if m, ok := n.(*ast.MemberNode); ok && (m.Location().From == at || owner == "the value before it") && memberName(m) == name {
			owner = m.Node.String()
		}
	})
	if of == "<nil>" || of == "nil" {
		return fmt.Sprintf("%s is missing or null, so it has no %s; write ?. before %s where that may be so", owner, name, name)
	}
	return fmt.Sprintf("%s is a %s, it has no %s", owner, inWords(of), name)
}

// memberAt gives the name of the member that is taken at a place of the expression.
func (e *Expr) memberAt(at int) string {
	name := ""
	walk(e.node, func(n ast.Node) {
		if m, ok := n.(*ast.MemberNode); ok && m.Location().From == at {
			name = memberName(m)
		}
	})
	return name
}

// memberName gives the name that a member is taken by, empty when it is calculated.
func memberName(m *ast.MemberNode) string {
	switch p := m.Property.(type) {
	case *ast.StringNode:
		return p.Value
	case *ast.IntegerNode:
		return fmt.Sprint(p.Value)
	}
	return ""
}

// inWords says the types of Go as people do.
func inWords(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	return goTypes.ReplaceAllStringFunc(message, func(name string) string {
		switch name {
		case "<nil>", "nil":
			return "null"
		case "[]interface {}", "[]any":
			return "list"
		case "map[string]interface {}", "map[string]any":
			return "object"
		case "float64":
			return "number"
		case "int64", "int":
			return "whole number"
		case "string":
			return "text"
		case "bool":
			return "true or false"
		case "time.Time":
			return "time"
		}
		return "time span"
	})
}

// Describe says in words what a value is.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case string:
		return "a text"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return inWords(fmt.Sprintf("%T", v))
}

type visitor func(n ast.Node)

func (v visitor) Visit(n *ast.Node) { v(*n) }

// walk visits every node, inner ones first.
func walk(n ast.Node, visit func(n ast.Node)) { ast.Walk(&n, visitor(visit)) }
