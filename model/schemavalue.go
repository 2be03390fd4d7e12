package model

// valueSchema gives the schema of a field's value, not yet nullable.
func valueSchema(f *Field, owner string) *Schema {
	switch f.Kind {
	case Boolean:
		return &Schema{Type: Types{"boolean"}}
	case Integer:
		return &Schema{Type: Types{"integer"}, Format: "int64"}
	case Refs:
		return &Schema{Type: Types{"array"}, Items: uuidSchema()}
	case Money, Quantity, Address, Contact, Link:
		return refTo(pascal(string(f.Kind)))
	case Object:
		return objectSchema(f, owner)
	case List:
		return &Schema{Type: Types{"array"}, Items: itemSchema(f, owner)}
	case Map:
		open := true
		return &Schema{Type: Types{"object"}, Additional: &open}
	}
	return textSchema(f)
}

// textSchema is the schema of the kinds that are strings in JSON.
func textSchema(f *Field) *Schema {
	s := &Schema{Type: Types{"string"}, Format: f.Format}
	switch f.Kind {
	case Decimal:
		s.Format, s.Pattern = "decimal", decimalText.String()
	case Instant:
		s.Format = "date-time"
	case Date:
		s.Format = "date"
	case Duration:
		s.Format = "duration"
	case Ref:
		s.Format = "uuid"
	}
	for _, v := range f.Values {
		s.Enum = append(s.Enum, v.Name)
	}
	return s
}

func uuidSchema() *Schema { return &Schema{Type: Types{"string"}, Format: "uuid"} }

// objectSchema is inline, but for the deletion of the envelope, which is a component.
func objectSchema(f *Field, owner string) *Schema {
	if f.readOnly && f.Name == "deletion" {
		return refTo("Deletion")
	}
	return object(f.Fields, owner)
}

func itemSchema(f *Field, owner string) *Schema {
	if f.Identified {
		return refTo(elementName(owner, f))
	}
	s := valueSchema(f.Items, owner)
	if s.Ref == "" {
		s.Description = f.Items.Meaning
	}
	return s
}
