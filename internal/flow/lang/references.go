package lang

import (
	"maps"
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

// scope is what an expression sees at its place.
type scope struct {
	names   map[string]bool
	steps   map[string]bool // those that are done
	each    string          // id of the each around it
	secrets bool            // it may use secret parameters
}

func (sc scope) with(names ...string) scope {
	sc.names = maps.Clone(sc.names)
	for _, name := range names {
		sc.names[name] = true
	}
	return sc
}

// inner is the scope of steps within a step: what they add is not seen behind it.
func (sc scope) inner() scope {
	sc.steps = maps.Clone(sc.steps)
	return sc
}

func (sc scope) free() scope { sc.secrets = true; return sc }

// references checks that every expression names what is there at its place.
func (b *builder) references() {
	sc := scope{names: map[string]bool{"trigger": true, "params": true, "run": true, "steps": true}, steps: map[string]bool{}}
	if c := b.flow.Trigger.Change; c != nil {
		b.expression(c.Where, scope{names: map[string]bool{"record": true, "change": true, "params": true}})
	}
	b.follow(b.flow.Steps, sc)
}

// follow goes through steps in their order; each of them is seen by those behind it.
func (b *builder) follow(steps []Step, sc scope) {
	for i := range steps {
		s := &steps[i]
		b.expression(s.If, sc)
		b.inside(s, sc)
		if s.ID != "" {
			sc.steps[s.ID] = true
		}
	}
}

func (b *builder) inside(s *Step, sc scope) {
	switch s.Kind {
	case StepList:
		b.expression(s.List.Where, sc.with("record"))
		b.values(sc, s.List.ChangedAfter)
	case StepGet:
		b.values(sc, s.Get.ID)
	case StepFind:
		b.named(sc, s.Find.By)
	case StepTransform:
		b.values(sc, s.Transform)
	case StepFilter:
		b.expression(s.Filter, sc)
	case StepBranch:
		b.arms(s, sc)
	case StepEach:
		b.expression(s.Each.Over, sc)
		items := sc.with("item", "index").inner()
		items.each = s.ID
		b.expression(s.Each.Key, items)
		b.follow(s.Each.Steps, items)
	case StepWrite:
		b.values(sc, s.Write.ID, s.Write.Data, s.Write.IfMatch)
		b.named(sc, s.Write.By)
	default:
		b.sent(s, sc)
	}
}

// arms are seen by what comes behind the branch, but not by each other.
func (b *builder) arms(s *Step, sc scope) {
	var done []map[string]bool
	for _, arm := range s.Branch {
		b.expression(arm.If, sc)
		way := sc.inner()
		b.follow(arm.Steps, way)
		done = append(done, way.steps)
	}
	for _, steps := range done {
		maps.Copy(sc.steps, steps)
	}
}

// sent checks the steps that send something away.
func (b *builder) sent(s *Step, sc scope) {
	switch s.Kind {
	case StepRequest:
		b.values(sc.free(), s.Request.URL, s.Request.Body)
		b.named(sc.free(), s.Request.Headers)
		b.named(sc.free(), s.Request.Query)
	case StepWait:
		b.values(sc, s.Wait.Until)
	case StepNotify:
		b.values(sc, s.Notify.Data)
		if w := s.Notify.Webhook; w != nil {
			b.values(sc.free(), w.URL, w.Secret)
		}
		if e := s.Notify.Email; e != nil {
			b.values(sc, e.To, e.Subject, e.Text)
		}
	case StepCall:
		b.values(sc, s.Call.Input)
		b.values(sc.free(), s.Call.Parameters)
	}
}

func (b *builder) named(sc scope, members []Member) {
	for _, m := range members {
		b.values(sc, m.Value)
	}
}

func (b *builder) values(sc scope, values ...*Value) {
	for _, v := range values {
		for _, e := range v.Exprs() {
			b.expression(e, sc)
		}
	}
}

// expression checks one; it has none that did not compile.
func (b *builder) expression(e *Expr, sc scope) {
	if e == nil || e.node == nil {
		return
	}
	for _, r := range e.refs() {
		b.ref(e, r, sc)
	}
}

// ref is a name of the outside in an expression, with the members that are taken of it.
type ref struct {
	name    string
	members []string
}

// refs gives what an expression names of the outside. Names that it declares itself are its own.
func (e *Expr) refs() []ref {
	own, inside := map[string]bool{}, map[ast.Node]bool{}
	walk(e.node, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.VariableDeclaratorNode:
			own[n.Name] = true
		case *ast.CallNode:
			if id, ok := n.Callee.(*ast.IdentifierNode); ok {
				inside[id] = true
			}
		case *ast.MemberNode:
			if memberName(n) != "" {
				inside[n.Node] = true
			}
		}
	})
	var refs []ref
	walk(e.node, func(n ast.Node) {
		if inside[n] {
			return
		}
		if name, members := chain(n); name != "" && !own[name] {
			refs = append(refs, ref{name, members})
		}
	})
	return refs
}

// chain takes a.b.c apart.
func chain(n ast.Node) (name string, members []string) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, nil
	case *ast.ChainNode:
		return "", nil
	case *ast.MemberNode:
		member := memberName(n)
		if member == "" {
			return "", nil
		}
		inner := n.Node
		if c, ok := inner.(*ast.ChainNode); ok {
			inner = c.Node
		}
		name, members = chain(inner)
		return name, append(members, member)
	}
	return "", nil
}

func (b *builder) ref(e *Expr, r ref, sc scope) {
	if !sc.names[r.name] {
		b.problem(e.Path, e.Text+": there is no "+r.name+" here", unseen(r.name, sc))
		return
	}
	switch r.name {
	case "steps":
		b.resultOf(e, r, sc)
	case "params":
		b.param(e, r, sc)
	case "run":
		if known := []string{"id", "flow", "version", "now"}; len(r.members) > 0 && !slices.Contains(known, r.members[0]) {
			b.problem(e.Path, e.Text+": a run has no "+r.members[0], strictyaml.Suggest(r.members[0], known))
		}
	}
}

func unseen(name string, sc scope) string {
	switch name {
	case "item", "index":
		return name + " is seen within an each"
	case "record":
		return "record is seen in where"
	case "change":
		return "change is seen in the where of a change trigger"
	}
	return "known: " + joinNames(sc.names)
}

func joinNames(names map[string]bool) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(names)) {
		text += ", " + name
	}
	return text[min(2, len(text)):]
}

func (b *builder) param(e *Expr, r ref, sc scope) {
	var names []string
	for _, p := range b.flow.Parameters {
		names = append(names, p.Name)
		if p.Type == Secret && !sc.secrets && (len(r.members) == 0 || r.members[0] == p.Name) {
			b.problem(e.Path, e.Text+": the secret "+p.Name+" would be stored and shown", "use it in request, in the url and secret of a webhook, and in the parameters of a call")
		}
	}
	if len(r.members) > 0 && !slices.Contains(names, r.members[0]) {
		b.problem(e.Path, e.Text+": unknown parameter "+strconv.Quote(r.members[0]), strictyaml.Suggest(r.members[0], names)+"; parameters are named in parameters")
	}
}

// resultOf checks that a result is there.
func (b *builder) resultOf(e *Expr, r ref, sc scope) {
	if len(r.members) == 0 {
		b.problem(e.Path, e.Text+": steps stands without the id of a step", "write steps.id")
		return
	}
	id := r.members[0]
	s := b.flow.Step(id)
	switch {
	case s == nil:
		b.problem(e.Path, e.Text+": there is no step "+id, strictyaml.Suggest(id, slices.Sorted(maps.Keys(sc.steps))))
	case s.Kind == StepList:
		b.problem(e.Path, e.Text+": a list has no result", "it is read by an each, as in: "+id)
	case sc.steps[id]:
		b.result(e, s, r.members[1:])
	case b.eachAround(id) != "" && b.eachAround(id) != sc.each:
		b.problem(e.Path, e.Text+": "+id+" is done for each item of "+b.eachAround(id)+", outside there is none", "take the counts of steps."+b.eachAround(id))
	default:
		b.problem(e.Path, e.Text+": "+id+" is not done yet at this step", "name a step before it")
	}
}

// eachAround gives the id of the each that a step is in.
func (b *builder) eachAround(id string) (around string) {
	b.flow.visit(func(s *Step) {
		if s.Each != nil {
			visitSteps(s.Each.Steps, func(in *Step) {
				if in.ID == id {
					around = s.ID
				}
			})
		}
	})
	return around
}

// results are the members of what a step comes to, where they are always the same.
func results(s *Step) []string {
	switch s.Kind {
	case StepWrite:
		return []string{"id", "remote_id", "version", "status", "operation"}
	case StepRequest:
		return []string{"status", "headers", "body"}
	case StepWait:
		return []string{"until"}
	case StepCall:
		return []string{"run", "state", "counts", "output"}
	case StepEach:
		return []string{"in", "ok", "failed", "skipped", "cancelled"}
	case StepBranch:
		return []string{"branch"}
	case StepTransform:
		if s.Transform == nil || s.Transform.members == nil {
			return nil
		}
		var names []string
		for _, m := range s.Transform.members {
			names = append(names, m.Name)
		}
		return names
	}
	return nil
}

func (b *builder) result(e *Expr, s *Step, members []string) {
	known := results(s)
	if s.OnError == Continue {
		known = append(slices.Clone(known), "error")
	}
	if len(members) > 0 && results(s) != nil && !slices.Contains(known, members[0]) {
		b.problem(e.Path, e.Text+": the result of "+s.ID+" has no "+members[0], strictyaml.Suggest(members[0], known))
	}
}
