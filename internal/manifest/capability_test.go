package manifest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestCapabilities compares the matrix of the good manifest with testdata/capabilities.json, and that of a connection with rules of its own with
// testdata/capabilities-own.json. Fields that are not supported are left to the model's growth.
func TestCapabilities(t *testing.T) {
	s := acme(t)
	golden(t, "capabilities.json", s.Capabilities())
	rules, faults := manifest.RuleSet{"purchase-orders": {
		Forbidden: []manifest.Op{manifest.Delete}, Required: []string{"order_date"}, ReadOnly: []string{"payment_terms"},
		Values: map[string][]string{"currency": {"EUR"}, "status": {"draft", "approved"}},
	}}.Check(s)
	if faults != nil {
		t.Fatal(faults)
	}
	golden(t, "capabilities-own.json", s.CapabilitiesOf(rules, true))
}

func golden(t *testing.T, file string, c manifest.Capabilities) {
	t.Helper()
	o := &c.Entities[1]
	o.Fields = slices.DeleteFunc(o.Fields, func(f manifest.FieldCapability) bool { return !f.Supported })
	o.UnsupportedFields = nil
	got, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if want := text(t, file); string(got)+"\n" != want {
		t.Errorf("%s: got\n%s", file, got)
	}
}

// TestCapabilitiesWithoutWrite is the matrix for a token that may not write.
func TestCapabilitiesWithoutWrite(t *testing.T) {
	for _, e := range acme(t).CapabilitiesOf(nil, false).Entities {
		for _, c := range []manifest.Capability{e.Create, e.Delete} {
			if c.Supported || c.ForbiddenBy != manifest.ScopeRule {
				t.Errorf("%s: %+v", e.Entity, c)
			}
		}
		for _, f := range e.Fields {
			if f.Writable || f.WritableOn != nil {
				t.Errorf("%s.%s is writable", e.Entity, f.Name)
			}
		}
		if !e.Read.Supported {
			t.Errorf("%s cannot be read", e.Entity)
		}
	}
}

func TestUnsupportedFieldsAreWireNames(t *testing.T) {
	s, err := manifest.LoadSystem(folder("acme", text(t, "good.yaml")), "acme", unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := s.Entity("purchase-orders").UnsupportedFields()
	for name, want := range map[string]bool{
		"display_name": true, "display_id": false, "site_id": true, "vendor_id": false, "lines": false, "lines.status_source": true, "lines.site_id": false,
	} {
		if slices.Contains(got, name) != want {
			t.Errorf("%s: want %v in %v", name, want, got)
		}
	}
}
