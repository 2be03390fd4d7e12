package flowtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// known are a vendor and two parts of the CMMS that the ERP has under the same codes.
type known struct {
	vendor, other object
	parts         []object
}

func (w *world) known() (k known) {
	w.Helper()
	k.vendor = w.inCMMS("POST", "suppliers", object{"code": "V-10001", "name": "Ours too"})
	k.other = w.inCMMS("POST", "suppliers", object{"code": "V-10002", "name": "Another"})
	for _, code := range []string{"00004711", "00004714"} { // of the ERP's first items; both are counted in pieces
		k.parts = append(k.parts, w.inCMMS("POST", "parts", object{"code": code, "name": "Part " + code, "unit": "pcs"}))
	}
	return k
}

func link(to object) object { return object{"id": to["id"]} }

// asks makes a requisition of the CMMS and approves it.
func (w *world) asks(lines ...object) (id, number string) {
	w.Helper()
	rows := make([]any, len(lines))
	for i, l := range lines {
		rows[i] = l
	}
	made := w.inCMMS("POST", "requisitions", object{"neededOn": "2026-04-01", "lines": rows})
	id = text(made["id"])
	for _, state := range []string{"SUBMITTED", "APPROVED"} {
		w.inCMMS("POST", "requisitions/"+id+"/transitions", object{"to": state})
	}
	return id, made["number"].(string)
}

func text(v any) string {
	out, _ := json.Marshal(v)
	return strings.Trim(string(out), `"`)
}

func line(part, vendor object, quantity string) object {
	return object{"part": link(part), "supplier": link(vendor), "quantity": json.Number(quantity), "price": json.Number("4.85")}
}

// order is a purchase order as the ERP has it.
type order struct {
	Note, VendorID, Status string
	Lines                  []struct{ ItemID, Quantity, Unit, UnitPrice string }
}

// ordered gives the orders that the ERP was told to make.
func (w *world) ordered() (orders []order) {
	w.Helper()
	for _, e := range w.erp.Effects() {
		if e.Resource == "purchase-orders" && e.Op == "create" {
			var o order
			w.check(json.Unmarshal(e.Record, &o))
			orders = append(orders, o)
		}
	}
	return orders
}

func (w *world) requisition(id string) string {
	w.Helper()
	return w.inCMMS("GET", "requisitions/"+id, nil)["state"].(string)
}

// settleGenerated takes requisitions out of the way that the plant began with.
func (w *world) settleGenerated() {
	w.Helper()
	for _, r := range w.inCMMS("GET", "requisitions", nil)["items"].([]any) {
		if r := r.(object); r["state"] == "APPROVED" {
			w.inCMMS("POST", "requisitions/"+text(r["id"])+"/transitions", object{"to": "CANCELLED"})
		}
	}
}

const purchasing = "requisition-to-purchase-order"

func (w *world) connectPurchasing() {
	w.Helper()
	w.connectBoth("vendors", "items", "purchase-requisitions", "purchase-orders")
	w.example(purchasing, map[string]string{"cmms": "sim-cmms", "erp": "sim-erp"}, object{"units": object{"pcs": "PCE"}})
}

// Each approved requisition is ordered once and marked; one that cannot be ordered says why, and holds up no other.
func TestRequisitionsAreOrderedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settleGenerated()
	k := w.known()
	strange := w.inCMMS("POST", "parts", object{"code": "NOT-IN-ERP", "name": "Strange"})
	id, number := w.asks(line(k.parts[0], k.vendor, "2"), line(k.parts[1], k.vendor, "3.5"))
	two, _ := w.asks(line(k.parts[0], k.vendor, "1"), line(k.parts[1], k.other, "1"))
	unknown, _ := w.asks(line(strange, k.vendor, "1"))
	w.connectPurchasing()
	if got := w.run(purchasing, nil); got != "completed: in 3, ok 1, failed 2, skipped 0" {
		w.show(purchasing)
		t.Fatal(got)
	}
	orders := w.ordered()
	if len(orders) != 1 {
		t.Fatalf("ordered: %+v", orders)
	}
	o := orders[0]
	if o.Note != "Requisition "+number || o.VendorID != "000002" || len(o.Lines) != 2 || o.Lines[0].ItemID != "000001" || o.Lines[1].ItemID != "000002" || o.Lines[1].Quantity != "3.5" ||
		o.Lines[0].Unit != "PCE" || o.Lines[0].UnitPrice != "4.85" {
		t.Errorf("ordered: %+v", o)
	}
	if w.requisition(id) != "ORDERED" || w.requisition(two) != "APPROVED" || w.requisition(unknown) != "APPROVED" {
		t.Errorf("the requisitions are %s, %s and %s", w.requisition(id), w.requisition(two), w.requisition(unknown))
	}
	for item, want := range map[int64]string{1: "None of vendors has code V-10001, V-10002.", 2: "None of items has code NOT-IN-ERP."} {
		if got := w.failure(purchasing, item); strings.ReplaceAll(got, `"`, "") != want {
			t.Errorf("item %d failed: %s", item, got)
		}
	}
	if got := w.run(purchasing, nil); got != "completed: in 2, ok 0, failed 2, skipped 0" || len(w.ordered()) != 1 {
		t.Errorf("again: %s, and %d orders", got, len(w.ordered()))
	}
}

// When the mark is lost behind the order, the next run finds the order and only marks. So it goes every minute.
func TestARequisitionWhoseMarkFailedIsNotOrderedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settleGenerated()
	k := w.known()
	id, _ := w.asks(line(k.parts[0], k.vendor, "2"))
	w.connectPurchasing()
	w.apply(purchasing, strings.Replace(document(t, purchasing), `cron: "0 2 * * *", time_zone: Europe/Berlin`, "every: 1m", 1), nil, nil)
	w.faults.Set(fault.Rule{Path: "transitions", Fault: fault.Fault{Status: http.StatusForbidden}})
	for range 3 {
		w.clock.add(time.Minute)
		w.settle()
	}
	if n := len(w.ordered()); n != 1 || w.requisition(id) != "APPROVED" {
		w.show(purchasing)
		t.Fatalf("while nobody may mark: %d orders, and the requisition is %s", n, w.requisition(id))
	}
	w.faults.Set()
	for range 3 {
		w.clock.add(time.Minute)
		w.settle()
	}
	if n := len(w.ordered()); n != 1 || w.requisition(id) != "ORDERED" {
		t.Errorf("in the end: %d orders, and the requisition is %s", n, w.requisition(id))
	}
}

// A dry run shows the order and the mark that would be made, says why others cannot be, and makes nothing.
func TestADryRunOrdersNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settleGenerated()
	k := w.known()
	id, number := w.asks(line(k.parts[0], k.vendor, "2"))
	two, _ := w.asks(line(k.parts[0], k.vendor, "1"), line(k.parts[1], k.other, "1"))
	w.connectPurchasing()
	report, err := json.Marshal(w.call(http.StatusOK, "POST", "/v1/flows/"+purchasing+"/test", object{}))
	w.check(err)
	var tried struct {
		Threads []struct {
			Step, Status string
			Error        struct{ Detail string }
			Steps        []struct {
				ID    string
				Would struct {
					Accepted bool
					Data     object
				}
			}
		}
	}
	w.check(json.Unmarshal(report, &tried))
	would := map[string]object{}
	var ends []string
	for _, th := range tried.Threads {
		ends = append(ends, th.Step+" "+th.Status)
		for _, s := range th.Steps {
			if s.Would.Accepted {
				would[s.ID] = s.Would.Data
			}
		}
	}
	if strings.Join(ends, ", ") != "- ok, requisitions ok, requisitions failed" || would["order"]["notes"] != "Requisition "+number || would["marked"]["status"] != "ordered" {
		t.Errorf("it says %s", report)
	}
	if len(w.ordered()) != 0 || w.requisition(id) != "APPROVED" || w.requisition(two) != "APPROVED" || len(w.runs(purchasing)) != 0 {
		t.Errorf("it made %v of %s and %s", w.ordered(), w.requisition(id), w.requisition(two))
	}
}
