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
	golden(t, "capabilities-own.json", s.CapabilitiesOf(manifest.View{Rules: rules, MayWrite: true}))
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
	for _, e := range acme(t).CapabilitiesOf(manifest.View{}).Entities {
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

// TestCapabilitiesOfALogin takes away what the system does not let the login do, and nothing that it does not speak of.
func TestCapabilitiesOfALogin(t *testing.T) {
	t.Parallel()
	rights := manifest.Rights{"purchase-orders": {manifest.Read: false, manifest.Create: true, manifest.Update: false}}
	seen := false
	for _, e := range acme(t).CapabilitiesOf(manifest.View{MayWrite: true, Rights: rights}).Entities {
		if e.Entity != "purchase-orders" {
			if !e.Read.Supported {
				t.Errorf("%s: %+v", e.Entity, e.Read)
			}
			continue
		}
		seen = true
		if e.Read.Supported || e.Read.ForbiddenBy != manifest.LoginRule || !e.Create.Supported || e.Update.Supported || e.Update.ForbiddenBy != manifest.LoginRule || !e.Delete.Supported {
			t.Errorf("read %+v, create %v, update %+v, delete %+v", e.Read, e.Create.Supported, e.Update, e.Delete)
		}
		for _, f := range e.Fields {
			if slices.Contains(f.WritableOn, manifest.Update) {
				t.Errorf("%s can be written in an update", f.Name)
			}
		}
	}
	if !seen {
		t.Error("there are no purchase orders")
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
