package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Up and Each are the special members of a path: the record that holds the element, and every element of a list.
const (
	Up   = "^"
	Each = "*"
)

// String gives the path as a manifest writes it.
func (p Path) String() string { return strings.Join(p, "/") }

var pointerNames = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer gives the path as a JSON pointer.
func (p Path) Pointer() string {
	var b strings.Builder
	for _, name := range p {
		b.WriteByte('/')
		b.WriteString(pointerNames.Replace(name))
	}
	return b.String()
}

func (p *Path) DecodeYAML(d *decoder, n *yaml.Node, at string) {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		d.Report(n, at, "wants a path, this is "+describe(n), "write member names with / between them")
		return
	}
	*p = strings.Split(n.Value, "/")
	front := true
	for _, name := range *p {
		front = front && name == Up
		switch {
		case name == "":
			d.Report(n, at, "an empty member name in the path "+n.Value, "write member names with one / between them")
			return
		case name == Up && !front:
			d.Report(n, at, "^ stands at the front of a path only", "")
		}
	}
	if (*p)[len(*p)-1] == Up {
		d.Report(n, at, "the path "+n.Value+" names no member", "write ^/member")
	}
}

// paths is one path or a list of them.
type paths []Path

func (p *paths) DecodeYAML(d *decoder, n *yaml.Node, at string) {
	if n.Kind == yaml.ScalarNode {
		*p = make(paths, 1)
		(*p)[0].DecodeYAML(d, n, at)
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		d.Report(n, at, "wants a path or a list of paths, this is "+describe(n), "")
		return
	}
	*p = make(paths, len(n.Content))
	for i, item := range n.Content {
		(*p)[i].DecodeYAML(d, item, at)
	}
}
