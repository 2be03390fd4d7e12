package flowtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// shelf is what lies of a part in a place of the CMMS; "" nothing does.
func (w *world) shelf(part object, place string) string {
	w.Helper()
	for _, s := range w.inCMMS("GET", "stock?limit=200", nil)["items"].([]any) {
		s := s.(object)
		if text(s["part"].(object)["id"]) == text(part["id"]) && text(s["place"].(object)["id"]) == place {
			return text(s["onHand"])
		}
	}
	return ""
}

// movements counts the CMMS's movements by reference.
func (w *world) movements() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, m := range w.inCMMS("GET", "movements?limit=200", nil)["items"].([]any) {
		if ref, ok := m.(object)["reference"].(string); ok && !strings.HasPrefix(ref, "DN-") { // those are the plant's own
			out[ref]++
		}
	}
	return out
}

// Goods of a receipt are in the CMMS's store once, with what it knows of them only; the same receipt again is skipped.
func TestGoodsReceiptsArePutIntoStock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.known()
	const name = "goods-receipt-to-stock"
	w.connectBoth("items", "locations", "goods-receipts", "stock-adjustments")
	w.example(name, map[string]string{"erp": "sim-erp", "cmms": "sim-cmms"}, object{"storeroom": "ST1-01", "units": object{"PCE": "pcs"}})
	w.settle()
	if got := w.movements(); len(got) != 0 {
		t.Fatalf("what was received before the flow was there: %v", got)
	}
	ours, strange := w.receive("000001", "000002"), w.receive("000005")
	w.sync("sim-erp", "goods-receipts")
	w.clock.add(time.Minute)
	w.settle()
	if got := w.movements(); len(got) != 1 || got[ours] != 1 {
		w.show(name)
		t.Fatalf("of %s and %s: %v", ours, strange, got)
	}
	for i, want := range []string{"2", "3"} {
		if got := w.shelf(k.parts[i], "2"); got != want {
			t.Errorf("part %d: %s lie there, want %s", i+1, got, want)
		}
	}
	if got := w.run(name, w.changes(name)); got != "completed: in 2, ok 0, failed 0, skipped 2" || w.movements()[ours] != 1 || w.shelf(k.parts[0], "2") != "2" {
		t.Errorf("the same again: %s, %v", got, w.movements())
	}
}

// receive orders items in the ERP, two of the first, three of the second and so on, and one thing that the CMMS does not have; and receives all. It gives the receipt's number.
func (w *world) receive(items ...string) string {
	w.Helper()
	var lines []any
	for i, item := range append(items, "000004") {
		lines = append(lines, object{"itemId": item, "quantity": fmt.Sprint(i + 2)})
	}
	made := w.inERP("POST", "purchase-orders", object{"vendorId": "000001", "lines": lines})
	id := made["id"].(string)
	for _, status := range []string{"PENDING", "APPROVED", "OPEN"} {
		w.inERP("PATCH", "purchase-orders/"+id, object{"status": status})
	}
	var came []any
	for i := range lines {
		came = append(came, object{"orderLineId": fmt.Sprintf("%s-%d", id, (i+1)*10), "quantity": fmt.Sprint(i + 2)})
	}
	return w.inERP("POST", "goods-receipts", object{"purchaseOrderId": id, "lines": came})["receiptNumber"].(string)
}

// changes is the input of the newest run.
func (w *world) changes(name string) object {
	w.Helper()
	return w.newest(name).Input
}

// lies is what the ERP has of an item at a location.
func (w *world) lies(item, location string) string {
	w.Helper()
	for _, s := range w.inERP("GET", "stock?limit=500", nil)["data"].([]any) {
		if s := s.(object); s["itemId"] == item && s["locationId"] == location {
			return s["onHand"].(string)
		}
	}
	return ""
}

// postings counts what the ERP was told to post, by reference.
func (w *world) postings() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, e := range w.erp.Effects() {
		if e.Resource != "stock-postings" {
			continue
		}
		var p struct{ Kind, Reference string }
		w.check(json.Unmarshal(e.Record, &p))
		out[p.Kind+" "+p.Reference]++
	}
	return out
}

// Parts of a closed work order leave the ERP's stock once, all together; an order whose parts are short fails until there are some.
func TestPartsOfWorkOrdersAreIssued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.known()
	const name, location = "work-order-parts-to-stock-issue", "000003" // SW1-A01
	for i, item := range []string{"000001", "000002"} {
		w.inCMMS("POST", "stock", object{"part": link(k.parts[i]), "place": object{"id": 2}, "onHand": 50})
		w.inERP("POST", "stock-postings", object{"kind": "RECEIPT", "reference": "begin", "lines": []any{object{"itemId": item, "locationId": location, "quantity": "5"}}})
	}
	first, second := w.lies("000001", location), w.lies("000002", location)
	w.connectBoth("items", "locations", "work-orders", "stock-adjustments")
	w.example(name, map[string]string{"cmms": "sim-cmms", "erp": "sim-erp"}, object{"storeroom": "SW1-A01", "units": object{"pcs": "PCE"}})
	w.settle()
	ref := w.worked(k.parts[0], 2, k.parts[1], 1)
	short := w.worked(k.parts[0], 1, k.parts[1], 40)
	w.worked(k.parts[0], 0, k.parts[1], 0)
	w.sync("sim-cmms", "work-orders")
	for range 5 {
		w.clock.add(time.Minute)
		w.settle()
	}
	if got := w.postings(); len(got) != 2 || got["ISSUE "+ref] != 1 {
		w.show(name)
		t.Fatalf("posted for %s and %s: %v", ref, short, got)
	}
	if a, b := w.lies("000001", location), w.lies("000002", location); minus(t, first, a) != "2" || minus(t, second, b) != "1" {
		t.Errorf("of the first %s, then %s; of the second %s, then %s", first, a, second, b)
	}
	w.inERP("POST", "stock-postings", object{"kind": "RECEIPT", "reference": "begin", "lines": []any{object{"itemId": "000002", "locationId": location, "quantity": "1000"}}})
	if got := w.run(name, w.changes(name)); got != "completed: in 2, ok 1, failed 0, skipped 1" {
		w.show(name)
		t.Errorf("when there are some: %s", got)
	}
	if got := w.postings(); got["ISSUE "+ref] != 1 || got["ISSUE "+short] != 1 {
		t.Errorf("in the end: %v", got)
	}
}

// worked lets a work order use so many of two parts and be closed. It gives the order's number.
func (w *world) worked(a object, n int, b object, m int) string {
	w.Helper()
	made := w.inCMMS("POST", "work-orders", object{"title": "Mend it", "parts": []any{
		object{"part": link(a), "planned": 1, "used": n, "store": object{"id": 2}}, object{"part": link(b), "planned": 1, "used": m, "store": object{"id": 2}},
	}})
	for _, state := range []string{"IN_PROGRESS", "DONE", "CLOSED"} {
		w.inCMMS("POST", "work-orders/"+text(made["id"])+"/transitions", object{"to": state})
	}
	return made["number"].(string)
}

// minus gives the difference of two amounts.
func minus(t *testing.T, a, b string) string {
	t.Helper()
	var x, y float64
	if _, err := fmt.Sscan(a, &x); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(b, &y); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(x - y)
}
