package odoorpc

import (
	"regexp"
	"slices"
	"strings"
)

// node is what is read of the records of one model.
type node struct {
	columns []*column
}

// column is one field of a node. Its member is called as the first of its names, whichever of them the version has.
type column struct {
	names    []string
	optional bool  // some versions have none of the names
	own      bool  // the value itself is wanted
	within   *node // what is read of the records that it leads to, which become the member with a dot behind its name
}

func (c *column) member() string { return c.names[0] }

var fieldName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// add puts a field of the manifest into the tree; wrong says what is the matter with it.
func (n *node) add(text string) (wrong string) {
	first, rest, deeper := strings.Cut(text, ".")
	bare, optional := strings.CutSuffix(first, "?")
	names := strings.Split(bare, "|")
	for _, name := range names {
		if !fieldName.MatchString(name) {
			return "is not named as fields of Odoo are"
		}
	}
	i := slices.IndexFunc(n.columns, func(c *column) bool { return c.member() == names[0] })
	if i < 0 {
		i = len(n.columns)
		n.columns = append(n.columns, &column{names: names})
	}
	c := n.columns[i]
	if len(names) > len(c.names) {
		c.names = names
	}
	c.optional = c.optional || optional
	if !deeper {
		c.own = true
		return ""
	}
	if c.within == nil {
		c.within = &node{}
	}
	return c.within.add(rest)
}

// candidates are all names that the fields of a node may have.
func (n *node) candidates() []string {
	out := []string{"id"}
	for _, c := range n.columns {
		for _, name := range c.names {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
