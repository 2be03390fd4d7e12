package model

import "strings"

// remoteKey is the component that names a record by the source's own key.
const remoteKey = "RemoteKey"

// WriteSchemas gives the components of what can be written: for each entity its elements and its record as a create or a change sends it. No member is required: what
// a create needs is the system's to say. They refer to the components of Schemas.
func (m *Model) WriteSchemas() []NamedSchema {
	out := []NamedSchema{{remoteKey, &Schema{
		Type: Types{"object"}, Required: []string{"remote_id"}, Description: "A record, named by the source's own key.",
		Properties: Properties{{"remote_id", &Schema{Type: Types{"string"}, Description: "The source's own key."}}},
	}}}
	for _, e := range m.Entities {
		for _, f := range e.Fields {
			if f.Identified {
				out = append(out, NamedSchema{writeName(elementName(e.SchemaName(), f)), writeElement(e, f)})
			}
		}
		s := writeObject(append(writable(m.Record), e.Fields...), e.SchemaName())
		s.Title, s.Description = capital(e.Singular)+", to be written", e.Meaning
		out = append(out, NamedSchema{e.WriteSchemaName(), s})
	}
	return out
}

// WriteSchemaName is the name among the components of the entity's record as it is written: "PurchaseOrderWrite".
func (e *Entity) WriteSchemaName() string { return writeName(e.SchemaName()) }

func writeName(name string) string { return name + "Write" }

// writable gives the members of the envelope that callers may write.
func writable(record []*Field) []*Field {
	var out []*Field
	for _, f := range envelope(record) {
		if !f.readOnly {
			out = append(out, f)
		}
	}
	return out
}

// writeElement is an element of an identified list: named by either id it is changed, with _delete it goes, with none it is new.
func writeElement(e *Entity, f *Field) *Schema {
	s := writeObject(f.Items.Fields, e.SchemaName())
	s.Description = f.Items.Meaning + " In a change, an element with an id or a remote_id that is there is changed, one without is new, and those that are not named stay."
	own := Properties{
		{"id", &Schema{Type: Types{"string"}, Format: "uuid", Description: "Busbar's id of the element to change."}},
		{"remote_id", &Schema{Type: Types{"string"}, Description: "The source's own key of the element to change."}},
		{"_delete", &Schema{Type: Types{"boolean"}, Description: "In a change: true deletes the element."}},
	}
	s.Properties = append(own, s.Properties...)
	return s
}

func writeObject(fields []*Field, owner string) *Schema {
	s := &Schema{Type: Types{"object"}}
	for _, f := range fields {
		s.Properties = append(s.Properties, writeProperties(f, owner)...)
	}
	return s
}

// writeProperties gives the members under which a field is written: null empties it.
func writeProperties(f *Field, owner string) []Property {
	plain := *f
	plain.Indexed = false
	out := []Property{{f.WireNames()[0], described(&plain, nullable(&Field{}, writeValue(f, owner)))}}
	switch f.Kind {
	case Enum:
		out = append(out, Property{f.WireNames()[1], &Schema{Type: Types{"string", "null"},
			Description: "The source's own word, instead of " + f.Name + "; both only where they agree.", Examples: examples(sourceWord(f.Example))}})
	case Ref:
		key := nullable(&Field{}, refTo(remoteKey))
		key.Description = "The same record by the source's own key, instead of " + f.WireNames()[0] + "."
		out = append(out, Property{f.Name, key})
	}
	return out
}

// writeValue is the schema of a value; references in lists may be by either key.
func writeValue(f *Field, owner string) *Schema {
	switch {
	case f.Kind == Refs:
		return &Schema{Type: Types{"array"}, Items: &Schema{AnyOf: []*Schema{uuidSchema(), refTo(remoteKey)}}}
	case f.Kind == Object:
		return writeObject(f.Fields, owner)
	case f.Kind == List && f.Identified:
		return &Schema{Type: Types{"array"}, Items: refTo(writeName(elementName(owner, f)))}
	case f.Kind == List && f.Items.Kind == Object:
		return &Schema{Type: Types{"array"}, Items: writeObject(f.Items.Fields, owner)}
	}
	return valueSchema(f, owner)
}

// WriteExample gives the JSON text of what a create may send: the first few fields that have an example.
func (e *Entity) WriteExample() string { return writeExample(e.Fields, exampleFields) }

// exampleFields is how many members an example of a write has.
const exampleFields = 6

func writeExample(fields []*Field, most int) string {
	var parts []string
	for _, f := range fields {
		value := f.Example
		switch {
		case f.Kind == Enum || f.Kind == Object || value == "null":
			continue
		case f.Kind == List && f.Identified:
			value = "[" + writeExample(f.Items.Fields, exampleFields) + "]"
		case len(parts) >= most:
			continue
		}
		parts = append(parts, jsonText(f.WireNames()[0])+":"+value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}
