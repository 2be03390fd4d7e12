package machine

import (
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// Back lets a thread go on from a step that it has come to before, and forgets the results from there on. each is the step whose item it is, empty for the steps on top. repeated are the steps
// that had a result and are done again; ok: it has come to that step.
func (p *Program) Back(t *Thread, each, id string) (repeated []string, ok bool) {
	steps := p.flow.Steps
	if each != "" {
		steps = p.flow.Step(each).Each.Steps
	}
	at, found := placeOf(steps, id)
	if !found || after(at, t.At) || !taken(steps, at, t) {
		return nil, false
	}
	visit(steps, nil, func(s *lang.Step, place []int) {
		if _, has := t.Results[s.ID]; has && !after(at, place) {
			repeated = append(repeated, s.ID)
		}
	})
	for _, id := range repeated {
		delete(t.Results, id)
	}
	if len(repeated) > 0 {
		t.Attempt++
	}
	t.At, t.Failed, t.Resting, t.Target, t.Many = at, 0, false, nil, nil
	return repeated, true
}

// taken says that a thread has come by the way that leads to a place.
func taken(steps []lang.Step, at []int, t *Thread) bool {
	for i := 0; i+2 < len(at); i += 2 {
		s := &steps[at[i]]
		var way struct {
			Branch *int `json:"branch"`
		}
		if json.Unmarshal(t.Results[s.ID], &way) != nil || way.Branch == nil || *way.Branch != at[i+1] {
			return false
		}
		steps = s.Branch[at[i+1]].Steps
	}
	return true
}

// visit visits steps and those of their branches, in order.
func visit(steps []lang.Step, under []int, each func(s *lang.Step, place []int)) {
	for i := range steps {
		place := append(under[:len(under):len(under)], i)
		each(&steps[i], place)
		for arm := range steps[i].Branch {
			visit(steps[i].Branch[arm].Steps, append(place[:len(place):len(place)], arm), each)
		}
	}
}

func placeOf(steps []lang.Step, id string) (at []int, found bool) {
	visit(steps, nil, func(s *lang.Step, place []int) {
		if s.ID == id {
			at, found = place, true
		}
	})
	return at, found
}

// after says that place a comes after b.
func after(a, b []int) bool {
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return len(a) > len(b)
}

// Steps lists the steps of a thread and those of their branches, in the order of the document. each is the step whose items they are for, empty for the steps on top.
func (p *Program) Steps(each string) (all []*lang.Step) {
	steps := p.flow.Steps
	if each != "" {
		steps = p.flow.Step(each).Each.Steps
	}
	visit(steps, nil, func(s *lang.Step, _ []int) { all = append(all, s) })
	return all
}
