package sqldb

import (
	"cmp"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// sending is the `send:` section of create, update and delete. What an update and a delete do not say is as in create.
type sending struct {
	Table   string           `yaml:"table"` // that is written; absent: the one that is read
	filling `yaml:",inline"` //
	Version string           `yaml:"version"` // a column that changes with every change of the row
	Lists   map[string]child `yaml:"lists"`   // member: rows of another table, which are written in the same transaction
}

// filling is what is written beside what the caller gives.
type filling struct {
	Set map[string]any `yaml:"set"` // columns and their values
	Now []string       `yaml:"now"` // columns that get the database's time
}

// child is a table whose rows belong to one of the entity. On and Key are as in read.with where they are not given.
type child struct {
	Table    string            `yaml:"table"`
	On       map[string]string `yaml:"on"`
	Key      []string          `yaml:"key"`
	Numbered string            `yaml:"numbered"` // a column of the key that counts the rows of one parent
	filling  `yaml:",inline"`
}

// moving is the `send:` section of a move: columns that are set, or a procedure that is called with the key.
type moving struct {
	filling `yaml:",inline"`
	Call    string `yaml:"call"`
}

func sendingOf(e *manifest.Entity, r *reading, op manifest.Op) (*sending, manifest.Problems) {
	s := &sending{}
	problems := e.Operations[op].Send.Decode(s)
	if create, ok := e.Operations[manifest.Create]; ok && op != manifest.Create {
		base := &sending{}
		create.Send.Decode(base) // its problems are told where it stands
		s.Table = cmp.Or(s.Table, base.Table)
		if s.Lists == nil {
			s.Lists = base.Lists
		}
	}
	s.Table = cmp.Or(s.Table, r.Table)
	lists := map[string]child{}
	for member, l := range s.Lists {
		with := r.With[member]
		l.Table = cmp.Or(l.Table, with.Table)
		if l.On == nil {
			l.On = with.On
		}
		if l.Key == nil {
			l.Key = with.Key
		}
		lists[member] = l
	}
	s.Lists = lists
	return s, problems
}

// checkWrites reports every problem in how the entity is written.
func checkWrites(e *manifest.Entity, r *reading) (problems manifest.Problems) {
	for _, op := range manifest.Ops() {
		o, ok := e.Operations[op]
		if !ok {
			continue
		}
		if o.Send.Node != nil {
			s, mistakes := sendingOf(e, r, op)
			problems = append(append(problems, mistakes...), s.check(e, o.Send)...)
		}
		if o.Bulk != nil {
			problems = append(problems, o.Bulk.Send.Decode(&struct{}{})...)
		}
		for _, rung := range o.Ladder {
			problems = append(problems, checkRung(rung)...)
		}
	}
	if e.Moves != nil {
		for _, m := range e.Moves.Rows {
			problems = append(problems, checkMove(m)...)
		}
	}
	return problems
}

func checkRung(rung manifest.Rung) manifest.Problems {
	if rung.Class == manifest.W1 {
		return manifest.Problems{rung.Find.Problem("a database knows no keys of requests", "declare W2 or W3")}
	}
	if rung.Find.Node == nil {
		return nil
	}
	var f finding
	problems := rung.Find.Decode(&f)
	want, given := f.Column, "column"
	if rung.Class == manifest.W4 {
		want, given = f.Since, "since"
	}
	if want == "" || f.Column != "" && f.Since != "" {
		problems = append(problems, rung.Find.Problem("does not say in which column "+string(rung.Class)+" looks", "write "+given+": its name, and nothing else"))
	}
	return append(problems, checkNames(rung.Find, []string{cmp.Or(want, "x")})...)
}

func checkMove(m manifest.Move) manifest.Problems {
	if m.Send.Node == nil {
		return nil
	}
	var v moving
	problems := m.Send.Decode(&v)
	if (v.Call == "") == (len(v.Set) == 0) {
		problems = append(problems, m.Send.Problem("says not what makes the change", "write either set: {column: value} or call: procedure"))
	}
	if v.Call != "" {
		if _, err := splitName(v.Call); err != nil {
			problems = append(problems, m.Send.Problem(err.Error(), "write name, or schema.name", "call"))
		}
	}
	return append(problems, v.filling.check(m.Send)...)
}

func (f filling) check(o manifest.Options, at ...string) (problems manifest.Problems) {
	problems = checkNames(o, slices.Concat(slices.Sorted(maps.Keys(f.Set)), f.Now), at...)
	for _, name := range slices.Sorted(maps.Keys(f.Set)) {
		if !isScalar(f.Set[name]) {
			problems = append(problems, o.Problem("a value is a text, a number, true or false", "write such a value", append(slices.Clone(at), "set", name)...))
		}
	}
	return problems
}

func (s *sending) check(e *manifest.Entity, o manifest.Options) manifest.Problems {
	problems := s.filling.check(o)
	if s.Table == "" {
		problems = append(problems, o.Problem("the rows come from a query, which cannot be written", "write table: the one that is written"))
	} else if _, err := splitName(s.Table); err != nil {
		problems = append(problems, o.Problem(err.Error(), "write name, or schema.name", "table"))
	}
	if s.Version != "" {
		problems = append(problems, checkNames(o, []string{s.Version}, "version")...)
	}
	for _, member := range slices.Sorted(maps.Keys(s.Lists)) {
		problems = append(problems, s.Lists[member].check(e, o, member)...)
	}
	return problems
}

func (l child) check(e *manifest.Entity, o manifest.Options, member string) manifest.Problems {
	problems := l.filling.check(o, "lists", member)
	_, err := splitName(l.Table)
	if err != nil || len(l.On) == 0 || len(l.Key) == 0 {
		problems = append(problems, o.Problem("says not where these rows are written", "write table, on and key, or read them with read.with."+member, "lists", member))
	}
	if l.Numbered != "" && !slices.Contains(l.Key, l.Numbered) {
		problems = append(problems, o.Problem("numbered names no column of the key", "name one of key", "lists", member, "numbered"))
	}
	if _, updates := e.Operations[manifest.Update]; updates && e.Lists != manifest.ListsChanged {
		problems = append(problems, o.Problem("an update must say what becomes of each row", "write lists: changes in the entity", "lists", member))
	}
	return problems
}
