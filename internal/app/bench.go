package app

import (
	"fmt"
	"io/fs"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/model"
)

// Bench is how Busbar is set up to try a connector out: with the connectors of Options alone, and with what the suite puts between its parts. Members that are nil are left out.
type Bench struct {
	Tune   func(*manifest.System)            // changes a loaded manifest before anything is built on it
	Around func(driver.Driver) driver.Driver // stands between Busbar and a driver
}

func (b *Bench) tune(systems *manifest.Registry) {
	if b == nil || b.Tune == nil {
		return
	}
	for _, s := range systems.Systems() {
		b.Tune(s)
	}
}

func (b *Bench) around(d driver.Driver) driver.Driver {
	if b == nil || b.Around == nil {
		return d
	}
	return b.Around(d)
}

// Connector is one loaded connector, with what works with it.
type Connector struct {
	*manifest.System
	Driver  driver.Driver
	Mappers map[string]*mapping.Mapper // by entity
}

// LoadConnector loads one connector of a folder. The error is a manifest.Problems when something is wrong with it.
func LoadConnector(folder fs.FS, system string) (*Connector, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	checkers := map[string]manifest.Checker{}
	known := map[string]driver.Driver{}
	for _, d := range drivers() {
		checkers[d.Name()], known[d.Name()] = d, d
	}
	s, err := manifest.LoadSystem(folder, system, m, checkers)
	if err != nil {
		return nil, err
	}
	c := &Connector{System: s, Driver: known[s.Driver], Mappers: map[string]*mapping.Mapper{}}
	for _, e := range s.Entities {
		if c.Mappers[e.Name], err = mapping.Compile(s, e, c.Driver.Dialect()); err != nil {
			return nil, fmt.Errorf("connector %s: %s: %w", system, e.Name, err)
		}
	}
	return c, nil
}
