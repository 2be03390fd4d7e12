package check

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// locks finds what may not be written at all, or not in the state of the record. A field that is given as the record has it is no change: it needs no permission, and is
// not sent.
func (c *checker) locks() {
	c.walk(func(g given) {
		i, locked := c.lock(g)
		switch {
		case !locked:
		case c.unchanged(g):
			c.drop[g.pointer] = true
		default:
			c.fault(i)
		}
	})
}

func (c *checker) lock(g given) (problem.Item, bool) {
	i := problem.Item{Pointer: g.pointer, Code: problem.NotWritable}
	switch {
	case g.field == nil:
		return i, false
	case c.Entity.IsReadOnly(g.path):
		i.Rule, i.Detail = manifest.ReadOnlyRule(c.Entity.Name), c.System.Name+" sets this itself; leave it out."
	case c.Rules.IsReadOnly(g.path):
		i.Rule, i.Detail = manifest.ConnectionReadOnlyRule(c.Entity.Name), "The rules of this connection do not let this be written; leave it out."
	case c.Op == manifest.Update && !c.governed(g.path) && (!g.added || g.line):
		return c.state(g, i)
	default:
		return i, false
	}
	return i, true
}

// governed tells whether a field is the status, and moves say how it changes.
func (c *checker) governed(path string) bool {
	return c.Entity.Moves != nil && path == c.Entity.Moves.Field
}

// state applies the condition of a field, else that of what holds it, else that of the operation.
func (c *checker) state(g given, i problem.Item) (problem.Item, bool) {
	when, field := c.operation().WhenOf(g.path)
	if when.Holds(c.status()) {
		return i, false
	}
	i.Rule = manifest.WhenRule(c.Entity.Name, c.Op)
	if field != "" {
		i.Rule = manifest.ExceptRule(c.Entity.Name, field)
	}
	if when.Never {
		i.Detail = fmt.Sprintf("%s never lets this be changed once the %s is there; leave it out.", c.System.Name, c.Entity.Model.Singular)
		return i, true
	}
	i.Code = problem.ForbiddenByState
	i.Detail = fmt.Sprintf("This can be changed while the status is %s; it is %s. Leave it out, or change the status first.", oneOf(when.Status), c.statusWord())
	return i, true
}

const statusField = "status"

// status is the word of the record's status, "" when it has none.
func (c *checker) status() string { return textOf(c.now.Get(statusField)) }

func (c *checker) statusWord() string {
	if s := c.status(); s != "" {
		return s
	}
	return "empty"
}

// oneOf writes a, b or c.
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// unchanged tells whether a field is given exactly as the record has it.
func (c *checker) unchanged(g given) bool {
	if c.Op != manifest.Update || g.added || g.line || g.now.Kind() == rawjson.Missing {
		return false
	}
	if g.field == nil {
		return string(g.value.Raw()) == string(g.now.Raw())
	}
	x := comparison{exact: true}
	x.field(g.field, g.name, c.settled(g), g.now, place{})
	return len(x.misses) == 0
}
