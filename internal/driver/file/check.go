package file

import (
	"slices"
	"strings"

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
	var names []string
	for _, e := range s.Entities {
		read, more := decodeRead(e)
		if len(more) == 0 {
			c := checker{options: e.Read, system: s}
			c.read(e, read, names)
			c.writes(e, read)
			more, names = c.problems, append(names, read.Name)
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

func (c *checker) connect(o *connectOptions) {
	for _, x := range o.choices() {
		at := strings.Split(x.name, ".")
		if name := field(x.text); name != "" {
			if !c.hasField(name) {
				c.wrong("{"+name+"} is not a field of the login", "name one of auth's fields", at...)
			}
		} else if !x.takes(x.text) {
			c.wrong("unknown word "+x.text, "write "+x.words()+", or {a field of the login}", at...)
		}
	}
	if o.Complete.Quiet <= 0 {
		c.wrong("is not positive", "write how long a file is left alone after its last change, such as 1m", "complete", "quiet")
	}
	if kindOf("x"+o.Complete.Marker) != "" || !strings.HasPrefix(o.Complete.Marker, ".") {
		c.wrong("is not the ending of a marker", "write an ending that no file of data has, such as .done", "complete", "marker")
	}
	c.folders(o.Folders)
	c.login()
}

func (c *checker) folders(f folderOptions) {
	seen := map[string]bool{}
	for _, x := range []struct{ name, value string }{{"in", f.In}, {"out", f.Out}, {"archive", f.Archive}, {"refused", f.Refused}} {
		switch {
		case x.value == "" || strings.HasPrefix(x.value, ".") || strings.ContainsAny(x.value, `/\`):
			c.wrong("is not the name of a folder", "write one name without slashes, below the directory of the login", "folders", x.name)
		case seen[x.value]:
			c.wrong("the folder "+x.value+" is named twice", "give each a folder of its own", "folders", x.name)
		}
		seen[x.value] = true
	}
}

// login checks that each way to log in leads somewhere.
func (c *checker) login() {
	for _, m := range c.system.Auth {
		has := func(name string) bool {
			return slices.ContainsFunc(m.Fields, func(f manifest.CredentialField) bool { return f.Name == name })
		}
		remote := has(fieldHost) && has(fieldUser) && has(fieldHostKey) && (has(fieldPassword) || has(fieldKey))
		if !remote && !has(fieldPath) {
			c.wrong("the login "+m.Method+" leads nowhere", "give it host, username, host_key and password or private_key (SFTP), or path (a directory)")
		}
		for _, f := range m.Fields {
			if f.Name == fieldPath && !f.Vendor {
				c.wrong("path names a directory of Busbar's own machine, and a customer could fill it in", "write vendor_only: true to the field path of "+m.Method)
			}
		}
	}
}

func (c *checker) hasField(name string) bool {
	return slices.ContainsFunc(c.system.Auth, func(m manifest.AuthMethod) bool {
		return slices.ContainsFunc(m.Fields, func(f manifest.CredentialField) bool { return f.Name == name && !f.Secret })
	})
}

func (c *checker) read(e *manifest.Entity, o *readOptions, others []string) {
	if o.Name == "" || strings.ContainsAny(o.Name, `/\*?`) || strings.HasPrefix(o.Name, ".") {
		c.wrong("is not the beginning of a file's name", "write what the names of its files begin with, such as "+e.Name, "name")
	}
	for _, other := range others {
		if sameStem(other, o.Name) || sameStem(o.Name, other) {
			c.wrong("files of this name are those of "+other+" too", "give each entity files of its own", "name")
		}
	}
	c.promises(e, o)
	if g := o.Group; g != nil {
		c.group(g)
	}
}

// promises checks that what the entity says of changes and deletions is what its files can show.
func (c *checker) promises(e *manifest.Entity, o *readOptions) {
	switch {
	case o.Holds == snapshot && e.Cursor != nil:
		c.wrong("a list is read as a whole each time, so it has no cursor", "remove the entity's cursor, or write holds: changes", "holds")
	case o.Holds == changes && e.Cursor == nil:
		c.wrong("files of changes are told apart by a cursor", "add cursor: {precision: 1us} and updated_at: _at to the entity", "holds")
	case o.Holds == changes && e.Deletions != "none":
		c.wrong("a file of changes does not show what is gone", "write deletions: none", "holds")
	case o.Holds == changes && (len(e.UpdatedAt) != 1 || e.UpdatedAt[0].String() != "_at"):
		c.wrong("the order of files decides which version is the newest", "write updated_at: _at", "holds")
	}
	if e.History != "" {
		c.wrong("files have no filter for a historical period", "remove the entity's history")
	}
	if e.Hot != nil {
		c.wrong("files have no hot records", "remove the entity's hot")
	}
	for _, name := range []string{"_file", "_line", "_at"} {
		if !slices.ContainsFunc(e.Volatile, func(p manifest.Path) bool { return p.String() == name }) {
			c.wrong(name+" changes with each file", "write volatile: [_file, _line, _at]", "holds")
			return
		}
	}
}

func (c *checker) group(g *groupOptions) {
	for _, x := range []struct {
		name  string
		empty bool
	}{{"by", len(g.By) == 0}, {"columns", len(g.Columns) == 0}} {
		if x.empty {
			c.wrong("names no column", "name at least one", "group", x.name)
		}
	}
	for i, name := range g.Columns {
		if slices.Contains(g.By, name) {
			c.wrong(name+" tells which record a row belongs to", "leave it out of the columns of its list", "group", "columns")
		}
		if name == g.Into || slices.Contains(g.Columns[:i], name) {
			c.wrong(name+" stands for two things", "give each a name of its own", "group", "columns")
		}
	}
}

// writes checks how an entity is written: new records only, since a file says nothing of what becomes of it.
func (c *checker) writes(e *manifest.Entity, read *readOptions) {
	for _, op := range []manifest.Op{manifest.Update, manifest.Delete} {
		if _, declared := e.Operations[op]; declared {
			c.wrong("files make new records only; "+string(op)+" is declared", "remove operations."+string(op))
		}
	}
	op, declared := e.Operations[manifest.Create]
	if !declared {
		return
	}
	if op.Bulk != nil {
		c.wrong("each write is a file of its own", "remove operations.create.bulk")
	}
	if len(op.Ladder) != 1 || op.Ladder[0].Class != manifest.W1 {
		c.wrong("a file with the same mark is put out once, which is W1", "write reconcile: [{class: W1, window: 720h}]")
	}
	send, problems := decodeSend(op.Send)
	if c.problems = append(c.problems, problems...); len(problems) > 0 {
		return
	}
	s := checker{options: op.Send, system: c.system}
	if strings.ContainsAny(send.Name, `/\`) || strings.HasPrefix(send.Name, ".") {
		s.wrong("is not the beginning of a file's name", "write one without slashes", "name")
	}
	switch {
	case send.As == asCSV && !slices.Contains(send.Columns, send.Mark):
		s.wrong("the file has no column for the mark", "name "+send.Mark+" among the columns", "columns")
	case send.As == asLines && len(send.Columns) > 0:
		s.wrong("a JSON line has the members of the record", "remove it", "columns")
	}
	if g := read.Group; g != nil && slices.Contains(g.Columns, send.Mark) {
		s.wrong("the mark is the record's, not its lines'", "name a column of the record", "mark")
	}
	c.problems = append(c.problems, s.problems...)
}
