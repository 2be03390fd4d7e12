package check

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
)

// change is the verdict on a create or an update.
func (c *checker) change() Verdict {
	if !c.read() {
		return Verdict{Problem: c.refused()}
	}
	if c.Op == manifest.Create {
		c.newLines()
	}
	c.locks()
	c.required()
	c.values()
	way := c.moves()
	body, key := c.body()
	if p := c.refused(); p != nil {
		return Verdict{Problem: p, Warnings: c.warnings, Wanted: c.wanted()}
	}
	v := Verdict{Warnings: c.warnings, Key: key, Wanted: c.wanted()}
	if c.Op == manifest.Update && len(way) == 0 && (string(body) == `{}` || c.shows(v.Wanted)) {
		v.Nothing = true
		return v
	}
	v.Steps = c.steps(body, way)
	if p := c.refused(); p != nil {
		return Verdict{Problem: p, Warnings: c.warnings}
	}
	return v
}

// newLines refuses lines that claim to be there already.
func (c *checker) newLines() {
	c.walk(func(g given) {
		if !g.line {
			return
		}
		for _, name := range []string{"id", "remote_id", "_delete"} {
			if isGiven(g.value.Get(name)) {
				c.fault(problem.Item{Pointer: g.pointer + "/" + name, Code: problem.Invalid, Detail: "A new record has no lines yet, so all of its lines are new; leave " + name + " out."})
			}
		}
	})
}

// body makes the source's members of what is left to be sent. What the mapping refuses is a fault; fields that nobody has are left out with a warning where it is not strict.
func (c *checker) body() (body []byte, key string) {
	var more []string
	if rung := c.rung(manifest.W2); rung != nil && rung.Key != "" {
		f := c.Entity.Model.Field(rung.Key)
		if key = scalarText(c.data.Get(wireName(f))); !isGiven(c.data.Get(wireName(f))) {
			key = c.Mark
			c.drop["/"+wireName(f)] = true
			more = append(more, quoted(wireName(f))+":"+quoted(c.Mark))
		}
	}
	body, bad := c.convert(without(c.data, "", c.drop, more...))
	if c.leave(bad) {
		body, bad = c.convert(without(c.data, "", c.drop, more...))
	}
	for _, b := range bad {
		c.fault(c.itemOf(b))
	}
	if rung := c.rung(manifest.W3); rung != nil && len(bad) == 0 {
		body = c.stamp(body, rung.Member)
	}
	return body, key
}

// rung gives what the manifest declares of a class for a create.
func (c *checker) rung(class manifest.Class) *manifest.Rung {
	ladder := c.operation().Ladder
	i := slices.IndexFunc(ladder, func(r manifest.Rung) bool { return r.Class == class })
	if i < 0 || c.Op != manifest.Create {
		return nil
	}
	return &ladder[i]
}

func (c *checker) stamp(body []byte, member manifest.Path) []byte {
	stamped, err := mapping.Stamp(body, member, c.Mark)
	if err != nil {
		c.fault(problem.Item{Code: problem.NotWritable, Detail: fmt.Sprintf("Busbar keeps its mark in %s, and %s.", member, err)})
	}
	return stamped
}

func (c *checker) convert(data []byte) ([]byte, mapping.BadValues) {
	var body []byte
	var err error
	if c.Op == manifest.Create {
		body, err = c.Mapper.Unmap(data, c.Resolve)
	} else {
		body, err = c.Mapper.Patch(data, c.Current.Raw, c.Entity.Lists, c.Env, c.Resolve)
	}
	var bad mapping.BadValues
	if err != nil && !errors.As(err, &bad) {
		bad = mapping.BadValues{{Reason: err.Error()}}
	}
	return body, bad
}

// leave takes out what need not, or cannot, be sent: what the record shows anyway, and where it is not strict what the model or the system does not have.
func (c *checker) leave(bad mapping.BadValues) bool {
	same := map[string]bool{}
	c.walk(func(g given) { same[g.pointer] = c.unchanged(g) })
	left := false
	for _, b := range bad {
		nobodys := b.Flaw == mapping.NoField || b.Flaw == mapping.NotMapped
		switch {
		case same[b.Pointer] && (nobodys || b.Flaw == mapping.NotWritable):
		case nobodys && !c.Strict:
			c.warnings = append(c.warnings, c.itemOf(b))
		default:
			continue
		}
		c.drop[b.Pointer], left = true, true
	}
	return left
}

// shows tells whether the record is as it is asked to be, to the letter.
func (c *checker) shows(wanted []byte) bool {
	x := comparison{exact: true}
	return x.records(c.Entity, wanted, c.Current.JSON) == nil && len(x.misses) == 0
}

// steps are the sends of a write, in order: what is not a status first. A change of status that is made by writing the field goes along with an update's other members when it is the only one.
func (c *checker) steps(body []byte, way []*manifest.Move) []Step {
	if c.Op == manifest.Update && len(way) == 1 && way[0].Send.Node == nil {
		return []Step{{Body: joined(body, c.written(way[0])), Move: way[0]}}
	}
	var steps []Step
	if c.Op == manifest.Create || string(body) != `{}` {
		steps = append(steps, Step{Body: body})
	}
	for _, m := range way {
		steps = append(steps, c.move(m))
	}
	return steps
}

// move is the send of one change of status.
func (c *checker) move(m *manifest.Move) Step {
	if m.Send.Node != nil {
		return Step{Move: m}
	}
	return Step{Move: m, Body: c.written(m)}
}

// written makes the members that write a move's status.
func (c *checker) written(m *manifest.Move) []byte {
	body, err := c.Mapper.Unmap([]byte(`{`+quoted(statusField)+`:`+quoted(m.To)+`}`), c.Resolve)
	if err != nil {
		c.fault(problem.Item{Pointer: "/" + statusField, Code: problem.NotWritable, Rule: manifest.MovesRule(c.Entity.Name), Detail: c.System.Name + " does not let the status be written; leave it out."})
	}
	return body
}

// joined puts the members of two objects into one.
func joined(a, b []byte) []byte {
	if string(a) == `{}` {
		return b
	}
	return append(append(bytes.TrimSuffix(bytes.Clone(a), []byte{'}'}), ','), b[1:]...)
}
