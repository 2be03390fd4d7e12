package model_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/model"
)

// Every example of a write satisfies its schema, references resolve, and no name is given twice.
func TestWriteSchemasDescribeTheirExamples(t *testing.T) {
	t.Parallel()
	m := load(t)
	components := map[string]*model.Schema{}
	for _, c := range slices.Concat(m.Schemas(), m.WriteSchemas()) {
		if components[c.Name] != nil {
			t.Errorf("two components are called %s", c.Name)
		}
		components[c.Name] = c.Schema
	}
	for _, e := range m.Entities {
		s := components[e.WriteSchemaName()]
		walkSchema(s, func(s *model.Schema) {
			if ref := strings.TrimPrefix(s.Ref, "#/components/schemas/"); ref != "" && components[ref] == nil {
				t.Errorf("%s refers to the unknown component %s", e.Name, ref)
			}
			if s.ReadOnly || len(s.Required) > 0 && len(s.Properties) > 1 {
				t.Errorf("%s has a read-only or a required member", e.Name)
			}
		})
		var v any
		if err := json.Unmarshal([]byte(e.WriteExample()), &v); err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		for _, fault := range faults(components, s, v, e.Name) {
			t.Error(fault)
		}
	}
}

func TestWriteSchemaOfPurchaseOrder(t *testing.T) {
	t.Parallel()
	m := load(t)
	components := map[string]*model.Schema{}
	for _, c := range m.WriteSchemas() {
		components[c.Name] = c.Schema
	}
	s := components[m.Entity("purchase-orders").WriteSchemaName()]
	for _, name := range []string{"vendor_id", "vendor", "status", "status_source", "lines", "custom_fields", "notes"} {
		if property(s, name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"id", "remote_id", "version", "deleted_at", "raw"} {
		if property(s, name) != nil {
			t.Errorf("%s can be written", name)
		}
	}
	line := components[strings.TrimPrefix(property(s, "lines").Items.Ref, "#/components/schemas/")]
	for _, name := range []string{"id", "remote_id", "_delete", "item_id", "item", "quantity"} {
		if line == nil || property(line, name) == nil {
			t.Errorf("lines have no %s", name)
		}
	}
}
