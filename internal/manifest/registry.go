package manifest

import (
	"io/fs"

	"github.com/busbar-dev/busbar/model"
)

// CONTRACT: filled in by the owner of this package.

// Checker checks the driver's own parts of a manifest; drivers implement it.
type Checker interface{ Check(s *System) Problems }

// Registry holds the loaded systems.
type Registry struct{}

// Load reads every folder of fsys that holds a manifest.yaml, checks it against the model and with the driver named in it (checkers by
// driver name), and gives them all, or a Problems error that names everything wrong in all of them.
func Load(fsys fs.FS, m *model.Model, checkers map[string]Checker) (*Registry, error) {
	panic("contract")
}

// Systems lists all, by name. System gives one, or nil.
func (r *Registry) Systems() []*System         { panic("contract") }
func (r *Registry) System(name string) *System { panic("contract") }
