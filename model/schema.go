package model

import (
	"bytes"
	"encoding/json"
)

// Schema is a JSON Schema as OpenAPI 3.1 has it. It marshals the same way each time, properties in documented order.
type Schema struct {
	Ref         string            `json:"$ref,omitempty"` // "#/components/schemas/Money"
	Title       string            `json:"title,omitempty"`
	Description string            `json:"description,omitempty"`
	Type        Types             `json:"type,omitzero"`
	AnyOf       []*Schema         `json:"anyOf,omitempty"`
	Format      string            `json:"format,omitempty"`
	Pattern     string            `json:"pattern,omitempty"`
	Enum        []any             `json:"enum,omitempty"` // strings, and nil where null is allowed
	ReadOnly    bool              `json:"readOnly,omitempty"`
	Items       *Schema           `json:"items,omitempty"`
	Properties  Properties        `json:"properties,omitempty"`
	Required    []string          `json:"required,omitempty"`
	Additional  *bool             `json:"additionalProperties,omitempty"`
	Examples    []json.RawMessage `json:"examples,omitempty"`
}

// Types is one JSON type, or several; one is marshalled as a plain string.
type Types []string

// MarshalJSON writes one type as a string and several as a list.
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// Property is a named property of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are the properties of an object, in documented order.
type Properties []Property

// MarshalJSON writes an object with the properties in their order.
func (ps Properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(p.Schema)
		if err != nil {
			return nil, err
		}
		b.WriteString(jsonText(p.Name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// NamedSchema is a schema under its name among the components of an OpenAPI document.
type NamedSchema struct {
	Name   string
	Schema *Schema
}

// refTo points to a component.
func refTo(name string) *Schema { return &Schema{Ref: "#/components/schemas/" + name} }
