package odata

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Check implements driver.Driver.
func (Driver) Check(s *manifest.System) manifest.Problems {
	connect, problems := decodeConnect(s)
	if len(problems) == 0 {
		c := checker{options: s.Options, system: s}
		c.connect(connect)
		problems = c.problems
	}
	for _, e := range s.Entities {
		r, more := decodeRead(e, connect)
		if len(more) == 0 {
			c := checker{options: e.Read, system: s}
			c.read(r)
			more = append(c.problems, checkWrites(s, connect, r)...)
		}
		problems = append(problems, more...)
	}
	return problems
}

// checker collects what is wrong with one part of a manifest.
type checker struct {
	options  manifest.Options
	system   *manifest.System
	problems manifest.Problems
}

func (c *checker) wrong(message, mend string, at ...string) {
	c.problems = append(c.problems, c.options.Problem(message, mend, at...))
}

// oneOf checks a word against those that are known; one that is not written is not checked.
func (c *checker) oneOf(word string, known []string, at ...string) {
	if word != "" && !slices.Contains(known, word) {
		c.wrong("unknown word "+word, "write one of "+strings.Join(known, ", "), at...)
	}
}

func (c *checker) connect(o *connectOptions) {
	c.template(o.URL, false, "url")
	if !strings.HasPrefix(o.URL, "{") && !strings.HasPrefix(o.URL, "https://") {
		c.wrong("is not an address", "begin with {url} (a credential field) or https://", "url")
	}
	c.problems = append(c.problems, login.Check(c.system, o.Options)...)
	for _, name := range sortedKeys(o.Headers) {
		c.template(o.Headers[name], true, "headers", name)
	}
	for _, name := range sortedKeys(o.Query) {
		c.template(o.Query[name], false, "query", name)
	}
}

// template checks that every {name} is a credential field; secret ones only where they stay out of addresses.
func (c *checker) template(text string, secret bool, at ...string) {
	if strings.Count(text, "{") != len(manifest.Placeholders(text)) {
		c.wrong("has an open {", "write {name of a credential field}", at...)
	}
	for _, name := range manifest.Placeholders(text) {
		known, isSecret := c.field(name)
		switch {
		case !known:
			c.wrong("{"+name+"} is not a field of the login", "name one of auth's fields", at...)
		case isSecret && !secret:
			c.wrong("{"+name+"} is secret and would be part of an address or of a record", "send it in a header", at...)
		}
	}
}

func (c *checker) field(name string) (known, secret bool) {
	for _, m := range c.system.Auth {
		for _, f := range m.Fields {
			if f.Name == name {
				return true, f.Secret
			}
		}
	}
	return false, false
}

func (c *checker) read(r *reading) {
	for _, name := range sortedKeys(r.Query) {
		c.template(r.Query[name], false, "query", name)
	}
	for _, name := range sortedKeys(r.Types) {
		c.kind(r, name)
	}
	for _, name := range sortedKeys(r.Times) {
		if len(r.Times[name]) != 2 {
			c.wrong("is not made of two members", "write [member with the date, member with the time]", "times", name)
		}
	}
	for _, name := range sortedKeys(r.Picks) {
		if len(r.Picks[name].Where) == 0 {
			c.wrong("says nothing of the kind", "write where: {member: text}", "picks", name)
		}
	}
	if r.Order == byModification && !r.stampIsOne() {
		c.wrong("order: modified needs one member that holds the instant of the last change", "write order: key, or updated_at: a member of type datetimeoffset", "order")
	}
	if r.Stable && r.Paging.Style != byLink {
		c.wrong("only links can be stable", "remove it", "stable")
	}
	for _, p := range r.entity.ID {
		if p[0] == keyMember && !r.ownKey {
			c.wrong("the id is "+keyMember+", and nothing says what it is made of", "write key: [members of the set's key]", "key")
		}
	}
	for _, name := range r.fixed {
		if _, ok := literal(r.Protocol, r.typeOf(name, typeString), r.Fixed[name]); !ok {
			c.wrong("is not a "+r.typeOf(name, typeString), "write its type under types, and its value plainly", "fixed", name)
		}
	}
	if computes(r.entity.Fields) && r.Select == nil {
		c.wrong("an expression reads members that cannot be told from the mapping", `write select: [members], or select: ["*"]`, "select")
	}
}

// kind checks a member's type.
func (c *checker) kind(r *reading, name string) {
	word := r.Types[name]
	if strings.HasPrefix(word, "enum ") {
		return
	}
	if _, ok := forms()[word]; !ok {
		c.wrong("unknown type "+word, "write one of "+strings.Join(sortedKeys(forms()), ", ")+", or enum Namespace.Type", "types", name)
	}
}

// computes tells whether a field is made by an expression.
func computes(fields []*manifest.FieldMap) bool {
	return slices.ContainsFunc(fields, func(f *manifest.FieldMap) bool { return f.Expr != "" || computes(f.Fields) })
}

// checkWrites checks everything that an entity says of how it is written.
func checkWrites(s *manifest.System, connect *connectOptions, r *reading) (problems manifest.Problems) {
	e := r.entity
	for _, name := range manifest.Ops() {
		op := e.Operations[name]
		if op.Send.Node != nil {
			problems = append(problems, checkSend(s, connect, r, name, op, op.Send)...)
		}
		if op.Bulk != nil {
			o, more := decodeBulk(op.Bulk.Send)
			if len(more) == 0 && o.Function+o.Action != "" {
				more = append(more, op.Bulk.Send.Problem("a batch holds writes of records", "remove it", "function"))
			}
			problems = append(problems, more...)
		}
		for _, rung := range op.Ladder {
			if rung.Class == manifest.W1 {
				problems = append(problems, op.Send.Problem("the protocol has no key for a request", "declare another class"))
			}
			if rung.Find.Node != nil {
				problems = append(problems, checkFind(rung)...)
			}
		}
	}
	if e.Moves == nil {
		return problems
	}
	for _, m := range e.Moves.Rows {
		if m.Send.Node != nil {
			problems = append(problems, checkSend(s, connect, r, "move", manifest.Operation{Insists: e.Operations[manifest.Update].Insists}, m.Send)...)
		}
	}
	return problems
}

// checkSend checks one call.
func checkSend(s *manifest.System, connect *connectOptions, r *reading, name manifest.Op, op manifest.Operation, send manifest.Options) manifest.Problems {
	o, problems := decodeSend(send)
	if len(problems) > 0 {
		return problems
	}
	c := checker{options: send, system: s}
	calls := o.Function + o.Action
	switch {
	case o.Function != "" && o.Action != "":
		c.wrong("a call is a function import or an action", "write one of them", "action")
	case calls != "" && name != "move":
		c.wrong("only a move calls a function or an action", "remove it", map[bool]string{true: "function", false: "action"}[o.Function != ""])
	case o.Function != "" && r.Protocol == v4:
		c.wrong("a function import is a call of version 2", "write action", "function")
	case o.Action != "" && r.Protocol == v2:
		c.wrong("an action is a call of version 4", "write function", "action")
	case o.Function != "":
		c.oneOf(o.Method, []string{"POST", "GET"}, "method")
	default:
		c.oneOf(o.Method, []string{"PATCH", "MERGE", "PUT"}, "method")
	}
	for member, value := range o.Body {
		if text, ok := value.(string); ok {
			c.template(text, false, "body", member)
		}
	}
	if name == "move" && calls == "" && len(o.Body) == 0 {
		c.wrong("says nothing of how the status changes", "write function, action or body", "body")
	}
	if o.Function == "" && o.Parameters != nil {
		c.wrong("only a function import takes parameters", "remove it", "parameters")
	}
	if o.Set != "" && name != manifest.Create {
		c.wrong("a record that is there is in the set that it is read from", "remove it", "set")
	}
	if op.Insists && connect.IfMatch != nil && !*connect.IfMatch {
		c.wrong("the operation insists, and the system knows no entity tags", "leave insists out")
	}
	return c.problems
}

func checkFind(rung manifest.Rung) manifest.Problems {
	o, problems := decodeFind(rung.Find)
	if len(problems) > 0 {
		return problems
	}
	c := checker{options: rung.Find}
	switch {
	case rung.Class == manifest.W4 && o.Since == "":
		c.wrong("W4 needs the member that says when a record was made", "write since: member", "since")
	case rung.Class != manifest.W4 && o.Since != "":
		c.wrong(string(rung.Class)+" has no use for since", "remove it", "since")
	case rung.Class == manifest.W4 && o.Member != "":
		c.wrong("W4 has no use for member", "remove it", "member")
	}
	return c.problems
}
