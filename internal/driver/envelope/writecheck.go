package envelope

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// writes checks everything that an entity says of how it is written.
func (c *checker) writes(e *manifest.Entity, read *Reading) {
	written := false
	for _, name := range manifest.Ops() {
		op, ok := e.Operations[name]
		written = written || ok
		if op.Send.Node != nil {
			c.send(e, name, op.Send, op, "members")
		}
		if op.Bulk != nil {
			bulk := checker{options: op.Bulk.Send}
			bulk.wrong("writes of this protocol are sent one by one", "remove bulk")
			c.problems = append(c.problems, bulk.problems...)
		}
		for _, r := range op.Ladder {
			if r.Find.Node != nil {
				c.find(r, read)
			}
		}
	}
	if e.Moves != nil {
		for _, m := range e.Moves.Rows {
			if m.Send.Node != nil {
				c.send(e, manifest.Update, m.Send, manifest.Operation{Insists: e.Operations[manifest.Update].Insists})
			}
		}
	}
	if written && read.One == nil {
		c.wrong("an entity that is written needs one: how one record is read", "write one: ...", "one")
	}
}

// send checks one call of a write; members are what it must take besides the record's id.
func (c *checker) send(e *manifest.Entity, name manifest.Op, o manifest.Options, op manifest.Operation, members ...string) {
	s, problems := sending(c.language, o, name)
	if len(problems) > 0 {
		c.problems = append(c.problems, problems...)
		return
	}
	inner := checker{options: o, system: c.system, language: c.language}
	may := []string{"mark"}
	if name != manifest.Delete && len(members) > 0 {
		may = append(may, "members")
		if !slices.Contains(s.Call.Takes(), "members") {
			inner.wrong("takes no {members}", "write {members} where the members of the record go")
		}
	}
	if len(s.Version) > 0 {
		may = append(may, "version")
	}
	if name == manifest.Create {
		inner.call(s.Call, nil, may)
	} else {
		inner.identified(e, s.Call, may)
	}
	inner.outcome(s, op)
	c.problems = append(c.problems, inner.problems...)
}

// outcome checks what an answer is taken for, and what the operation promises of it.
func (c *checker) outcome(s *Sending, op manifest.Operation) {
	c.needs("answer: "+s.Answer, s.Answer == answerRecord, len(s.Record) > 0, "record")
	if s.Answer != answerRecord {
		c.needs("answer: "+s.Answer, s.Answer == answerID, len(s.ID) > 0, "id")
	}
	c.result(s.Result)
	taken := s.Call.Takes()
	if op.Insists && (len(s.Version) == 0 || !slices.Contains(taken, "version")) {
		c.wrong("the operation insists, and nothing tells the system on which version", "write version: a path, and {version} where it goes, or leave insists out", "version")
	}
	if slices.ContainsFunc(op.Ladder, func(r manifest.Rung) bool { return r.Class == manifest.W1 }) && !slices.Contains(taken, "mark") {
		c.wrong("W1 needs a key that the system knows again", "write {mark} where the key goes, or declare another class")
	}
}

// find checks a search.
func (c *checker) find(r manifest.Rung, read *Reading) {
	f, problems := c.language.Finding(r.Find, read)
	if len(problems) > 0 {
		c.problems = append(c.problems, problems...)
		return
	}
	inner := checker{options: r.Find, system: c.system, language: c.language}
	must := append(inner.list(f), "value")
	if r.Class == manifest.W4 {
		must[len(must)-1] = "since"
	}
	inner.call(f.Call, must, []string{"size"})
	c.problems = append(c.problems, inner.problems...)
}
