package machine

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// At gives the id of the step that a thread is at; empty: it is behind the last. each is the step whose item it is, empty for the steps on top.
func (p *Program) At(each string, t *Thread) (id string) {
	steps := p.flow.Steps
	if each != "" {
		steps = p.flow.Step(each).Each.Steps
	}
	visit(steps, nil, func(s *lang.Step, place []int) {
		if slices.Equal(place, t.At) {
			id = s.ID
		}
	})
	return id
}
