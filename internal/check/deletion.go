package check

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
)

const cancelled = "cancelled"

// deletion is the verdict on a deletion.
func (c *checker) deletion() Verdict {
	c.Data = []byte(`{}`)
	if !c.read() {
		return Verdict{Problem: c.refused()}
	}
	v := Verdict{Steps: []Step{{}}}
	if c.operation().How == manifest.HowCancel {
		v = c.cancellation()
	}
	if when := c.operation().When; !v.Nothing && !when.Holds(c.status()) {
		c.fault(problem.Item{Code: problem.ForbiddenByState, Rule: manifest.WhenRule(c.Entity.Name, c.Op),
			Detail: fmt.Sprintf("A %s can be deleted while its status is %s; it is %s.", c.Entity.Model.Singular, oneOf(when.Status), c.statusWord())})
	}
	if p := c.refused(); p != nil {
		return Verdict{Problem: p}
	}
	return v
}

// cancellation deletes by bringing the status to cancelled.
func (c *checker) cancellation() Verdict {
	v := Verdict{Wanted: []byte(`{"status":"cancelled"}`)}
	from := c.status()
	if from == cancelled {
		v.Nothing = true
		return v
	}
	if c.Entity.Moves == nil {
		v.Steps = []Step{c.move(&manifest.Move{From: []string{from}, To: cancelled})}
		return v
	}
	way, ok := wayTo(c.Entity.Moves.Rows, from, cancelled)
	if !ok {
		c.fault(problem.Item{Code: problem.ForbiddenByState, Rule: manifest.MovesRule(c.Entity.Name),
			Detail: c.System.Name + " deletes by cancelling. " + c.noWay(from, cancelled)})
	}
	for _, m := range way {
		v.Steps = append(v.Steps, c.move(m))
	}
	return v
}
