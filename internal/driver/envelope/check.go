package envelope

import (
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Check reports every problem in the options of a manifest.
func Check(l Language, s *manifest.System) manifest.Problems {
	connection, problems := l.Connection(s.Options)
	if len(problems) == 0 {
		c := checker{options: s.Options, system: s, language: l}
		c.connection(connection)
		problems = c.problems
	}
	for _, e := range s.Entities {
		o, more := l.Reading(e)
		if len(more) == 0 {
			c := checker{options: e.Read, system: s, language: l}
			c.reading(e, o)
			c.writes(e, o)
			more = c.problems
		}
		problems = append(problems, more...)
	}
	return problems
}

// checker collects what is wrong with one part of a manifest.
type checker struct {
	options  manifest.Options
	system   *manifest.System
	language Language
	problems manifest.Problems
}

func (c *checker) wrong(message, mend string, at ...string) {
	c.problems = append(c.problems, c.options.Problem(message, mend, at...))
}

// needs checks that an option that is needed is there, and one that nothing reads is not.
func (c *checker) needs(what string, need, given bool, at ...string) {
	name := at[len(at)-1]
	switch {
	case need && !given:
		c.wrong(what+" needs "+name, "write "+name+": ...", at...)
	case !need && given:
		c.wrong(what+" has no use for "+name, "remove it", at...)
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

// template checks that every {name} is a field of the login; secret ones only where they stay out of the address.
func (c *checker) template(text string, secret bool, at ...string) {
	if strings.Count(text, "{") != len(manifest.Placeholders(text)) {
		c.wrong("has an open {", "write {name of a field of the login}", at...)
	}
	for _, name := range manifest.Placeholders(text) {
		switch known, isSecret := c.field(name); {
		case !known:
			c.wrong("{"+name+"} is not a field of the login", "name one of auth's fields", at...)
		case isSecret && !secret:
			c.wrong("{"+name+"} is secret and would be part of an address", "send it in a header", at...)
		}
	}
}

func (c *checker) connection(o *Connection) {
	c.template(o.URL, false, "url")
	if !strings.HasPrefix(o.URL, "{") && !strings.HasPrefix(o.URL, "https://") {
		c.wrong("is not an address", "begin with {url} (a credential field) or https://", "url")
	}
	for name, text := range o.Headers {
		c.template(text, true, "headers", name)
	}
	c.problems = append(c.problems, login.Check(c.system, o.Options)...)
	for _, m := range c.system.Auth {
		for _, f := range m.Fields {
			if isReserved(f.Name) {
				c.wrong("the field "+f.Name+" of the login is called like a placeholder of calls", "give it another name", "auth")
			}
		}
	}
	for _, text := range o.Also {
		c.template(text, true, "security")
	}
	c.call(o.Probe, nil, nil, "probe")
}

// call checks a call: it takes what it must, and nothing but that, what it may and the login's fields.
func (c *checker) call(call Call, must, may []string, at ...string) {
	problems := call.Check(c.options, at...)
	c.problems = append(c.problems, problems...)
	if len(problems) > 0 {
		return
	}
	taken := call.Takes()
	for _, name := range must {
		if !slices.Contains(taken, name) {
			c.wrong("takes no {"+name+"}", "write {"+name+"} where it goes", at...)
		}
	}
	for _, name := range taken {
		known, _ := c.field(name)
		if !known && !slices.Contains(must, name) && !slices.Contains(may, name) {
			c.wrong("{"+name+"} stands for nothing here", "write one of "+braced(append(slices.Clone(must), may...))+" or a field of the login", at...)
		}
	}
}

func braced(names []string) string {
	if len(names) == 0 {
		return "no other"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}

func (c *checker) reading(e *manifest.Entity, o *Reading) {
	must := c.list(o)
	if o.ChangedSince != nil {
		must = append(must, "since")
	}
	if o.History != nil {
		must = append(must, "history")
	}
	c.call(o.Call, must, []string{"size"})
	if o.Newest != nil {
		c.call(o.Newest, nil, []string{"size"}, "newest")
	}
	if o.One != nil {
		c.identified(e, o.One, nil, "one")
		c.needs("one", true, len(o.Single.Record) > 0, "one", "record")
	}
	if e.Hot != nil {
		hot := *c
		hot.options, hot.problems = e.Hot.Read, nil
		hot.call(o.Hot, pagingNames(o.Paging), []string{"size", "since", "history"})
		c.problems = append(c.problems, hot.problems...)
	}
	c.incremental(e, o)
}

// identified checks a call about one record, which must name it, wholly or by each of its parts.
func (c *checker) identified(e *manifest.Entity, call Call, may []string, at ...string) {
	var parts []string
	for i := range e.ID {
		parts = append(parts, "id."+strconv.Itoa(i+1))
	}
	taken := call.Takes()
	byParts := !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(taken, p) })
	if slices.Contains(taken, "id") || !byParts {
		c.call(call, []string{"id"}, append(may, parts...), at...)
		return
	}
	c.call(call, parts, may, at...)
}

func pagingNames(p Paging) []string {
	if p.Style == "none" {
		return nil
	}
	return []string{p.Style}
}

// list checks how a list goes on, and gives the placeholders that it needs.
func (c *checker) list(o *Reading) []string {
	p := o.Paging
	c.needs("a list", true, len(o.Records) > 0, "records")
	c.needs("the style "+p.Style, p.Style == "cursor", len(p.Next) > 0, "paging", "next")
	if p.Style != "page" && p.First != DefaultPaging().First {
		c.needs("the style "+p.Style, false, true, "paging", "first")
	}
	if p.Style == "none" {
		c.needs("the style none", false, len(p.More) > 0, "paging", "more")
	}
	if p.Max < 0 || p.Max == 1 {
		c.wrong("is too small", "write the largest number that the system gives at once, 2 at least", "paging", "max")
	}
	c.result(o.Result)
	return pagingNames(p)
}

func (c *checker) result(r *Result) {
	if r == nil {
		return
	}
	if len(r.Success)+len(r.Failures) == 0 {
		c.wrong("nothing tells success from failure", "write success and value, or failures", "result")
	}
	c.needs("result", len(r.Success) > 0, r.Value != "", "result", "value")
}

// incremental checks that what the manifest promises about changes can be kept.
func (c *checker) incremental(e *manifest.Entity, o *Reading) {
	switch {
	case o.Order == byModification && len(e.UpdatedAt) == 0:
		c.wrong("order: modified needs the time of the last change", "add updated_at to the entity", "order")
	case e.Cursor != nil && o.ChangedSince == nil:
		c.wrong("the entity has a cursor, but no filter for changes", "add changed_since and {since}, or remove the cursor", "changed_since")
	case e.Cursor != nil && o.Order != byModification && o.Newest == nil:
		c.wrong("the entity has a cursor, but nothing tells how far a run has come", "sort by change and write order: modified, or add newest", "order")
	}
	if o.Newest != nil && len(e.UpdatedAt) == 0 {
		c.wrong("newest needs the time of the last change", "add updated_at to the entity", "newest")
	}
	switch {
	case len(e.History) > 0 && o.History == nil:
		c.wrong("the entity has a historical period, but no filter for it", "add history and {history}, or remove the entity's", "history")
	case len(e.History) == 0 && o.History != nil:
		c.wrong("the filter is never used", "say with the entity's history which field it filters by", "history")
	}
}
