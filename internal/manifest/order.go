package manifest

import (
	"slices"

	"github.com/busbar-dev/busbar/model"
)

// syncOrder sorts entities so that those that others refer to come first, and small ones first among equals: what has no historical period, then
// in the order in which the manifest has them. Where references go round in a circle, the entity with the fewest open ones breaks it.
func syncOrder(entities []*Entity) []*Entity {
	left, placed := slices.Clone(entities), map[string]bool{}
	slices.SortStableFunc(left, func(a, b *Entity) int { return weight(a) - weight(b) })
	out := make([]*Entity, 0, len(left))
	for len(left) > 0 {
		next, fewest := 0, len(entities)
		for i, e := range left {
			if n := open(e, left, placed); n < fewest {
				next, fewest = i, n
			}
		}
		out, placed[left[next].Name] = append(out, left[next]), true
		left = slices.Delete(left, next, next+1)
	}
	return out
}

// weight tells small entities from those that grow without end, which is why they have a period.
func weight(e *Entity) int {
	if e.History == "" {
		return 0
	}
	return 1
}

// open counts the entities to which e refers that are still to come.
func open(e *Entity, left []*Entity, placed map[string]bool) (n int) {
	refers := e.RefersTo()
	for _, other := range left {
		if other != e && !placed[other.Name] && slices.Contains(refers, other.Name) {
			n++
		}
	}
	return n
}

// RefersTo names the entities to which mapped fields refer, in order of their names.
func (e *Entity) RefersTo() []string {
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.refersTo()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (f *FieldMap) refersTo() (names []string) {
	if f.Field != nil {
		names = targets(f.Field)
	}
	for _, inner := range f.Fields {
		names = append(names, inner.refersTo()...)
	}
	return names
}

func targets(f *model.Field) (names []string) {
	if f.To != "" {
		names = append(names, f.To)
	}
	if f.Items != nil {
		names = append(names, targets(f.Items)...)
	}
	return names
}
