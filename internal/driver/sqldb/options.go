package sqldb

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// connecting is the `connect:` section.
type connecting struct {
	Kind    string        `yaml:"kind" words:"postgresql,mysql,sqlserver,oracle"` // of database; absent: a field of the login
	Timeout time.Duration `yaml:"timeout"`                                        // of one statement
}

const (
	defaultTimeout = time.Minute
	graceOfAnswers = 15 * time.Second // what an answer may come later than the server's own limit
)

// source is where rows come from.
type source struct {
	Table   string   `yaml:"table"`   // or view: schema.name
	Query   string   `yaml:"query"`   // one SELECT, read as a view is
	Columns []string `yaml:"columns"` // absent: all but binary ones
	JSON    []string `yaml:"json"`    // columns of text that hold JSON
	Base64  []string `yaml:"base64"`  // binary columns that are wanted, as base64
}

// reading is the `read:` section of an entity.
type reading struct {
	source `yaml:",inline"`
	Where  map[string][]any   `yaml:"where"` // column: the values of which it has one
	Count  *bool              `yaml:"count"` // false: rows are not counted
	With   map[string]related `yaml:"with"`  // member: rows of another table that belong to a row

	hot      map[string][]any
	key      []string // columns
	modified []string // columns, of which the first that is not null counts; none: changes cannot be told
	history  string
	wanted   []string            // columns that the mapping names
	within   map[string][]string // the same of members of With
}

// related are rows that are nested in another row.
type related struct {
	source `yaml:",inline"`
	On     map[string]string `yaml:"on" manifest:"required"` // column of theirs: column of the row they belong to
	Key    []string          `yaml:"key"`                    // columns that tell them apart and order them
	Single bool              `yaml:"single"`                 // at most one: an object in place of a list
}

// hotOptions is what an entity's `hot:` adds.
type hotOptions struct {
	Where map[string][]any `yaml:"where" manifest:"required"`
}

// Check implements driver.Driver.
func (Driver) Check(s *manifest.System) manifest.Problems {
	connect, readings, problems := optionsOf(s)
	for _, e := range s.Entities {
		problems = append(problems, checkWrites(e, readings[e.Name])...)
	}
	return append(problems, checkAuth(s, connect)...)
}

func optionsOf(s *manifest.System) (*connecting, map[string]*reading, manifest.Problems) {
	c := &connecting{Timeout: defaultTimeout}
	problems := s.Options.Decode(c)
	if c.Timeout < time.Second {
		problems = append(problems, s.Options.Problem("leaves no time for an answer", "write 1s or more", "timeout"))
	}
	all := map[string]*reading{}
	for _, e := range s.Entities {
		r, mistakes := readingOf(e, c.Kind)
		problems = append(problems, mistakes...)
		all[e.Name] = r
	}
	return c, all, problems
}

func checkAuth(s *manifest.System, c *connecting) manifest.Problems {
	needed := []string{fieldHost, fieldDatabase, fieldUser, fieldPassword}
	if c.Kind == "" {
		needed = append(needed, fieldKind)
	}
	return s.Needs(Name, needed...)
}

func readingOf(e *manifest.Entity, kind string) (*reading, manifest.Problems) {
	r := &reading{history: e.History}
	problems := e.Read.Decode(r)
	problems = append(problems, r.source.check(e.Read, kind)...)
	for _, member := range slices.Sorted(maps.Keys(r.With)) {
		problems = append(problems, r.With[member].check(e.Read, kind, "with", member)...)
	}
	problems = append(problems, checkWhere(e.Read, r.Where)...)
	if e.Hot != nil {
		var h hotOptions
		problems = append(problems, e.Hot.Read.Decode(&h)...)
		problems = append(problems, checkWhere(e.Hot.Read, h.Where)...)
		r.hot = h.Where
	}
	var mistakes manifest.Problems
	r.key, mistakes = columnsOf(e, e.ID, "id")
	problems = append(problems, mistakes...)
	if e.Cursor != nil {
		r.modified, mistakes = columnsOf(e, e.UpdatedAt, "updated_at")
		problems = append(problems, mistakes...)
	}
	if strings.Contains(e.History, "/") {
		problems = append(problems, e.Read.Problem("history "+e.History+" is no column of the row itself", "name a column"))
	}
	r.mentions(e)
	return r, problems
}

// columnsOf takes paths that must be columns of the row itself.
func columnsOf(e *manifest.Entity, paths []manifest.Path, key string) (columns []string, problems manifest.Problems) {
	for _, p := range paths {
		if len(p) != 1 {
			problems = append(problems, e.Read.Problem(key+" "+p.String()+" is no column of the row itself", "name a column: rows are read in its order"))
			continue
		}
		columns = append(columns, p[0])
	}
	return columns, problems
}

func (s source) check(o manifest.Options, kind string, at ...string) (problems manifest.Problems) {
	within := func(key string) []string { return append(slices.Clone(at), key) }
	switch {
	case s.Table == "" && s.Query == "", s.Table != "" && s.Query != "":
		problems = append(problems, o.Problem("says not from where rows come", "write either table or query", at...))
	case s.Table != "":
		if _, err := splitName(s.Table); err != nil {
			problems = append(problems, o.Problem(err.Error(), "write name, or schema.name", within("table")...))
		}
	default:
		if err := checkQuery(s.Query, kind); err != nil {
			problems = append(problems, o.Problem(err.Error(), "write one SELECT, without comments", within("query")...))
		}
	}
	for key, names := range map[string][]string{"columns": s.Columns, "json": s.JSON, "base64": s.Base64} {
		problems = append(problems, checkNames(o, names, within(key)...)...)
	}
	return problems
}

func checkNames(o manifest.Options, names []string, at ...string) (problems manifest.Problems) {
	for _, name := range names {
		if err := checkName(name); err != nil {
			problems = append(problems, o.Problem(err.Error(), "write the column's name", at...))
		}
	}
	return problems
}

func checkWhere(o manifest.Options, where map[string][]any) (problems manifest.Problems) {
	for _, name := range slices.Sorted(maps.Keys(where)) {
		problems = append(problems, checkNames(o, []string{name}, "where")...)
		if len(where[name]) == 0 {
			problems = append(problems, o.Problem("no value is wanted", "write at least one", "where", name))
		}
		for _, v := range where[name] {
			if !isScalar(v) {
				problems = append(problems, o.Problem("a value is a text, a number, true or false", "write such values", "where", name))
			}
		}
	}
	return problems
}

func isScalar(v any) bool {
	switch v.(type) {
	case string, int, bool:
		return true
	}
	return false
}

func (r related) check(o manifest.Options, kind string, at ...string) manifest.Problems {
	problems := r.source.check(o, kind, at...)
	if len(r.On) == 0 {
		problems = append(problems, o.Problem("nothing joins these rows to theirs", "write on: {column of theirs: column of the row}", append(slices.Clone(at), "on")...))
	}
	problems = append(problems, checkNames(o, slices.Concat(slices.Sorted(maps.Keys(r.On)), slices.Sorted(maps.Values(r.On)), r.Key), at...)...)
	if !r.Single && len(r.Key) == 0 {
		problems = append(problems, o.Problem("nothing tells these rows apart", "write key: [columns], or single: true", append(slices.Clone(at), "key")...))
	}
	return problems
}

// mentions notes which columns the mapping names: a row without them would be read as if they were empty.
func (r *reading) mentions(e *manifest.Entity) {
	r.within = map[string][]string{}
	for _, p := range slices.Concat(e.ID, []manifest.Path{e.DisplayID, e.DisplayName, e.CreatedAt}, e.UpdatedAt) {
		r.mention("", p)
	}
	if e.History != "" {
		r.mention("", manifest.Path{e.History})
	}
	r.mentionFields("", e.Fields)
}

func (r *reading) mentionFields(list string, fields []*manifest.FieldMap) {
	for _, f := range fields {
		for _, p := range f.From {
			r.mention(list, p)
		}
		for _, part := range f.Parts {
			for _, p := range part.From {
				r.mention(list, p)
			}
		}
		below := list
		if len(f.From) > 0 && len(f.Fields) > 0 {
			below = f.From[0][0]
			for _, p := range f.ID {
				r.mention(below, p)
			}
		}
		r.mentionFields(below, f.Fields)
	}
}

func (r *reading) mention(list string, p manifest.Path) {
	if len(p) == 0 || p[0] == manifest.Up || p[0] == manifest.Each {
		return
	}
	if list != "" {
		r.within[list] = append(r.within[list], p[0])
		return
	}
	if _, nested := r.With[p[0]]; nested {
		if len(p) > 1 && p[1] != manifest.Each {
			r.within[p[0]] = append(r.within[p[0]], p[1])
		} else if len(p) > 2 {
			r.within[p[0]] = append(r.within[p[0]], p[2])
		}
		return
	}
	r.wanted = append(r.wanted, p[0])
}
