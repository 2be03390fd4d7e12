package flow

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/model"
)

// surroundings are what a document is checked against: the systems of its connections, the model, and the project's other flows.
type surroundings struct {
	model   *model.Model
	systems map[string]lang.System // by role
	flow    func(name string) *lang.Flow
}

func (a surroundings) Model() *model.Model { return a.model }

func (a surroundings) Flow(name string) *lang.Flow { return a.flow(name) }

func (a surroundings) System(role string) (lang.System, bool) {
	s, known := a.systems[role]
	return s, known
}

// checkAround gives what is wrong with a document in its surroundings. A role without a connection counts as the system that it names, if it names one.
func (s *Service) checkAround(ctx context.Context, project string, doc *lang.Flow, connections map[string]string) error {
	a := surroundings{model: s.Model, systems: map[string]lang.System{}}
	for _, role := range doc.Connections {
		name := role.System
		c, err := s.Store.Connection(ctx, project, connections[role.Name])
		switch {
		case err == nil && (name == "" || name == c.System): // one of another system is told with the connections
			name = c.System
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("read connection %s: %w", connections[role.Name], err)
		}
		if system := s.Systems.System(name); system != nil {
			a.systems[role.Name] = abilities(system)
		}
	}
	var failed error
	a.flow = func(name string) *lang.Flow {
		f, err := s.called(ctx, project, name)
		failed = errors.Join(failed, err)
		return f
	}
	problems := lang.Check(doc, a)
	if failed != nil || len(problems) == 0 {
		return failed
	}
	return problems
}

// called gives a flow of the project in its newest version, nil when there is none.
func (s *Service) called(ctx context.Context, project, name string) (*lang.Flow, error) {
	row, err := s.Store.Flow(ctx, project, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read flow %s: %w", name, err)
	}
	p, err := s.program(ctx, row.ID, row.Version)
	if err != nil {
		return nil, err
	}
	return p.Flow(), nil
}

func abilities(system *manifest.System) lang.System {
	s := lang.System{ID: system.System, Name: system.Name, Entities: map[string][]string{}}
	for _, e := range system.Entities {
		s.Entities[e.Name] = []string{}
		for _, op := range []manifest.Op{manifest.Create, manifest.Update, manifest.Delete} {
			if _, declared := e.Operations[op]; declared {
				s.Entities[e.Name] = append(s.Entities[e.Name], string(op))
			}
		}
	}
	return s
}
