package manifest

import "github.com/busbar-dev/busbar/model"

// Capabilities is what can be done with a system, entity by entity in their order of sync.
type Capabilities struct {
	System    string             `json:"system"`
	Simulated bool               `json:"simulated"`
	Entities  []EntityCapability `json:"entities"`
}

// EntityCapability is what can be done with one entity.
type EntityCapability struct {
	Entity            string            `json:"entity"`
	Read              Capability        `json:"read"`
	Create            Capability        `json:"create"`
	Update            Capability        `json:"update"`
	Delete            Capability        `json:"delete"`
	Incremental       bool              `json:"incremental"`
	Deletions         string            `json:"deletions"` // sweep or none: how deletions in the source are found
	History           string            `json:"history"`   // source field that the historical period applies to; "": everything is read
	Fields            []FieldCapability `json:"fields"`
	UnsupportedFields []string          `json:"unsupported_fields"`
}

// Capability is one operation, and what proves that it works.
type Capability struct {
	Supported bool     `json:"supported"`
	How       string   `json:"how,omitempty"`      // delete: delete or cancel
	Evidence  string   `json:"evidence,omitempty"` // live <version>, simulated, documented
	Required  []string `json:"required,omitempty"` // wire names
}

// FieldCapability is one field by its wire name. Fields of a list's elements are written lines.quantity.
type FieldCapability struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Supported bool     `json:"supported"`
	Writable  bool     `json:"writable"`
	Values    []string `json:"values,omitempty"` // enums: the words that this system's words map to
}

// Capabilities computes the matrix.
func (s *System) Capabilities() Capabilities {
	c := Capabilities{System: s.System, Simulated: s.Simulated, Entities: []EntityCapability{}}
	for _, e := range s.Entities {
		c.Entities = append(c.Entities, e.capability())
	}
	return c
}

func (e *Entity) capability() EntityCapability {
	return EntityCapability{
		Entity:            e.Name,
		Read:              Capability{Supported: true, Evidence: e.Evidence["read"]},
		Create:            e.operation(Create),
		Update:            e.operation(Update),
		Delete:            e.operation(Delete),
		Incremental:       e.Cursor != nil,
		Deletions:         e.Deletions,
		History:           e.History,
		Fields:            e.fieldCapabilities(),
		UnsupportedFields: e.UnsupportedFields(),
	}
}

func (e *Entity) operation(name Op) Capability {
	op, ok := e.Operations[name]
	c := Capability{Supported: ok, How: op.How, Evidence: e.Evidence[string(name)]}
	for _, field := range op.Required {
		c.Required = append(c.Required, e.WireName(field))
	}
	return c
}

func (e *Entity) fieldCapabilities() []FieldCapability {
	_, create := e.Operations[Create]
	_, update := e.Operations[Update]
	return capabilities("", e.Model.Fields, e.Fields, create || update)
}

func capabilities(prefix string, fields []*model.Field, maps []*FieldMap, writable bool) []FieldCapability {
	var out []FieldCapability
	for _, f := range fields {
		m := mapOf(maps, f)
		c := FieldCapability{
			Name: prefix + f.WireNames()[0], Kind: string(f.Kind), Supported: m != nil, Writable: writable && m != nil && m.Writable(),
		}
		if m != nil {
			c.Values = m.words()
		}
		out = append(out, c)
		if inner := nested(f); m != nil && inner != nil {
			out = append(out, capabilities(prefix+f.Name+".", inner, m.Fields, writable)...)
		}
	}
	return out
}

// UnsupportedFields lists the wire names that the model has and this system cannot deliver; those of a list's elements are
// written lines.notes.
func (e *Entity) UnsupportedFields() []string {
	out := []string{}
	for _, own := range []struct {
		name   string
		mapped bool
	}{
		{"display_id", e.DisplayID != nil}, {"display_name", e.DisplayName != nil}, {"remote_created_at", e.CreatedAt != nil},
		{"remote_updated_at", e.UpdatedAt != nil}, {"url", e.URL != ""},
	} {
		if !own.mapped {
			out = append(out, own.name)
		}
	}
	return unsupported(out, "", e.Model.Fields, e.Fields)
}

func unsupported(out []string, prefix string, fields []*model.Field, maps []*FieldMap) []string {
	for _, f := range fields {
		m, inner := mapOf(maps, f), nested(f)
		switch {
		case m == nil:
			for _, name := range f.WireNames() {
				out = append(out, prefix+name)
			}
		case inner != nil:
			out = unsupported(out, prefix+f.Name+".", inner, m.Fields)
		}
	}
	return out
}

// nested gives the fields of an object or of a list's elements; nil for anything else.
func nested(f *model.Field) []*model.Field {
	if f.Items != nil {
		return f.Items.Fields
	}
	return f.Fields
}

func mapOf(maps []*FieldMap, f *model.Field) *FieldMap {
	for _, m := range maps {
		if m.Field == f {
			return m
		}
	}
	return nil
}
