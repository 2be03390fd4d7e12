package model

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"
)

// example gives the JSON text of an example written in YAML: "" when there is none. Members keep their order and numbers
// their digits; an unquoted date is text.
func (p *parser) example(n *yaml.Node, path string) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	p.writeJSON(&b, n, path)
	return b.String()
}

func (p *parser) writeJSON(b *strings.Builder, n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i, e := range p.entries(n, path) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(jsonText(e.key.Value) + ":")
			p.writeJSON(b, e.value, path)
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			p.writeJSON(b, c, path)
		}
		b.WriteByte(']')
	case yaml.ScalarNode:
		p.writeScalar(b, n, path)
	default:
		p.problem(n, path, "is an alias", "write the value itself")
	}
}

func (p *parser) writeScalar(b *strings.Builder, n *yaml.Node, path string) {
	switch n.Tag {
	case "!!null":
		b.WriteString("null")
	case "!!bool", "!!int", "!!float":
		if !json.Valid([]byte(n.Value)) {
			p.problem(n, path, quote(n.Value)+" is not JSON", "quote it, or write it as JSON does")
		}
		b.WriteString(n.Value)
	default:
		b.WriteString(jsonText(n.Value))
	}
}

// jsonText quotes text for JSON and leaves <, > and & readable.
func jsonText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
