package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/model"
)

// Every component's examples satisfy its schema, references resolve, and no name is given twice.
func TestSchemasDescribeTheirExamples(t *testing.T) {
	t.Parallel()
	components := map[string]*model.Schema{}
	for _, c := range load(t).Schemas() {
		if components[c.Name] != nil {
			t.Errorf("two components are called %s", c.Name)
		}
		components[c.Name] = c.Schema
	}
	for name, s := range components {
		for _, example := range s.Examples {
			var v any
			if err := json.Unmarshal(example, &v); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, fault := range faults(components, s, v, name) {
				t.Error(fault)
			}
		}
		walkSchema(s, func(s *model.Schema) {
			if ref := strings.TrimPrefix(s.Ref, "#/components/schemas/"); ref != "" && components[ref] == nil {
				t.Errorf("%s refers to the unknown component %s", name, ref)
			}
		})
	}
}

func TestSchemaOfPurchaseOrder(t *testing.T) {
	t.Parallel()
	m := load(t)
	s := m.SchemaOf(m.Entity("purchase-orders"))
	for name, want := range map[string]string{
		"id":            `{"description":"Busbar's id of the record; the same for ever for one record of one connection, even when everything is synced anew.","type":"string","format":"uuid","readOnly":true,"examples":["3f0c2a9e-7f3b-5c1d-8a55-0c9f8f6d2e10"]}`,
		"vendor":        `{"description":"The record itself; only with expand=vendor. When writing, {\"remote_id\": \"…\"} names it by the source's own key.","anyOf":[{"$ref":"#/components/schemas/Vendor"},{"type":"null"}]}`,
		"order_date":    `{"description":"The date of the order, as printed on it. Sortable and filterable.","type":["string","null"],"format":"date","examples":["2026-11-02"]}`,
		"total":         `{"description":"What the order comes to, taxes included.","anyOf":[{"$ref":"#/components/schemas/Money"},{"type":"null"}],"examples":[{"amount":"1500.00","currency":"EUR"}]}`,
		"status_source": `{"description":"The source's own word for status.","type":["string","null"],"examples":["Partially received"]}`,
		"lines":         `{"description":"What is ordered, line by line, in the source's order.","type":["array","null"],"items":{"$ref":"#/components/schemas/PurchaseOrderLine"}}`,
		"deletion":      `{"description":"How Busbar knows that the record is deleted; null while it exists.","anyOf":[{"$ref":"#/components/schemas/Deletion"},{"type":"null"}],"readOnly":true}`,
	} {
		got, err := json.Marshal(property(s, name))
		if err != nil || string(got) != want {
			t.Errorf("%s (%v)\n got %s\nwant %s", name, err, got, want)
		}
	}
	if want := []string{"id", "remote_id", "connection_id", "entity", "created_at", "updated_at", "version", "seq", "custom_fields"}; !slices.Equal(s.Required, want) {
		t.Errorf("required is %v; want %v", s.Required, want)
	}
	if e := property(s, "status").Enum; e[0] != "draft" || e[len(e)-1] != nil {
		t.Errorf("status has the values %v; want draft first and null last", e)
	}
}

// Every wire name of the model is a property, in documented order, and marshalling twice gives the same bytes.
func TestSchemasKeepTheDocumentedOrder(t *testing.T) {
	t.Parallel()
	m := load(t)
	for _, e := range m.Entities {
		s := m.SchemaOf(e)
		last := -1
		for _, f := range slices.Concat(m.Record, e.Fields) {
			for _, w := range f.WireNames() {
				i := slices.IndexFunc(s.Properties, func(p model.Property) bool { return p.Name == w })
				if i <= last {
					t.Errorf("%s: %s is property %d, after %d", e.Name, w, i, last)
				}
				last = i
			}
		}
		first, _ := json.Marshal(s)
		second, _ := json.Marshal(m.SchemaOf(e))
		if !json.Valid(first) || !bytes.Equal(first, second) {
			t.Errorf("%s marshals differently the second time", e.Name)
		}
	}
}

func property(s *model.Schema, name string) *model.Schema {
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema
		}
	}
	return nil
}

func walkSchema(s *model.Schema, visit func(*model.Schema)) {
	visit(s)
	for _, p := range s.Properties {
		walkSchema(p.Schema, visit)
	}
	for _, a := range s.AnyOf {
		walkSchema(a, visit)
	}
	if s.Items != nil {
		walkSchema(s.Items, visit)
	}
}

// faults tells where a value departs from a schema: types, enums, patterns, required and unknown members.
func faults(components map[string]*model.Schema, s *model.Schema, v any, at string) []string {
	switch {
	case s.Ref != "":
		return faults(components, components[strings.TrimPrefix(s.Ref, "#/components/schemas/")], v, at)
	case s.AnyOf != nil:
		return anyFaults(components, s, v, at)
	case !slices.Contains(s.Type, typeOf(v)) && (typeOf(v) != "number" || !slices.Contains(s.Type, "integer")):
		return []string{fmt.Sprintf("%s is a %s; the schema wants %v", at, typeOf(v), s.Type)}
	case s.Enum != nil && !slices.Contains(s.Enum, v):
		return []string{fmt.Sprintf("%s is %v; the schema wants one of %v", at, v, s.Enum)}
	}
	switch v := v.(type) {
	case string:
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) {
			return []string{fmt.Sprintf("%s is %q; the schema wants %s", at, v, s.Pattern)}
		}
	case []any:
		var out []string
		for i, e := range v {
			out = append(out, faults(components, s.Items, e, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return out
	case map[string]any:
		return memberFaults(components, s, v, at)
	}
	return nil
}

func anyFaults(components map[string]*model.Schema, s *model.Schema, v any, at string) []string {
	var out []string
	for _, a := range s.AnyOf {
		f := faults(components, a, v, at)
		if f == nil {
			return nil
		}
		out = append(out, f...)
	}
	return out
}

func memberFaults(components map[string]*model.Schema, s *model.Schema, v map[string]any, at string) []string {
	var out []string
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			out = append(out, at+" lacks "+name)
		}
	}
	if s.Additional != nil && *s.Additional {
		return out
	}
	for name, value := range v {
		p := property(s, name)
		if p == nil {
			out = append(out, at+" has the unknown member "+name)
			continue
		}
		out = append(out, faults(components, p, value, at+"."+name)...)
	}
	return out
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}
