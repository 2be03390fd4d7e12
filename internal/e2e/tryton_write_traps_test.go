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
	processing, quotation, draft, empty := p.made("quote", "confirm", "process"), p.made("quote"), p.made(), p.erp.Order(p.vendor(), time.Now())
	confirmed := p.made("quote")
	p.erp.SQL("update purchase_purchase set state = 'confirmed' where id = ?", confirmed) // as it is until Tryton processes it by itself
	p.sync("full")
	line := func(id int, more map[string]any) map[string]any {
		more["id"] = member(p.order(id, "")["lines"].([]any)[0], "id")
		return map[string]any{"lines": []any{more}}
	}
	status := func(to string) map[string]any { return map[string]any{"status": to} }
	for _, trap := range []struct {
		name string
		id   int
		body map[string]any // nil: it is deleted
		code string
	}{
		// Tryton answers with a success and does nothing.
		{"what is processed is cancelled", processing, status("cancelled"), "state-forbids"},
		{"what is processed goes back to draft", processing, status("draft"), "state-forbids"},
		{"what is empty is quoted", empty, status("pending_approval"), "state-forbids"},
		{"a draft is confirmed without being quoted", draft, status("approved"), "state-forbids"},
		{"a total is written", draft, map[string]any{"total": map[string]any{"amount": "1"}}, "field-not-writable"},
		{"a number is written", draft, map[string]any{"number": "4711"}, "field-not-writable"},
		// Tryton does it.
		{"a quantity of what is processed", processing, line(processing, map[string]any{"quantity": quantity("9", "")}), "state-forbids"},
		{"a price of what is quoted", quotation, line(quotation, map[string]any{"unit_price": map[string]any{"amount": "1"}}), "state-forbids"},
		{"a line of what is confirmed is removed", confirmed, line(confirmed, map[string]any{"_delete": true}), "state-forbids"},
		{"the date of what is confirmed", confirmed, map[string]any{"order_date": "2026-01-01"}, "state-forbids"},
		{"the vendor of what is made", draft, map[string]any{"vendor": map[string]any{"remote_id": "1"}}, "field-not-writable"},
		{"the currency of what is made", draft, map[string]any{"currency": "EUR"}, "field-not-writable"},
		{"a status of the system's own is written", draft, map[string]any{"status_source": "done"}, "state-forbids"},
		{"a negative quantity", draft, line(draft, map[string]any{"quantity": quantity("-1", "")}), "validation-failed"},
		// Tryton refuses it, in words that nobody reads.
		{"more digits than Tryton keeps", draft, line(draft, map[string]any{"unit_price": map[string]any{"amount": "1.00001"}}), "validation-failed"},
		{"what is processed is deleted", processing, nil, "state-forbids"},
	} {
		before := p.inTryton(trap.id)
		path, method := "/v1/purchase-orders/"+p.order(trap.id, "")["id"].(string), "PATCH"
		if trap.body == nil {
			method = "DELETE"
		}
		p.refused(trap.name, p.write(method, path, trap.body), trap.code)
		if after := p.inTryton(trap.id); after != before {
			p.t.Errorf("%s: it was\n%s\nand is\n%s", trap.name, before, after)
		}
	}
}

// overtaken lets somebody else change an order in Tryton when Busbar has judged a write and has just sent it: what was allowed a moment ago Tryton would now ignore, or wrongly do.
func overtaken(p plant) {
	process := func(id int) {
		for _, button := range []string{"quote", "confirm", "process"} {
			p.erp.Press("purchase.purchase", button, id)
		}
	}
	empty := func(id int) { p.erp.Delete("purchase.line", p.erp.Search("purchase.line", []any{"purchase", "=", id})[0]) }
	status := func(to string) func(int) map[string]any {
		return func(int) map[string]any { return map[string]any{"status": to} }
	}
	for _, trap := range []struct {
		name, method string
		meanwhile    func(id int)
		body         func(id int) map[string]any
		state        string // in which Tryton's order stays
	}{
		{"cancelled when it is processed", "cancel", process, status("cancelled"), "processing"},
		{"quoted when it is empty", "quote", empty, status("pending_approval"), "draft"},
		{"its quantity is changed when it is processed", "write", process, func(id int) map[string]any {
			return map[string]any{"lines": []any{map[string]any{"id": member(p.order(id, "")["lines"].([]any)[0], "id"), "quantity": quantity("9", "")}}}
		}, "processing"},
	} {
		id := p.made()
		p.sync("incremental")
		body := trap.body(id)
		var before string
		done := p.gate.once(func(m string, _ []json.RawMessage) bool { return m == "model.purchase.purchase."+trap.method }, func() {
			trap.meanwhile(id)
			before = p.inTryton(id)
		})
		p.refused(trap.name, p.write("PATCH", "/v1/purchase-orders/"+p.order(id, "")["id"].(string), body), "state-forbids")
		<-done
		if after := p.inTryton(id); after != before || !strings.Contains(after, trap.state) {
			p.t.Errorf("%s: it was\n%s\nand is\n%s", trap.name, before, after)
		}
	}
}

// halfTaken creates what Tryton takes only in part: the order is there, and the answer says what is missing.
func halfTaken(p plant) {
	vendor := p.erp.Create("party.party", map[string]any{"name": "Without an address", "addresses": []any{}})
	p.syncOf("vendors", "incremental")
	body := p.plain("cannot be quoted")
	body["vendor"], body["status"] = map[string]any{"remote_id": fmt.Sprint(vendor)}, "pending_approval"
	a := p.write("POST", "/v1/purchase-orders", body)
	p.t.Log(a.status, a.body, a.warnings)
	body = p.plain("cannot be closed")
	body["status"] = "closed"
	p.refused("an order is made closed", p.write("POST", "/v1/purchase-orders", body), "state-forbids")
	if n := len(p.erp.Search("purchase.purchase", []any{"comment", "=", "cannot be closed"})); n != 0 {
		p.t.Errorf("Tryton has %d orders that were refused", n)
	}
	_ = http.StatusOK
}

// refused wants a write to be refused with a code, of the whole or of a field.
func (p plant) refused(name string, a answer, code string) {
	p.t.Helper()
	if a.status < 400 || a.status >= 500 || !strings.Contains(fmt.Sprint(a.body["code"], a.body["errors"]), code) {
		p.t.Errorf("%s: %d %v %v; want %s", name, a.status, a.body, a.warnings, code)
	}
}

// made makes an order of one line in Tryton and presses buttons.
func (p plant) made(buttons ...string) int {
	p.t.Helper()
	id := p.erp.Order(p.vendor(), time.Now(), tryton.Line{Product: p.product(), Quantity: 3, Price: "12.34"})
	for _, button := range buttons {
		p.erp.Press("purchase.purchase", button, id)
	}
	return id
}

// inTryton is what Tryton's own tables hold of an order.
func (p plant) inTryton(id int) string {
	p.t.Helper()
	return fmt.Sprint(p.erp.SQL("select state, party, write_date from purchase_purchase where id = ?", id),
		p.erp.SQL("select id, product, quantity, unit_price from purchase_line where purchase = ? order by id", id))
}
