package flowtest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// records gives what Busbar has of an entity of a connection.
func (w *world) records(system, entity string) (all []object) {
	w.Helper()
	status, answer := w.connected(system, "GET", "/v1/"+entity+"?limit=500", nil)
	if status != 200 {
		w.Fatal(status, answer)
	}
	for _, r := range answer["data"].([]any) {
		all = append(all, r.(object))
	}
	return all
}

// byID gives the record of an id.
func byID(all []object, id any) object {
	for _, r := range all {
		if r["id"] == id {
			return r
		}
	}
	return nil
}

// bought gives a vendor and an item with codes that Tryton has bought before.
func (w *world) bought() (vendor, item object) {
	w.Helper()
	vendors, items := w.records("tryton", "vendors"), w.records("tryton", "items")
	for _, o := range w.records("tryton", "purchase-orders") {
		for _, l := range o["lines"].([]any) {
			vendor, item = byID(vendors, o["vendor_id"]), byID(items, l.(object)["item_id"])
			if vendor != nil && item != nil && vendor["code"] != nil && item["code"] != nil {
				return vendor, item
			}
		}
	}
	w.Fatal("Tryton has bought nothing that has a code")
	return nil, nil
}

// An approved requisition becomes one purchase in a real Tryton, and is marked; the next night orders nothing.
func TestRequisitionsAreOrderedInTryton(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	w := newWorldAt(t, time.Now().UTC().Truncate(time.Second), s.URL)
	w.settleGenerated()
	w.connect("tryton", "basic", map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "password": s.Password}, "vendors", "items", "purchase-orders", "currencies", "units-of-measure")
	vendor, item := w.bought()
	supplier := w.inCMMS("POST", "suppliers", object{"code": vendor["code"], "name": "Ours too"})
	part := w.inCMMS("POST", "parts", object{"code": item["code"], "name": "Ours too", "unit": "pcs"})
	id, number := w.asks(line(part, supplier, "2"), line(part, supplier, "5"))
	before := len(s.Search("purchase.purchase"))
	w.connectCMMS("vendors", "items", "purchase-requisitions")
	inTryton := strings.Replace(document(t, purchasing), "required_date: ", "expected_date: ", 1) // it knows no other
	w.apply(purchasing, inTryton, map[string]string{"cmms": "sim-cmms", "erp": "tryton"}, object{"units": object{"pcs": item["unit"]}})
	if got := w.run(purchasing, nil); got != "completed: in 1, ok 1, failed 0, skipped 0" {
		w.show(purchasing)
		t.Fatal(got)
	}
	if got := w.run(purchasing, nil); got != "completed: in 0, ok 0, failed 0, skipped 0" {
		t.Errorf("the next night: %s", got)
	}
	made := s.Search("purchase.purchase", []any{"comment", "=", "Requisition " + number})
	if len(made) != 1 || len(s.Search("purchase.purchase")) != before+1 || w.requisition(id) != "ORDERED" {
		t.Fatalf("Tryton has made %v of %d purchases before, and the requisition is %s", made, before, w.requisition(id))
	}
	o := s.Read("purchase.purchase", made[0], "party", "state", "lines")
	if text(o["party"]) != vendor["remote_id"] || o["state"] != "draft" || len(o["lines"].([]any)) != 2 {
		t.Errorf("the purchase is %v", o)
	}
	for i, want := range []string{"2", "5"} {
		l, err := strconv.Atoi(text(o["lines"].([]any)[i]))
		w.check(err)
		if got := s.Read("purchase.line", l, "product", "quantity"); text(got["product"]) != item["remote_id"] || text(got["quantity"]) != want {
			t.Errorf("line %d is %v", i+1, got)
		}
	}
}
