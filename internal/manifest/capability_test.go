package manifest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestCapabilities reads the matrix of the good manifest. Fields that are not supported are left to the model's growth.
func TestCapabilities(t *testing.T) {
	s, err := manifest.LoadSystem(folder("acme", text(t, "good.yaml")), "acme", unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Capabilities().Entities[1]
	var got strings.Builder
	for _, c := range []manifest.Capability{o.Read, o.Create, o.Update, o.Delete} {
		line, _ := json.Marshal(c)
		fmt.Fprintf(&got, "%s\n", line)
	}
	fmt.Fprintf(&got, "%v %s %s\n", o.Incremental, o.Deletions, o.History)
	for _, f := range o.Fields {
		if f.Supported {
			fmt.Fprintf(&got, "%s %s writable=%v %v\n", f.Name, f.Kind, f.Writable, f.Values)
		}
	}
	if want := strings.TrimLeft(`
{"supported":true,"evidence":"live 2.0"}
{"supported":true,"evidence":"simulated","required":["vendor_id","lines","lines.item_id"]}
{"supported":true,"evidence":"simulated"}
{"supported":true,"how":"cancel","evidence":"documented"}
true sweep date
number string writable=true []
vendor_id ref writable=true []
status enum writable=true [draft approved closed cancelled]
order_date date writable=true []
currency string writable=true []
total money writable=true []
payment_terms string writable=true []
incoterms string writable=false []
lines list writable=true []
lines.line_number integer writable=true []
lines.item_id ref writable=true []
lines.quantity quantity writable=true []
lines.unit_price money writable=true []
lines.site_id ref writable=false []
`, "\n"); got.String() != want {
		t.Errorf("got\n%s", got.String())
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
