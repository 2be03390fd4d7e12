package lang

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// Kinds of changes.
const (
	Added     = "added"
	Removed   = "removed"
	Changed   = "changed"
	Reordered = "reordered" // of steps: Old and New are their ids
)

// DocumentChange is one difference between two documents.
type DocumentChange struct {
	Path     string // with the ids of steps: steps.orders.each.batch_size
	Kind     string
	Old, New string // as JSON; empty where there is none
}

// Diff gives what is different in document b, in the order of the documents: steps are told by their ids, wherever they stand in their list. How something is written does not count. Without an a all of b is added.
func Diff(a, b *Flow) []DocumentChange {
	d := new(differ)
	if a == nil {
		a = &Flow{root: &yaml.Node{Kind: yaml.MappingNode}}
	}
	d.nodes("", a.root, b.root)
	return d.changes
}

type differ struct{ changes []DocumentChange }

func (d *differ) add(path, kind string, a, b *yaml.Node) {
	d.changes = append(d.changes, DocumentChange{Path: path, Kind: kind, Old: jsonOf(a), New: jsonOf(b)})
}

func jsonOf(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	text, err := Encode(plainNode(n))
	if err != nil {
		return n.Value
	}
	return string(text)
}

// plainNode gives the value that stands in a document, expressions as their texts.
func plainNode(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainNode(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := make([]any, len(n.Content))
		for i, e := range n.Content {
			l[i] = plainNode(e)
		}
		return l
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		if v, err := Decode([]byte(n.Value)); err == nil {
			return v
		}
	}
	return n.Value
}

func (d *differ) nodes(path string, a, b *yaml.Node) {
	switch {
	case a == nil:
		d.add(path, Added, nil, b)
	case b == nil:
		d.add(path, Removed, a, nil)
	case a.Kind == yaml.MappingNode && b.Kind == yaml.MappingNode:
		for _, key := range union(keysOf(a), keysOf(b)) {
			d.nodes(strictyaml.Join(path, key), strictyaml.Child(a, key), strictyaml.Child(b, key))
		}
	case identified(a) && identified(b):
		d.steps(path, a, b)
	case a.Kind == yaml.SequenceNode && b.Kind == yaml.SequenceNode:
		for i := range max(len(a.Content), len(b.Content)) {
			key := strconv.Itoa(i)
			d.nodes(strictyaml.Join(path, key), strictyaml.Child(a, key), strictyaml.Child(b, key))
		}
	case jsonOf(a) != jsonOf(b):
		d.add(path, Changed, a, b)
	}
}

func (d *differ) steps(path string, a, b *yaml.Node) {
	before, after := ids(a), ids(b)
	stay := func(of, other []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(of), func(id string) bool { return !slices.Contains(other, id) }), ", ")
	}
	if was, is := stay(before, after), stay(after, before); was != is {
		d.changes = append(d.changes, DocumentChange{Path: path, Kind: Reordered, Old: was, New: is})
	}
	find := func(n *yaml.Node, ids []string, id string) *yaml.Node {
		if i := slices.Index(ids, id); i >= 0 {
			return n.Content[i]
		}
		return nil
	}
	for _, id := range union(before, after) {
		d.nodes(strictyaml.Join(path, id), find(a, before, id), find(b, after, id))
	}
}

// identified tells a list whose elements have ids.
func identified(n *yaml.Node) bool {
	return n.Kind == yaml.SequenceNode && len(n.Content) > 0 && !slices.Contains(ids(n), "")
}

func ids(n *yaml.Node) []string {
	all := make([]string, len(n.Content))
	for i, e := range n.Content {
		if id := strictyaml.Child(e, "id"); id != nil && e.Kind == yaml.MappingNode {
			all[i] = id.Value
		}
	}
	return all
}

func keysOf(n *yaml.Node) []string {
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

// union gives the first, and what only the second has behind them.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, key := range b {
		if !slices.Contains(a, key) {
			all = append(all, key)
		}
	}
	return all
}
