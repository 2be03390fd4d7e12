package trytonrpc

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// reading is the `read:` section of an entity.
type reading struct {
	Model       string            `yaml:"model" manifest:"required"`  // purchase.purchase
	Fields      []string          `yaml:"fields" manifest:"required"` // as search_read takes them: party, "party.name", "lines.product"
	Domain      []any             `yaml:"domain"`                     // a Tryton domain; absent: all records
	Context     map[string]any    `yaml:"context"`                    // laid over the user's own
	Archived    bool              `yaml:"archived"`                   // the model has `active`, and archived records are wanted too
	ChangesWith []related         `yaml:"changes_with"`               // records whose change changes this one
	With        map[string]lookup `yaml:"with"`                       // member name: a record read once and added to each
	Partition   *partition        `yaml:"partition"`                  // list once per record of another model

	hot []any // the domain of the hot records
}

// hotOptions is what an entity's `hot:` adds to the domain.
type hotOptions struct {
	Domain []any `yaml:"domain" manifest:"required"`
}

// related names records that belong to one of the entity: a change of theirs is a change of it.
type related struct {
	Field    string `yaml:"field" manifest:"required"` // of the model, to one or many: lines, or template.list_prices
	Model    string `yaml:"model"`                     // of the related records: purchase.line; absent where Tryton does not let it be listed
	Archived bool   `yaml:"archived"`                  // that model has `active`
}

// lookup is one record, picked by a member of the user's context that holds its id.
type lookup struct {
	Model  string   `yaml:"model" manifest:"required"`
	ID     string   `yaml:"id" manifest:"required"` // member of the context: company
	Fields []string `yaml:"fields" manifest:"required"`
}

// partition repeats the listing for each record of another model. Its id takes the place of "$id" in the context and is added
// to each record under the member's name.
type partition struct {
	Model    string         `yaml:"model" manifest:"required"`
	Domain   []any          `yaml:"domain"`
	Archived bool           `yaml:"archived"`
	Context  map[string]any `yaml:"context" manifest:"required"`
	Member   string         `yaml:"member" manifest:"required"`
}

const partitionID = "$id"

// Check implements driver.Driver.
func (Driver) Check(s *manifest.System) manifest.Problems {
	readings, problems := readingsOf(s)
	for _, e := range s.Entities {
		problems = append(problems, checkWrites(e, readings[e.Name])...)
	}
	problems = append(problems, s.Options.Decode(&struct{}{})...)
	return append(problems, s.Needs(Name, fieldURL, fieldDatabase, fieldUser, fieldPassword)...)
}

// readingsOf decodes the `read:` section of every entity.
func readingsOf(s *manifest.System) (map[string]*reading, manifest.Problems) {
	var problems manifest.Problems
	all := map[string]*reading{}
	for _, e := range s.Entities {
		r := &reading{}
		problems = append(problems, e.Read.Decode(r)...)
		problems = append(problems, r.check(e)...)
		if e.Hot != nil {
			var h hotOptions
			problems = append(problems, e.Hot.Read.Decode(&h)...)
			r.hot = h.Domain
		}
		all[e.Name] = r
	}
	return all, problems
}

func (r *reading) check(e *manifest.Entity) manifest.Problems {
	var problems manifest.Problems
	if strings.Contains(e.History, "/") {
		problems = append(problems, e.Read.Problem("history "+e.History+" is inside another record", "name a date field of "+r.Model))
	}
	if e.Cursor != nil && r.Partition != nil {
		problems = append(problems, e.Read.Problem("a partitioned listing knows no changes", "leave out cursor", "partition"))
	}
	if r.Partition != nil && !mentions(r.Partition.Context, partitionID) {
		problems = append(problems, e.Read.Problem("nothing in the context depends on the partition", `write "$id" where its id belongs`, "partition", "context"))
	}
	return problems
}

func mentions(v any, text string) bool {
	found := false
	replace(v, func(s string) any { found = found || s == text; return s })
	return found
}

// replace copies a value of YAML with each text put through f.
func replace(v any, f func(string) any) any {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = replace(v[i], f)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = replace(v[k], f)
		}
		return out
	}
	return v
}
