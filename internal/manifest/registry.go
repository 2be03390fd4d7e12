package manifest

import (
	"slices"
	"strings"
)

// Registry holds the loaded systems.
type Registry struct{ systems []*System }

// Systems lists all, by name of their folders.
func (r *Registry) Systems() []*System { return r.systems }

// With gives the systems of both.
func (r *Registry) With(other *Registry) *Registry {
	all := slices.Concat(r.systems, other.systems)
	slices.SortFunc(all, func(a, b *System) int { return strings.Compare(a.System, b.System) })
	return &Registry{systems: all}
}

// System gives the system of that identifier, or nil.
func (r *Registry) System(name string) *System {
	for _, s := range r.systems {
		if s.System == name {
			return s
		}
	}
	return nil
}
