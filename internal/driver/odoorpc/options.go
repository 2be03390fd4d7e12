package odoorpc

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// connecting is the `connect:` section.
type connecting struct {
	Protocol string `yaml:"protocol" words:"json-rpc,json-2"` // absent: what the version has
}

// The protocols as a manifest names them.
const (
	jsonRPC = "json-rpc"
	json2   = "json-2"
)

// reading is the `read:` section of an entity.
type reading struct {
	Model       string         `yaml:"model" manifest:"required"`  // purchase.order
	Fields      []string       `yaml:"fields" manifest:"required"` // partner_id, order_line.product_id, "note?", "product_uom|product_uom_id"
	Domain      []any          `yaml:"domain"`                     // an Odoo domain; absent: all records
	Context     map[string]any `yaml:"context"`                    // laid over the driver's own
	ChangesWith []related      `yaml:"changes_with"`               // records whose change changes this one

	hot  []any // the domain of the hot records
	tree *node // what Fields ask for
}

// hotOptions is what an entity's `hot:` adds to the domain.
type hotOptions struct {
	Domain []any `yaml:"domain" manifest:"required"`
}

// related names records that belong to one of the entity: a change of theirs is a change of it.
type related struct {
	Field string `yaml:"field" manifest:"required"` // of the model, to one or many: order_line, or product_tmpl_id.seller_ids
	Model string `yaml:"model" manifest:"required"` // of the related records
}

// Check implements driver.Driver.
func (Driver) Check(s *manifest.System) manifest.Problems {
	_, problems := connectingOf(s)
	readings, more := readingsOf(s)
	problems = append(problems, more...)
	for _, e := range s.Entities {
		problems = append(problems, checkWrites(e, readings[e.Name])...)
	}
	return append(problems, s.Needs(Name, fieldURL, fieldDatabase, fieldUser, fieldKey)...)
}

func connectingOf(s *manifest.System) (connecting, manifest.Problems) {
	var c connecting
	problems := s.Options.Decode(&c)
	return c, problems
}

// readingsOf decodes the `read:` section of every entity.
func readingsOf(s *manifest.System) (map[string]*reading, manifest.Problems) {
	var problems manifest.Problems
	all := map[string]*reading{}
	for _, e := range s.Entities {
		r := &reading{}
		problems = append(problems, e.Read.Decode(r)...)
		problems = append(problems, r.grow(e)...)
		if e.Hot != nil {
			var h hotOptions
			problems = append(problems, e.Hot.Read.Decode(&h)...)
			r.hot = h.Domain
		}
		all[e.Name] = r
	}
	return all, problems
}

// grow makes the tree of the fields, and reports what is wrong with them.
func (r *reading) grow(e *manifest.Entity) manifest.Problems {
	var problems manifest.Problems
	if strings.Contains(e.History, "/") {
		problems = append(problems, e.Read.Problem("history "+e.History+" is inside another record", "name a date field of "+r.Model))
	}
	r.tree = &node{}
	for _, text := range r.Fields {
		if wrong := r.tree.add(text); wrong != "" {
			problems = append(problems, e.Read.Problem("the field "+text+" "+wrong, `write it like partner_id, order_line.product_id, "note?" or "product_uom|product_uom_id"`, "fields"))
		}
	}
	return problems
}
