package lang

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/strictyaml"
	"github.com/busbar-dev/busbar/model"
)

// Catalog tells what is around a document: other flows, the unified model, and what the connected systems can do.
type Catalog interface {
	Flow(name string) *Flow            // another flow of the project; nil: there is none
	Model() *model.Model               // nil: records are not checked
	System(role string) (System, bool) // of the connection in that role, or that the role names; false: not known yet
}

// System is what a system can do.
type System struct {
	ID, Name string
	Entities map[string][]string // the operations (Create, Update, Delete) by the entities that it has
}

// Check gives everything that is wrong with a parsed document in its surroundings, in the order of its lines.
func Check(f *Flow, with Catalog) Problems {
	c := &checker{flow: f, Catalog: with, sources: map[string]string{}}
	for _, r := range f.Connections {
		if s, known := with.System(r.Name); known && r.System != "" && s.ID != r.System {
			c.problem("connections."+r.Name, "takes a connection to "+r.System+" only, this is one to "+s.ID, "take another connection")
		}
	}
	if t := f.Trigger.Change; t != nil {
		c.entity(t.Connection, t.Entity, "trigger.change")
		c.records(t.Where, map[string]string{"record": t.Entity})
	}
	f.visit(func(s *Step) {
		if role, entity := s.reaches(); role != "" {
			c.entity(role, entity, s.Path+"."+s.Kind)
		}
		c.step(s)
	})
	c.Sort()
	return c.Problems
}

type checker struct {
	Catalog
	Problems
	flow    *Flow
	sources map[string]string // the entity of each list step
}

func (c *checker) problem(path, message, mend string) {
	c.Problems = append(c.Problems, problemAt(c.flow.file, c.flow.root, path, message, mend))
}

// entity checks that the model has an entity, and the system of the role as well.
func (c *checker) entity(role, entity, path string) {
	if m := c.Model(); m != nil && m.Entity(entity) == nil {
		c.problem(path+".entity", "there is no entity "+entity, strictyaml.Suggest(entity, m.Names()))
		return
	}
	s, known := c.System(role)
	if _, has := s.Entities[entity]; known && !has {
		c.problem(path+".entity", s.Name+" has no "+entity, "take another connection, or another entity")
	}
}

// step checks what a step says of records, operations and other flows.
func (c *checker) step(s *Step) {
	switch s.Kind {
	case StepList:
		c.sources[s.ID] = s.List.Entity
		c.records(s.List.Where, map[string]string{"record": s.List.Entity})
	case StepFind:
		c.paths(s.Find.By, s.Find.Entity, s.Path+".find.by")
	case StepWrite:
		c.operation(s.Write, s.Path+".write")
		c.paths(s.Write.By, s.Write.Entity, s.Path+".write.by")
		c.data(s.Write.Data, s.Write.Entity)
	case StepEach:
		c.items(s)
	case StepCall:
		c.call(s.Call, s.Path+".call")
	}
	for _, e := range s.exprs() {
		c.records(e, nil)
	}
}

// items checks the expressions over the records of a list.
func (c *checker) items(s *Step) {
	names := map[string]string{}
	if entity := c.sources[s.Each.In]; entity != "" {
		names["item"] = entity
	}
	c.records(s.Each.Key, names)
	visitSteps(s.Each.Steps, func(in *Step) {
		for _, e := range in.exprs() {
			c.records(e, names)
		}
	})
}

func (c *checker) operation(w *Write, path string) {
	needs := []string{w.Op}
	if w.Op == Upsert {
		needs = []string{Create, Update}
	}
	s, known := c.System(w.Connection)
	operations, has := s.Entities[w.Entity]
	if !known || !has {
		return
	}
	for _, op := range needs {
		if !slices.Contains(operations, op) {
			mend := "it takes none from outside"
			if len(operations) > 0 {
				mend = "it takes " + strings.Join(operations, ", ")
			}
			c.problem(path+".op", s.Name+" takes no "+op+" of "+w.Entity, mend)
		}
	}
}

func (c *checker) call(call *CallFlow, path string) {
	called := c.Flow(call.Flow)
	if called == nil {
		c.problem(path+".flow", "there is no flow "+call.Flow, "apply it first")
		return
	}
	if way := c.round(called, []string{c.flow.Name}); way != nil {
		c.problem(path+".flow", "the flows call each other without end: "+strings.Join(way, " → "), "take one of the calls out")
	}
	if call.Parameters == nil {
		return
	}
	var names []string
	for _, p := range called.Parameters {
		names = append(names, p.Name)
	}
	for _, m := range call.Parameters.members {
		if !slices.Contains(names, m.Name) {
			c.problem(m.Value.Path, call.Flow+" has no parameter "+m.Name, strictyaml.Suggest(m.Name, names))
		}
	}
}

// round finds a way from a flow back to the one that is checked; nil: there is none.
func (c *checker) round(f *Flow, way []string) (found []string) {
	if slices.Contains(way[1:], f.Name) {
		return nil
	}
	way = append(slices.Clone(way), f.Name)
	f.visit(func(s *Step) {
		switch {
		case s.Call == nil || found != nil:
		case s.Call.Flow == way[0]:
			found = append(way, way[0])
		default:
			if next := c.Flow(s.Call.Flow); next != nil {
				found = c.round(next, way)
			}
		}
	})
	return found
}
