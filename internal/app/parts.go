package app

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/model"
)

// drivers lists every protocol that this binary speaks.
func drivers() []driver.Driver { return []driver.Driver{rest.New(), trytonrpc.New()} }

// parts are the loaded data that the services work with.
type parts struct {
	model   *model.Model
	systems *manifest.Registry
	drivers map[string]driver.Driver
	mappers map[[2]string]*mapping.Mapper
}

// loadParts loads the model, the built-in connectors and the user's own, and compiles every mapping.
func loadParts(more []fs.FS) (*parts, error) {
	p := &parts{drivers: map[string]driver.Driver{}, mappers: map[[2]string]*mapping.Mapper{}}
	for _, d := range drivers() {
		p.drivers[d.Name()] = d
	}
	var err error
	if p.model, err = model.Load(); err != nil {
		return nil, fmt.Errorf("load the model: %w", err)
	}
	for _, folder := range more {
		if found, err := fs.Glob(folder, "*/manifest.yaml"); err != nil || len(found) == 0 {
			return nil, errors.New("the --connectors folder holds no connector: it has one folder for each, with a manifest.yaml in it")
		}
	}
	folders := overlay(append([]fs.FS{connectors.FS}, more...))
	if err = folders.check(); err != nil {
		return nil, err
	}
	if p.systems, err = loadSystems(p.model, folders); err != nil {
		return nil, err
	}
	for _, s := range p.systems.Systems() {
		for _, e := range s.Entities {
			m, err := mapping.Compile(s, e, p.drivers[s.Driver].Dialect())
			if err != nil {
				return nil, fmt.Errorf("connector %s: %s: %w", s.System, e.Name, err)
			}
			p.mappers[[2]string{s.System, e.Name}] = m
		}
	}
	return p, nil
}

func (p *parts) mapper(system, entity string) *mapping.Mapper {
	return p.mappers[[2]string{system, entity}]
}

func loadSystems(m *model.Model, folder fs.FS) (*manifest.Registry, error) {
	checkers := map[string]manifest.Checker{}
	for _, d := range drivers() {
		checkers[d.Name()] = d
	}
	return manifest.Load(folder, m, checkers)
}

// CheckConnectors loads a folder of connectors alone and names the systems in it. The error is a manifest.Problems when something is
// wrong with them.
func CheckConnectors(folder fs.FS) ([]string, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	systems, err := loadSystems(m, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range systems.Systems() {
		names = append(names, s.System)
	}
	return names, nil
}
