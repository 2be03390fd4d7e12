package flowtest

import (
	"encoding/json"
	"testing"
	"time"
)

// vendors counts what the ERP was told of vendors, by operation and number.
func (w *world) vendors() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, e := range w.erp.Effects() {
		if e.Resource != "vendors" {
			continue
		}
		var v struct {
			VendorNumber string `json:"vendorNumber"`
			Name         string `json:"name"`
		}
		w.check(json.Unmarshal(e.Record, &v))
		out[e.Op+" "+v.VendorNumber]++
	}
	return out
}

// Vendors that are there are made in the target once, then follow what changes; the same again changes nothing but what is the same.
func TestMirrorVendors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.connectBoth("vendors")
	roles := map[string]string{"source": "sim-cmms", "target": "sim-erp"}
	w.example("mirror-vendors", roles, nil)
	w.settle()
	made := w.vendors()
	if len(made) != 40 || made["create V0100"] != 1 {
		t.Fatalf("of 40 vendors: %v", made)
	}
	w.inCMMS("PATCH", "suppliers/3", object{"mail": "new@v0102.example"})
	w.inCMMS("POST", "suppliers", object{"code": "V9000", "name": "Late GmbH"})
	w.sync("sim-cmms", "vendors")
	w.clock.add(time.Minute)
	w.settle()
	now := w.vendors()
	if len(now) != 42 || now["update V0102"] != 1 || now["create V9000"] != 1 {
		w.show("mirror-vendors")
		t.Errorf("after two changes: %v", now)
	}
	w.clock.add(time.Hour)
	w.settle()
	if again := w.vendors(); len(again) != len(now) || again["update V0102"] != 1 {
		t.Errorf("an hour later: %v", again)
	}
	w.apply("mirror-again", document(t, "mirror-vendors"), roles, nil)
	w.settle()
	for what, n := range w.vendors() {
		if what[:6] == "create" && n != 1 {
			t.Errorf("from the beginning again: %s %d times", what, n)
		}
	}
}
