package rest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
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
		read, more := decodeRead(e, connect.Lists)
		if len(more) == 0 {
			c := checker{options: e.Read, system: s}
			c.read(e, read)
			more = append(c.problems, checkWrites(s, e, read)...)
		}
		problems = append(problems, more...)
	}
	return problems
}

// checker collects what is wrong with one part of a manifest.
type checker struct {
	options  manifest.Options
	system   *manifest.System
	ids      int // of so many parts is the record's id that paths and queries may take; 0: there is none
	problems manifest.Problems
}

func (c *checker) wrong(message, mend string, at ...string) {
	c.problems = append(c.problems, c.options.Problem(message, mend, at...))
}

// needs checks that an option that a style needs is there, and those that it has no use for are not.
func (c *checker) needs(style string, need bool, given bool, at ...string) {
	name := at[len(at)-1]
	switch {
	case need && !given:
		c.wrong(style+" needs "+name, "write "+name+": ...", at...)
	case !need && given:
		c.wrong(style+" has no use for "+name, "remove it", at...)
	}
}

func (c *checker) connect(o *connectOptions) {
	c.template(o.URL, false, "url")
	if !strings.HasPrefix(o.URL, "{") && !strings.HasPrefix(o.URL, "https://") {
		c.wrong("is not an address", "begin with {url} (a credential field) or https://", "url")
	}
	c.problems = append(c.problems, login.Check(c.system, o.Options)...)
	for name, text := range o.Headers {
		c.template(text, true, "headers", name)
	}
	c.template(o.Probe.Path, false, "probe", "path")
	for name, text := range o.Probe.Query {
		c.template(text, false, "probe", "query", name)
	}
	c.sentences(o.Errors.Sentences)
}

// template checks that every {name} is a credential field; secret ones only where they stay out of addresses.
func (c *checker) template(text string, secret bool, at ...string) {
	if strings.Count(text, "{") != len(manifest.Placeholders(text)) {
		c.wrong("has an open {", "write {name of a credential field}", at...)
	}
	for _, name := range manifest.Placeholders(text) {
		known, isSecret := c.field(name)
		switch {
		case c.ids > 0 && c.part(name):
		case !known:
			c.wrong("{"+name+"} is not a field of the login", "name one of auth's fields", at...)
		case isSecret && !secret:
			c.wrong("{"+name+"} is secret and would be part of an address", "send it in a header", at...)
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

func (c *checker) read(e *manifest.Entity, o *readOptions) {
	c.template(o.Path, false, "path")
	for name, text := range o.Query {
		c.template(text, false, "query", name)
	}
	for name, text := range o.hot {
		hot := checker{options: e.Hot.Read, system: c.system}
		hot.template(text, false, "query", name)
		c.problems = append(c.problems, hot.problems...)
	}
	if o.Newest != nil {
		for name, text := range o.Newest.Query {
			c.template(text, false, "newest", "query", name)
		}
	}
	if o.Body != "" && (o.Method != "POST" || rawjson.Valid([]byte(o.Body)) != nil) {
		c.wrong("a body is JSON text and goes with method: POST", "", "body")
	}
	if o.One != nil {
		one := checker{options: e.Read, system: c.system, ids: len(e.ID)}
		one.about(o.One.Path, o.One.Query, "one")
		c.problems = append(c.problems, one.problems...)
	}
	c.repeated(o.Repeat, "repeat")
	if o.One != nil {
		c.repeated(o.One.Repeat, "one", "repeat")
	}
	if limit := c.system.Limits.Concurrency; o.Each < 0 || limit > 0 && o.Each > limit {
		c.wrong("is no number of calls", "write how many records may be read side by side: 1, or up to limits.concurrency", "each")
	}
	c.paging(o.Paging)
	c.filter(o.ChangedSince, "changed_since")
	c.filter(o.History, "history")
	c.joined(o.Joined)
	c.incremental(e, o)
}

// repeated checks the values of parameters that have several.
func (c *checker) repeated(r repeated, at ...string) {
	for name, values := range r {
		for _, text := range values {
			c.template(text, false, append(slices.Clone(at), name)...)
		}
	}
}

func (c *checker) paging(p pagingOptions) {
	if p.Style == "" {
		c.wrong("is missing", "write how lists are paged, style: none if they are not", "paging", "style")
		return
	}
	counted := p.Style == "offset" || p.Style == "page" || p.Style == "keyset"
	c.needs("the style "+p.Style, counted || p.Style == "cursor", p.Param != "", "paging", "param")
	c.needs("the style "+p.Style, p.Style == "cursor" || p.Style == "link" && p.Header == "", len(p.Next) > 0, "paging", "next")
	c.needs("the style "+p.Style, p.Style == "keyset", len(p.Key) > 0, "paging", "key")
	c.useless(p)
	if p.Header != "" && p.Style != "link" {
		c.wrong("only the style link reads a header", "remove it", "paging", "header")
	}
	if p.End == endShort && p.Size == "" {
		c.wrong("a short page is known only by the size that was asked for", "add size, or leave out end", "paging", "end")
	}
	if limit := c.system.Limits.Concurrency; counted && limit > 0 && p.Concurrent > limit {
		c.wrong("more pages at once than calls", "write at most limits.concurrency, or raise that", "paging", "concurrent")
	}
	if p.Concurrent < 0 {
		c.wrong("is negative", "write how many pages may be asked for side by side", "paging", "concurrent")
	}
	if p.Max < 0 {
		c.wrong("is negative", "write the largest number that the system gives at once", "paging", "max")
	}
}

// useless names the options that the style never reads: whoever wrote them expects them to do something.
func (c *checker) useless(p pagingOptions) {
	counted := p.Style == "offset" || p.Style == "page"
	for _, o := range []struct {
		name        string
		given, read bool
	}{
		{"pages", len(p.Pages) > 0, p.Style == "page"},
		{"first", p.First != defaultPaging().First, p.Style == "page"},
		{"more", len(p.More) > 0, counted || p.Style == "cursor"},
		{"end", p.End == endShort, counted || p.Style == "keyset"},
		{"text", p.Text != "", p.Style == "keyset"},
		{"from", p.From != "", p.Style == "keyset"},
		{"size", p.Size != "", p.Style != "none"},
		{"max", p.Max > 0, p.Style != "none"},
		{"concurrent", p.Concurrent != 0, counted},
		{"inclusive", p.Inclusive, p.Style == "keyset"},
		{"drifts", p.Drifts, p.Style == "cursor"},
	} {
		if !o.read {
			c.needs("the style "+p.Style, false, o.given, "paging", o.name)
		}
	}
	if p.Text != "" && !strings.Contains(p.Text, "{}") {
		c.wrong("has no place for the key", "write {} where it goes", "paging", "text")
	}
	if p.Inclusive && p.Size == "" {
		c.wrong("a page that brings nothing new is the end only when it is shorter than asked for", "add size", "paging", "inclusive")
	}
	if p.Inclusive && p.End == endShort {
		c.wrong("the end of an inclusive keyset shows by itself", "remove it", "paging", "end")
	}
	if p.Max > 0 && p.Size == "" {
		c.wrong("max limits the number that size asks for", "add size, or remove max", "paging", "max")
	}
}

func (c *checker) filter(f *filter, at string) {
	if f == nil {
		return
	}
	if f.Text != "" && !strings.Contains(f.Text, "{}") {
		c.wrong("has no place for the time", "write {} where it goes", at, "text")
	}
}

func (c *checker) joined(j *joinedOptions) {
	if j != nil && j.Around != "" && !strings.Contains(j.Around, "{}") {
		c.wrong("has no place for the conditions", "write {} where they go", "joined", "around")
	}
}

// sentences checks that each rule is a regular expression, and means something.
func (c *checker) sentences(rules []sentenceRule) {
	for i, r := range rules {
		at := strconv.Itoa(i)
		if _, err := regexp.Compile(r.Like); err != nil {
			c.wrong("is not a regular expression", "write one as of Go's package regexp", "errors", "sentences", at, "like")
		}
	}
}

// incremental checks that what the manifest promises about changes can be kept.
func (c *checker) incremental(e *manifest.Entity, o *readOptions) {
	switch {
	case o.Order == byModification && len(e.UpdatedAt) == 0:
		c.wrong("order: modified needs the time of the last change", "add updated_at to the entity", "order")
	case e.Cursor != nil && o.ChangedSince == nil:
		c.wrong("the entity has a cursor, but no filter for changes", "add changed_since, or remove the cursor", "changed_since")
	case e.Cursor != nil && o.Order != byModification && o.Newest == nil:
		c.wrong("the entity has a cursor, but nothing tells how far a run has come", "sort by change and write order: modified, or add newest", "order")
	}
	if o.Newest != nil && len(e.UpdatedAt) == 0 {
		c.wrong("newest needs the time of the last change", "add updated_at to the entity", "newest")
	}
	switch {
	case len(e.History) > 0 && o.History == nil:
		c.wrong("the entity has a historical period, but no filter for it", "add history, or remove the entity's", "history")
	case len(e.History) == 0 && e.Read.Gives("history"):
		c.wrong("the filter is never used", "say with the entity's history which field it filters by", "history")
	}
}
