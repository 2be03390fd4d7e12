package manifest

// Registry holds the loaded systems.
type Registry struct{ systems []*System }

// Systems lists all, by name of their folders.
func (r *Registry) Systems() []*System { return r.systems }

// System gives the system of that identifier, or nil.
func (r *Registry) System(name string) *System {
	for _, s := range r.systems {
		if s.System == name {
			return s
		}
	}
	return nil
}
