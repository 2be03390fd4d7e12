package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/spelling"
	"github.com/busbar-dev/busbar/model"
)

// values finds what is not in the closed list of its field's values.
func (c *checker) values() {
	c.walk(func(g given) {
		if g.field == nil || g.line || !isGiven(g.value) || g.name != wireName(g.field) || c.unchanged(g) {
			return
		}
		text := scalarText(g.value)
		if known := c.picklist(g.path); known != nil && !slices.Contains(known, text) {
			c.fault(problem.Item{Pointer: g.pointer, Code: problem.Invalid, Rule: manifest.PicklistRule(c.Entity.Name, g.path),
				Detail: fmt.Sprintf("%s does not know %q here. %s", c.System.Name, text, choice(text, known))})
		}
		if known, ok := c.Rules.Values[g.path]; ok && !slices.Contains(known, text) {
			c.fault(problem.Item{Pointer: g.pointer, Code: problem.Invalid, Rule: manifest.ConnectionValuesRule(c.Entity.Name, g.path),
				Detail: fmt.Sprintf("The rules of this connection do not allow %q here. %s", text, choice(text, known))})
		}
	})
}

// wireName is the name of a field's value; that of an enum is its normalised word.
func wireName(f *model.Field) string { return f.WireNames()[0] }

// picklist gives the known values of a field; nil: any may be written.
func (c *checker) picklist(path string) []string {
	p, ok := c.Entity.Picklists[path]
	switch {
	case !ok:
		return nil
	case p.Entity == "":
		return p.Values
	case c.Words == nil:
		return nil
	}
	known := c.Words(p.Entity, p.Field)
	if len(known) == 0 {
		return nil
	}
	return known
}

// scalarText gives a text, or any other value as it is written.
func scalarText(v rawjson.Value) string {
	if v.Kind() == rawjson.String {
		return textOf(v)
	}
	return string(v.Raw())
}

// choice says what may be written instead.
func choice(text string, known []string) string {
	const most = 20
	if near := spelling.Near(text, known); len(near) > 0 {
		return "Did you mean " + near[0] + "?"
	}
	if len(known) > most {
		return fmt.Sprintf("Write one of its %d values, such as %s.", len(known), strings.Join(known[:3], ", "))
	}
	return "Write " + oneOf(known) + "."
}
