package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// trapsOfWrites asks for what Tryton answers with a success and does not do, and for what it does although its own form forbids it: each is refused with a reason, and
// Tryton's order stays as it is.
func trapsOfWrites(p plant) {
	vendor := p.vendor()
	product := p.erp.Search("product.product", []any{"template.purchasable", "=", true})[0]
	processing := p.erp.Order(vendor, time.Now(), tryton.Line{Product: product, Quantity: 3, Price: "12.34"})
	for _, button := range []string{"quote", "confirm", "process"} {
		p.erp.Press("purchase.purchase", button, processing)
	}
	draft := p.erp.Order(vendor, time.Now(), tryton.Line{Product: product, Quantity: 3, Price: "12.34"})
	p.sync("incremental")
	line := func(order map[string]any, more map[string]any) map[string]any {
		more["id"] = member(order["lines"].([]any)[0], "id")
		return map[string]any{"lines": []any{more}}
	}
	sent, open := p.order(processing, ""), p.order(draft, "")
	for _, trap := range []struct {
		name string
		id   int
		body map[string]any
		code string
	}{
		{"an order that is processed is cancelled: Tryton says yes and does nothing", processing, map[string]any{"status": "cancelled"}, "state-forbids"},
		{"it goes back to draft: Tryton says yes and does nothing", processing, map[string]any{"status": "draft"}, "state-forbids"},
		{"a quantity of an order that is processed: Tryton takes it", processing, line(sent, map[string]any{"quantity": quantity("9", "")}), "state-forbids"},
		{"the vendor of an order that is made: Tryton takes it", draft, map[string]any{"vendor": map[string]any{"remote_id": "1"}}, "field-not-writable"},
		{"a total: Tryton ignores it", draft, map[string]any{"total": map[string]any{"amount": "1"}}, "field-not-writable"},
		{"more digits than Tryton keeps", draft, line(open, map[string]any{"unit_price": map[string]any{"amount": "1.00001"}}), "validation-failed"},
	} {
		before := p.inTryton(trap.id)
		path := "/v1/purchase-orders/" + p.order(trap.id, "")["id"].(string)
		a := p.write("PATCH", path, trap.body)
		if a.status < 400 || a.status >= 500 || !strings.Contains(fmt.Sprint(a.body["code"], a.body["errors"]), trap.code) {
			p.t.Errorf("%s: %d %v; want %s", trap.name, a.status, a.body, trap.code)
		}
		if after := p.inTryton(trap.id); after != before {
			p.t.Errorf("%s: it was\n%s\nand is\n%s", trap.name, before, after)
		}
	}
}

// inTryton is what Tryton's own tables hold of an order.
func (p plant) inTryton(id int) string {
	p.t.Helper()
	return fmt.Sprint(p.erp.SQL("select state, party, write_date from purchase_purchase where id = ?", id),
		p.erp.SQL("select id, product, quantity, unit_price from purchase_line where purchase = ? order by id", id))
}

// sessionsEnded ends Busbar's session at the moment in which a write comes to Tryton: it logs in again, and the write is done once.
func sessionsEnded(p plant) {
	ended := func(method string) <-chan struct{} {
		return p.gate.once(func(m string, _ []json.RawMessage) bool { return m == method }, func() { p.erp.SQL("delete from ir_session") })
	}
	const notes = "its session ended"
	done := ended("model.purchase.purchase.create")
	order := p.write("POST", "/v1/purchase-orders", p.plain(notes)).ok(http.StatusCreated)
	<-done
	p.once(notes, order)
	path := "/v1/purchase-orders/" + order["id"].(string)
	done = ended("model.purchase.purchase.write")
	p.write("PATCH", path, map[string]any{"lines": []any{map[string]any{"item": map[string]any{"remote_id": "2"}, "quantity": quantity("5", ""), "unit_price": map[string]any{"amount": "3"}}}}).ok(http.StatusOK)
	<-done
	if n := len(p.erp.Search("purchase.line", []any{"purchase", "=", p.remote(order)})); n != 2 {
		p.t.Errorf("the order has %d lines, want 2", n)
	}
	done = ended("model.purchase.purchase.quote")
	quoted := p.write("PATCH", path, map[string]any{"status": "pending_approval"}).ok(http.StatusOK)
	<-done
	if state := p.erp.Read("purchase.purchase", p.remote(order), "state")["state"]; state != "quotation" || quoted["status"] != "pending_approval" {
		p.t.Errorf("quoted it is %v, in Tryton %v", quoted["status"], state)
	}
}

// manyVendors makes vendors in a batch of which some are wrong, and loses the answer to a call for many of them.
func manyVendors(p plant) {
	const many, bad = 60, 5
	var items []any
	for i := range many {
		data := map[string]any{"name": fmt.Sprintf("Supplier %02d", i)}
		if i%(many/bad) == 3 {
			data = map[string]any{"nme": "wrong"}
		}
		items = append(items, map[string]any{"op": "create", "client_ref": fmt.Sprint("row-", i), "data": data})
	}
	lost := p.gate.lose("Supplier 20", resetUnanswered)
	made := p.call("POST", "/v1/vendors/batch", p.token, map[string]any{"items": items}, http.StatusAccepted)
	id := made["id"].(string)
	p.await("end of batch "+id, func() bool {
		return p.call("GET", "/v1/operations/"+id, p.token, nil, http.StatusOK)["state"] == "completed"
	})
	<-lost
	counts := p.call("GET", "/v1/operations/"+id, p.token, nil, http.StatusOK)["counts"].(map[string]any)
	if counts["applied"] != float64(many-bad) || counts["rejected"] != float64(bad) {
		p.t.Errorf("the batch counts %v", counts)
	}
	names := map[string]int{}
	for _, r := range p.erp.SQL("select name from party_party where name like 'Supplier %'") {
		names[fmt.Sprint(r[0])]++
	}
	for name, n := range names {
		if n != 1 {
			p.t.Errorf("%s is there %d times", name, n)
		}
	}
	if len(names) != many-bad {
		p.t.Errorf("Tryton has %d of %d vendors", len(names), many-bad)
	}
	for _, it := range p.list("/v1/operations/"+id+"/items?status=rejected", p.token) {
		if i := int(it["index"].(float64)); i%(many/bad) != 3 {
			p.t.Errorf("item %d is rejected: %v", i, it["error"])
		}
	}
}
