package model

import (
	"strings"

	"github.com/google/uuid"
)

// exampleID is the id that examples use for a record of that entity: the same wherever it is referred to.
func exampleID(entity string) string {
	return uuid.NewSHA1(uuid.Nil, []byte("busbar example "+entity)).String()
}

// fillExamples gives every field that states no example one that follows from its kind, its members or what it refers to.
func fillExamples(m *Model) {
	for _, i := range m.Kinds {
		fillFields(m, i.Fields)
	}
	fillFields(m, m.Record)
	for _, e := range m.Entities {
		fillFields(m, e.Fields)
	}
}

func fillFields(m *Model, fields []*Field) {
	for _, f := range fields {
		fillField(m, f)
	}
}

func fillField(m *Model, f *Field) {
	fillFields(m, f.Fields)
	if f.Items != nil {
		fillField(m, f.Items)
	}
	if to := m.Entity(f.To); to != nil {
		f.toSchema = to.SchemaName()
	}
	if f.Example != "" {
		return
	}
	switch f.Kind {
	case Ref:
		f.Example = jsonText(exampleID(f.To))
	case Refs:
		f.Example = "[" + jsonText(exampleID(f.To)) + "]"
	case Object:
		f.Example = "{" + members(f.Fields) + "}"
	case List:
		f.Example = "[" + f.elementExample() + "]"
	case Boolean, Map, Address, Contact, Link:
		f.Example = m.Kind(f.Kind).Example
	}
}

func (f *Field) elementExample() string {
	if !f.Identified {
		return f.Items.Example
	}
	own := members(f.ownFields())
	return "{" + own + "," + strings.TrimPrefix(f.Items.Example, "{")
}

// members joins the fields' examples as members of a JSON object, under their wire names.
func members(fields []*Field) string {
	var parts []string
	for _, f := range fields {
		for i, name := range f.WireNames() {
			value := f.Example
			if i > 0 {
				value = sourceWord(value)
			}
			parts = append(parts, jsonText(name)+":"+value)
		}
	}
	return strings.Join(parts, ",")
}

// sourceWord makes of a normalised word what a source might call it: "in_progress" → "In progress".
func sourceWord(example string) string {
	s := strings.ReplaceAll(strings.Trim(example, `"`), "_", " ")
	if s == "" || s == "null" {
		return "null"
	}
	return jsonText(strings.ToUpper(s[:1]) + s[1:])
}

// Example gives the JSON text of a whole example record: the envelope and the entity's fields.
func (m *Model) Example(e *Entity) string {
	own := map[string]string{"id": jsonText(exampleID(e.Name)), "entity": jsonText(e.Name)}
	own["display_id"] = firstExample(e, "number", "code")
	own["display_name"] = firstExample(e, "name", "title", "description")
	var record []*Field
	for _, f := range m.Record {
		g := *f
		if x, ok := own[f.Name]; ok {
			g.Example = x
		}
		if f.Name != "raw" {
			record = append(record, &g)
		}
	}
	return "{" + members(record) + "," + members(e.Fields) + "}"
}

func firstExample(e *Entity, names ...string) string {
	for _, name := range names {
		if f := e.Field(name); f != nil && f.Kind != Text {
			return f.Example
		}
	}
	return "null"
}
