package lang

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Value is a value of the document with expressions in it, compiled.
type Value struct {
	Path string
	Line int

	literal any      // what has no expression in it
	whole   *Expr    // a text that is one expression
	parts   []any    // a text with expressions in it: string or *Expr
	list    []*Value // nil: no list
	members []Member // nil: no object
}

// Eval calculates every expression of the value; the error is an *EvalError. A nil Value gives nil.
func (v *Value) Eval(env Env) (any, error) {
	switch {
	case v == nil:
		return nil, nil
	case v.whole != nil:
		return v.whole.Eval(env)
	case v.parts != nil:
		return v.text(env)
	case v.list != nil:
		l := make([]any, len(v.list))
		for i, e := range v.list {
			var err error
			if l[i], err = e.Eval(env); err != nil {
				return nil, err
			}
		}
		return l, nil
	case v.members != nil:
		m := make(map[string]any, len(v.members))
		for _, e := range v.members {
			var err error
			if m[e.Name], err = e.Value.Eval(env); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return v.literal, nil
}

func (v *Value) text(env Env) (any, error) {
	var b strings.Builder
	for _, part := range v.parts {
		e, ok := part.(*Expr)
		if !ok {
			b.WriteString(part.(string))
			continue
		}
		value, err := e.Eval(env)
		if err != nil {
			return nil, err
		}
		text, err := written(value)
		if err != nil {
			return nil, e.fails(err.Error())
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// Exprs gives every expression of the value.
func (v *Value) Exprs() []*Expr {
	if v == nil {
		return nil
	}
	var all []*Expr
	if v.whole != nil {
		all = append(all, v.whole)
	}
	for _, part := range v.parts {
		if e, ok := part.(*Expr); ok {
			all = append(all, e)
		}
	}
	for _, e := range v.list {
		all = append(all, e.Exprs()...)
	}
	for _, e := range v.members {
		all = append(all, e.Value.Exprs()...)
	}
	return all
}

// DecodeYAML compiles what stands in the document.
func (v *Value) DecodeYAML(d *strictyaml.Decoder, n *yaml.Node, path string) {
	v.Path, v.Line = path, n.Line
	switch {
	case strings.Count(path, ".") > maxDepth:
		d.Report(n, path, "nested too deep", "")
	case n.Kind == yaml.SequenceNode:
		v.list = make([]*Value, len(n.Content))
		for i, e := range n.Content {
			v.list[i] = inner(d, e, strictyaml.Join(path, strconv.Itoa(i)))
		}
	case n.Kind == yaml.MappingNode:
		v.members = []Member{}
		d.Members(n, path, func(key, e *yaml.Node) {
			v.members = append(v.members, Member{key.Value, inner(d, e, strictyaml.Join(path, key.Value))})
		})
	case n.Tag == "!!str":
		v.template(d, n, path)
	default:
		v.scalar(d, n, path)
	}
}

// inner reads a value within another.
func inner(d *strictyaml.Decoder, n *yaml.Node, path string) *Value {
	v := &Value{Path: path, Line: n.Line}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.Report(n, path, "anchors and aliases are not part of the language", "write the value out")
		return v
	}
	v.DecodeYAML(d, n, path)
	return v
}

func (v *Value) scalar(d *strictyaml.Decoder, n *yaml.Node, path string) {
	var err error
	switch n.Tag {
	case "!!null":
	case "!!bool":
		v.literal, err = strconv.ParseBool(strings.ToLower(n.Value))
	case "!!int", "!!float":
		if v.literal, err = Decode([]byte(n.Value)); err != nil {
			err = errors.New(strconv.Quote(n.Value) + " is no number of JSON; write it in quotes if it is a text")
		}
	default:
		v.literal = n.Value
	}
	if err != nil {
		d.Report(n, path, err.Error(), "")
	}
}

func (v *Value) template(d *strictyaml.Decoder, n *yaml.Node, path string) {
	parts, err := split(n.Value)
	if err != nil {
		d.Report(n, path, err.Error(), "write ${expression}, or $${ for the text ${")
		return
	}
	for i, part := range parts {
		if !part.expression {
			v.parts = append(v.parts, part.text)
			continue
		}
		e, err := compile(strings.TrimSpace(part.text), path, n.Line)
		if err != nil {
			d.Report(n, path, part.text+": "+err.Error(), seeExpressions)
			continue
		}
		v.parts = append(v.parts, e)
		if i == 0 && len(parts) == 1 {
			v.whole, v.parts = e, nil
		}
	}
	if !slices.ContainsFunc(parts, func(p piece) bool { return p.expression }) {
		v.literal, v.parts = joined(parts), nil
	}
}

const seeExpressions = "see docs/flows/language.md for what an expression may say"

func joined(parts []piece) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// piece is a part of a text: one that stands as it is, or an expression.
type piece struct {
	text       string
	expression bool
}

// split takes a text apart at its ${…}.
func split(text string) ([]piece, error) {
	var pieces []piece
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			pieces = append(pieces, piece{plain.String(), false})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "$${"):
			plain.WriteString("${")
			i += 3
		case strings.HasPrefix(rest, "${"):
			n := end(rest[2:])
			if n < 0 {
				return nil, errors.New("${ without its } (an unquoted # behind a space begins a comment: put the value in quotes, as in '${...}')")
			}
			flush()
			pieces = append(pieces, piece{rest[2 : 2+n], true})
			i += n + 3
		default:
			plain.WriteByte(text[i])
			i++
		}
	}
	flush()
	return pieces, nil
}

// end finds the } that ends an expression: not one within a text or a comment of it, or of an object.
func end(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'', '`':
			n := closing(text[i+1:], c)
			if n < 0 {
				return -1
			}
			i += n + 1
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '/':
			i += comment(text[i:])
		}
	}
	return -1
}

// closing finds the quote that ends a text.
func closing(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return i
		}
	}
	return -1
}

// comment gives how many bytes behind a slash belong to a comment.
func comment(text string) int {
	stop := map[bool]string{true: "*/", false: "\n"}[strings.HasPrefix(text, "/*")]
	if !strings.HasPrefix(text, "/*") && !strings.HasPrefix(text, "//") {
		return 0
	}
	if n := strings.Index(text[2:], stop); n >= 0 {
		return n + 1 + len(stop)
	}
	return len(text)
}
