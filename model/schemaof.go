package model

import (
	"encoding/json"
	"slices"
	"strings"
)

// SchemaOf gives the schema of an entity's records: the envelope and the entity's fields under their wire names. It refers to
// the components that Schemas lists.
func (m *Model) SchemaOf(e *Entity) *Schema {
	s := object(envelope(m.Record), "")
	own := object(e.Fields, e.SchemaName())
	s.Title, s.Description = capital(e.Singular), e.Meaning
	s.Properties = append(s.Properties, own.Properties...)
	s.Examples = examples(m.Example(e))
	return s
}

// Schemas gives every component: the value types, the deletion, and for each entity its identified elements and its record.
func (m *Model) Schemas() []NamedSchema {
	var out []NamedSchema
	for _, i := range m.Kinds {
		if i.Fields != nil {
			s := object(i.Fields, "")
			s.Description, s.Examples = i.Meaning, examples(i.Example)
			out = append(out, NamedSchema{pascal(string(i.Kind)), s})
		}
	}
	if d := find(m.Record, "deletion"); d != nil {
		s := object(d.Fields, "")
		s.Description = d.Meaning
		out = append(out, NamedSchema{"Deletion", s})
	}
	for _, e := range m.Entities {
		out = append(out, elements(e)...)
		out = append(out, NamedSchema{e.SchemaName(), m.SchemaOf(e)})
	}
	return out
}

// SchemaName is the name of the entity's record among the components: "PurchaseOrder".
func (e *Entity) SchemaName() string { return pascal(e.Singular) }

// elements gives the components of an entity's identified lists: "PurchaseOrderLine".
func elements(e *Entity) []NamedSchema {
	var out []NamedSchema
	for _, f := range e.Fields {
		if f.Identified {
			s := object(append(f.ownFields(), f.Items.Fields...), "")
			s.Description, s.Examples = f.Items.Meaning, examples(f.elementExample())
			out = append(out, NamedSchema{elementName(e.SchemaName(), f), s})
		}
	}
	return out
}

func elementName(owner string, f *Field) string { return owner + pascal(singular(f.Name)) }

// envelope gives the properties that only Busbar writes, all but custom_fields, as read-only.
func envelope(record []*Field) []*Field {
	out := slices.Clone(record)
	for i, f := range out {
		g := *f
		g.readOnly = f.Name != "custom_fields"
		out[i] = &g
	}
	return out
}

// object gives the schema of an object with these fields. Owner is the component that names of its elements begin with.
func object(fields []*Field, owner string) *Schema {
	s := &Schema{Type: Types{"object"}}
	for _, f := range fields {
		s.Properties = append(s.Properties, properties(f, owner)...)
		if f.Required {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

// properties gives what a field contributes to its object: one property for each wire name, and one for an expanded record.
func properties(f *Field, owner string) []Property {
	s := described(f, nullable(f, valueSchema(f, owner)))
	out := []Property{{f.WireNames()[0], s}}
	switch f.Kind {
	case Enum:
		source := &Schema{Type: Types{"string", "null"}, Description: "The source's own word for " + f.Name + ".", Examples: examples(sourceWord(f.Example))}
		out = append(out, Property{f.WireNames()[1], source})
	case Ref, Refs:
		out = append(out, Property{f.Name, expandedSchema(f)})
	}
	return out
}

func described(f *Field, s *Schema) *Schema {
	s.Description = f.Meaning
	if f.Indexed {
		s.Description += " Sortable and filterable."
	}
	for i, v := range f.Values {
		if i == 0 {
			s.Description += "\n"
		}
		s.Description += "\n- `" + v.Name + "`: " + v.Meaning
	}
	s.ReadOnly = f.readOnly
	if f.Example != "null" && f.Kind != Object && f.Kind != List {
		s.Examples = examples(f.Example)
	}
	return s
}

// expandedSchema is the record that a reference leads to, or the records.
func expandedSchema(f *Field) *Schema {
	record := &Schema{Type: Types{"object"}}
	if f.To != "" {
		record = refTo(f.toSchema)
	}
	if f.Kind == Refs {
		return &Schema{Type: Types{"array"}, Items: record, Description: "The records themselves; only with expand=" + f.Name + "."}
	}
	s := nullable(f, record)
	s.Description = "The record itself; only with expand=" + f.Name + `. When writing, {"remote_id": "…"} names it by the source's own key.`
	return s
}

// nullable lets a value be null unless the field is required.
func nullable(f *Field, s *Schema) *Schema {
	switch {
	case f.Required && s.Ref != "":
		return &Schema{AnyOf: []*Schema{s}}
	case f.Required:
		return s
	case s.Ref != "":
		return &Schema{AnyOf: []*Schema{s, {Type: Types{"null"}}}}
	}
	s.Type = append(s.Type, "null")
	if s.Enum != nil {
		s.Enum = append(s.Enum, nil)
	}
	return s
}

func examples(json1 string) []json.RawMessage {
	if json1 == "" {
		return nil
	}
	return []json.RawMessage{json.RawMessage(json1)}
}

// pascal joins the words of a name: "purchase order" → "PurchaseOrder".
func pascal(name string) string {
	var b strings.Builder
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' || r == '-' }) {
		b.WriteString(capital(w))
	}
	return b.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
