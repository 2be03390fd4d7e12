package rest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// checkWrites checks everything that an entity says of how it is written.
func checkWrites(s *manifest.System, e *manifest.Entity, read *readOptions) (problems manifest.Problems) {
	for _, name := range manifest.Ops() {
		op := e.Operations[name]
		if op.Send.Node != nil {
			problems = append(problems, checkSend(s, e, name, op, op.Send)...)
		}
		if op.Bulk != nil {
			problems = append(problems, checkBulk(s, e, name, op)...)
		}
		for _, r := range op.Ladder {
			if r.Find.Node != nil {
				problems = append(problems, checkFind(s, r, read)...)
			}
		}
	}
	if e.Moves == nil {
		return problems
	}
	for _, m := range e.Moves.Rows {
		if m.Send.Node != nil {
			problems = append(problems, checkSend(s, e, manifest.Update, manifest.Operation{Insists: e.Operations[manifest.Update].Insists}, m.Send)...)
		}
	}
	return problems
}

// checkSend checks one call. A call about a record that is there must say about which.
func checkSend(s *manifest.System, e *manifest.Entity, name manifest.Op, op manifest.Operation, send manifest.Options) manifest.Problems {
	o, problems := decodeSend(send, name)
	if len(problems) > 0 {
		return problems
	}
	c := checker{options: send, system: s}
	if name != manifest.Create {
		c.ids = len(e.ID)
	}
	c.call(&o.callOptions, name != manifest.Create && len(o.IDIn) == 0)
	if name == manifest.Create && len(o.IDIn) > 0 {
		c.wrong("a record that is made has no id yet", "remove it", "id_in")
	}
	c.answer(o, name)
	c.job(o.Job)
	c.version(o.Version, op.Insists)
	if slices.ContainsFunc(op.Ladder, func(r manifest.Rung) bool { return r.Class == manifest.W1 }) && o.Idempotency == "" {
		c.wrong("W1 needs a key that the system knows again", "write idempotency: the header that takes it, or declare another class", "idempotency")
	}
	return c.problems
}

func (c *checker) call(o *callOptions, about bool) {
	if about {
		c.about(o.Path, o.Query)
	} else {
		c.templates(o.Path, o.Query)
	}
	for name, text := range o.Headers {
		c.secretTemplate(text, "headers", name)
	}
	if _, err := lay(nil, []byte(orElse(o.Body, "{}")), manifest.Path{"x"}); o.Body != "" && err != nil {
		c.wrong("is not a JSON object", `write it as text, such as '{"notify": false}'`, "body")
	}
}

// about checks an address that must name the record.
func (c *checker) about(path string, query map[string]string, at ...string) {
	c.templates(path, query, at...)
	all := path
	for _, text := range query {
		all += " " + text
	}
	if !slices.ContainsFunc(manifest.Placeholders(all), isID) {
		c.wrong("names no record", "write {id} where the record's id goes", append(slices.Clone(at), "path")...)
	}
}

func (c *checker) templates(path string, query map[string]string, at ...string) {
	c.template(path, false, append(slices.Clone(at), "path")...)
	for name, text := range query {
		c.template(text, false, append(slices.Clone(at), "query", name)...)
	}
}

// secretTemplate checks a text that stays out of addresses; it takes fields of the login only.
func (c *checker) secretTemplate(text string, at ...string) {
	ids := c.ids
	c.ids = 0
	c.template(text, true, at...)
	c.ids = ids
}

// part tells whether a placeholder takes the record's id, or a part that it has.
func (c *checker) part(name string) bool {
	number, numbered := strings.CutPrefix(name, "id.")
	n, err := strconv.Atoi(number)
	return name == "id" || numbered && err == nil && n >= 1 && n <= c.ids
}

func (c *checker) answer(o *sendOptions, name manifest.Op) {
	if o.Answer != answerRecord {
		c.needs(o.Answer, false, len(o.Record) > 0, "record")
	}
	if o.Answer == answerID && len(o.ID) == 0 && o.IDHeader == "" {
		c.wrong("nothing says where the answer has the id", "write id: a path, or id_header", "answer")
	}
	if o.Answer == answerNone {
		c.needs(o.Answer, false, len(o.ID) > 0, "id")
	}
	if name != manifest.Create && o.IDHeader != "" {
		c.wrong("only a record that is made gets an id", "remove it", "id_header")
	}
}

// job checks how a job is asked for, and that each of its states means one thing.
func (c *checker) job(o *jobOptions) {
	if o == nil {
		return
	}
	if len(o.ID) == 0 && o.IDHeader == "" {
		c.wrong("nothing says where the answer has the job's id", "write id: a path, or id_header", "job")
	}
	ids := c.ids
	c.ids = 1
	c.about(o.Path, o.Query, "job")
	c.ids = ids
	if o.Every < 0 {
		c.wrong("is negative", "write how often a job is asked for at most, such as 2s", "job", "every")
	}
	seen := map[string]bool{}
	for _, l := range []struct {
		name   string
		states []string
	}{{"running", o.Running}, {"done", o.Done}, {"failed", o.Failed}} {
		for _, state := range l.states {
			if seen[state] {
				c.wrong("the state "+state+" stands twice", "write each state once", "job", l.name)
			}
			seen[state] = true
		}
	}
}

func (c *checker) version(v *versionOptions, insists bool) {
	switch {
	case v == nil && insists:
		c.wrong("the operation insists, and nothing tells the system on which version", "write version: {header: If-Match, from: path}, or leave insists out", "version")
	case v == nil:
	case (v.Header == "") == (len(v.Member) == 0):
		c.wrong("a version goes into a header or into a member of the body", "write one of header and member", "version")
	case v.Text != "" && !strings.Contains(v.Text, "{}"):
		c.wrong("has no place for the version", "write {} where it goes", "version", "text")
	case len(v.Member) > 0 && v.Text+v.Else != "":
		c.wrong("a member takes the version as it is", "remove text and else", "version", "member")
	}
}

func checkBulk(s *manifest.System, e *manifest.Entity, name manifest.Op, op manifest.Operation) manifest.Problems {
	o, problems := decodeBulk(op.Bulk.Send)
	if len(problems) > 0 {
		return problems
	}
	c := checker{options: op.Bulk.Send, system: s}
	c.call(&o.callOptions, false)
	if len(o.In) > 0 {
		c.wrong("a list of writes goes where items says", "remove it; an item's members go where data says", "in")
	}
	if len(o.Items) == 0 && (len(o.Op) > 0 || len(o.Atomic) > 0 || o.Body != "") {
		c.wrong("the body is the list itself, so nothing can stand around it", "write items: where the list goes", "items")
	}
	if name != manifest.Create && len(o.ID) == 0 {
		c.wrong("an item names no record", "write id: the member that takes the record's id", "id")
	}
	if op.Insists && o.Version == nil {
		c.wrong("the operation insists, and an item cannot tell the system on which version", "add version, or leave bulk or insists out", "version")
	}
	if r := o.Results; len(r.Status) == 0 && r.Success == nil && len(r.Failure) == 0 {
		c.wrong("nothing tells an item that was done from one that was not", "write status, success or failure", "results")
	}
	return c.problems
}

func checkFind(s *manifest.System, r manifest.Rung, read *readOptions) manifest.Problems {
	o, problems := decodeFind(r.Find, read)
	if len(problems) > 0 {
		return problems
	}
	c := checker{options: r.Find, system: s}
	c.templates(o.Path, o.Query)
	c.paging(o.Paging)
	c.filter(o.Since, "since")
	c.needs(string(r.Class), r.Class != manifest.W4, o.Param != "", "param")
	c.needs(string(r.Class), r.Class == manifest.W4, o.Since != nil, "since")
	if o.Sure != nil {
		for name, text := range o.Sure.Query {
			c.template(text, false, "sure", "query", name)
		}
	}
	if o.Text != "" && !strings.Contains(o.Text, "{}") {
		c.wrong("has no place for what is searched", "write {} where it goes", "text")
	}
	return c.problems
}
