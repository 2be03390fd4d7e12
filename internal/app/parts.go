package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/file"
	"github.com/busbar-dev/busbar/internal/driver/graphql"
	"github.com/busbar-dev/busbar/internal/driver/odata"
	"github.com/busbar-dev/busbar/internal/driver/odoorpc"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/driver/soap"
	"github.com/busbar-dev/busbar/internal/driver/sqldb"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/model"
)

// drivers lists every protocol that this binary speaks.
func drivers() []driver.Driver {
	return []driver.Driver{file.New(), graphql.New(), odata.New(), odoorpc.New(), rest.New(), soap.New(), sqldb.New(), trytonrpc.New()}
}

// parts are the loaded data that the services work with.
type parts struct {
	model   *model.Model
	systems *manifest.Registry
	drivers map[string]driver.Driver
	mappers map[[2]string]*mapping.Mapper
}

func newParts(bench *Bench) *parts {
	p := &parts{drivers: map[string]driver.Driver{}, mappers: map[[2]string]*mapping.Mapper{}}
	for _, d := range drivers() {
		p.drivers[d.Name()] = bench.around(d)
	}
	return p
}

// loadParts loads the model, the built-in connectors and the user's own, and compiles every mapping. On a Bench the built-in ones are left out.
func loadParts(more []fs.FS, bench *Bench) (*parts, error) {
	for _, folder := range more {
		if found, err := fs.Glob(folder, "*/manifest.yaml"); err != nil || len(found) == 0 {
			return nil, errors.New("the --connectors folder holds no connector: it has one folder for each, with a manifest.yaml in it")
		}
	}
	folders := overlay(more)
	if bench == nil {
		folders = append(overlay{connectors.FS}, more...)
	}
	if err := folders.check(); err != nil {
		return nil, err
	}
	p := newParts(bench)
	if err := p.load(overlay(more)); err != nil {
		return nil, err
	}
	bench.tune(p.systems)
	if err := p.compile(); err != nil || bench != nil {
		return p, err
	}
	builtIn, err := shipped()
	if err != nil {
		return nil, err
	}
	p.systems = p.systems.With(builtIn.systems)
	maps.Copy(p.mappers, builtIn.mappers)
	return p, nil
}

// shipped loads the built-in connectors once in a process: nothing changes them.
var shipped = sync.OnceValues(func() (*parts, error) {
	p := newParts(nil)
	if err := p.load(connectors.FS); err != nil {
		return nil, err
	}
	return p, p.compile()
})

// load loads the model and the connectors of a folder.
func (p *parts) load(folder fs.FS) (err error) {
	if p.model, err = model.Load(); err != nil {
		return fmt.Errorf("load the model: %w", err)
	}
	p.systems, err = loadSystems(p.model, folder)
	return err
}

// compile makes the mappers of every connector.
func (p *parts) compile() error {
	for _, s := range p.systems.Systems() {
		for _, e := range s.Entities {
			m, err := mapping.Compile(s, e, p.drivers[s.Driver].Dialect())
			if err != nil {
				return fmt.Errorf("connector %s: %s: %w", s.System, e.Name, err)
			}
			p.mappers[[2]string{s.System, e.Name}] = m
		}
	}
	return nil
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

// CheckConnectors loads a folder of connectors alone, maps what was recorded for them, and names the systems in it. The error is a manifest.Problems when something is
// wrong with them.
func CheckConnectors(folder fs.FS) ([]string, error) {
	p := newParts(nil)
	if err := p.load(folder); err != nil {
		return nil, err
	}
	if err := p.compile(); err != nil {
		return nil, err
	}
	var names []string
	var problems manifest.Problems
	for _, s := range p.systems.Systems() {
		names = append(names, s.System)
		more, err := replay(folder, p, s)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return names, nil
}
