package odoorpc

import (
	"cmp"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// sending is the `send:` section of create, update and delete. Members are named as Odoo names its fields.
type sending struct {
	Model   string           `yaml:"model"` // that is written; absent: the one that is read
	filling `yaml:",inline"` //
	Lists   map[string]child `yaml:"lists"`  // records that belong to this one: order_line
	Unique  []string         `yaml:"unique"` // members of which no two records have the same
}

// filling says how the members of a record are filled.
type filling struct {
	Set     map[string]any    `yaml:"set"`     // members of a new record that the write does not give
	Lookups map[string]finder `yaml:"lookups"` // members that name another record by one of its own members
	Form    *form             `yaml:"form"`    // what Odoo's own form fills in
}

// finder names a record by one of its members, which must be that of exactly one.
type finder struct {
	Model string `yaml:"model" manifest:"required"`
	By    string `yaml:"by" manifest:"required"`
}

// form asks Odoo what its form fills in when one of the members On is entered, and takes the members Take that the write does not give.
type form struct {
	On   []string `yaml:"on" manifest:"required"`
	Take []string `yaml:"take" manifest:"required"`
}

// child is a model whose records belong to one of the entity.
type child struct {
	Model   string  `yaml:"model" manifest:"required"`
	Parent  *parent `yaml:"parent"` // for its form
	filling `yaml:",inline"`
}

// parent is what a child's form needs of its holder.
type parent struct {
	Field string   `yaml:"field" manifest:"required"` // of the child, to the holder: order_id
	With  []string `yaml:"with" manifest:"required"`  // members of the holder: partner_id, currency_id
}

// pressing is the `send:` section of a move: a button of Odoo's form.
type pressing struct {
	Call string `yaml:"call" manifest:"required"`
}

// searching is the `find:` section of a rung: "$value" in the domain stands for the key or mark, "$since" for the instant.
type searching struct {
	Domain []any `yaml:"domain" manifest:"required"`
}

// sendingOf decodes how an operation is sent. An update is sent as a create is, but for what it says itself.
func sendingOf(e *manifest.Entity, r *reading, op manifest.Op) (*sending, manifest.Problems) {
	s := &sending{}
	problems := e.Operations[op].Send.Decode(s)
	if op == manifest.Update {
		if create, ok := e.Operations[manifest.Create]; ok {
			base := &sending{}
			create.Send.Decode(base) // its problems are told where it stands
			s.inherit(base)
		}
	}
	s.Model = cmp.Or(s.Model, r.Model)
	return s, problems
}

func (s *sending) inherit(base *sending) {
	if s.Lookups == nil {
		s.Lookups = base.Lookups
	}
	if s.Lists == nil {
		s.Lists = base.Lists
	}
	if s.Unique == nil {
		s.Unique = base.Unique
	}
	s.Model = cmp.Or(s.Model, base.Model)
}

// checkWrites reports every problem in how the entity is written.
func checkWrites(e *manifest.Entity, r *reading) manifest.Problems {
	var problems manifest.Problems
	for _, op := range manifest.Ops() {
		o, ok := e.Operations[op]
		if !ok {
			continue
		}
		if o.Insists {
			problems = append(problems, o.Send.Problem("Odoo refuses no change of a record that has changed since it was read", "leave insists out, and write fresh: true"))
		}
		if o.Send.Node != nil {
			_, mistakes := sendingOf(e, r, op)
			problems = append(problems, mistakes...)
		}
		if o.Bulk != nil {
			problems = append(problems, checkBulk(op, o)...)
		}
		for _, rung := range o.Ladder {
			if rung.Find.Node != nil {
				problems = append(problems, rung.Find.Decode(&searching{})...)
			}
		}
	}
	return append(problems, checkMoves(e)...)
}

// checkBulk knows that an answer to many creates is told apart by the mark, which a record beside the new one carries.
func checkBulk(op manifest.Op, o manifest.Operation) manifest.Problems {
	problems := o.Bulk.Send.Decode(&struct{}{})
	if op == manifest.Update {
		problems = append(problems, o.Bulk.Send.Problem("Odoo changes several records at once only alike", "leave bulk out"))
	}
	marked := slices.ContainsFunc(o.Ladder, func(r manifest.Rung) bool { return r.Class == manifest.W3 && len(r.Member) == 2 })
	if op == manifest.Create && !marked {
		problems = append(problems, o.Bulk.Send.Problem("nothing tells which record came of which write", "declare a rung of W3 whose member is in a list, such as message_ids./subject, or leave bulk out"))
	}
	return problems
}

func checkMoves(e *manifest.Entity) manifest.Problems {
	var problems manifest.Problems
	if e.Moves == nil {
		return nil
	}
	for _, m := range e.Moves.Rows {
		if m.Send.Node != nil {
			problems = append(problems, m.Send.Decode(&pressing{})...)
		}
	}
	return problems
}
