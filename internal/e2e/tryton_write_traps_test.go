package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// trapsOfWrites asks for what Tryton answers with a success and does not do, and for what it does although its own form forbids it: each is refused with a reason, and
// Tryton's order stays as it is.
func trapsOfWrites(p plant) {
	processing, quotation, draft := p.made("quote", "confirm", "process"), p.made("quote"), p.made()
	confirmed := p.made("quote")
	p.erp.SQL("update purchase_purchase set state = 'confirmed' where id = ?", confirmed) // as it is until Tryton processes it by itself
	p.sync("full")
	line := func(id int, more map[string]any) map[string]any {
		more["id"] = member(p.order(id, "")["lines"].([]any)[0], "id")
		return map[string]any{"lines": []any{more}}
	}
	before := map[int]string{}
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
		// Tryton refuses it, in words that nobody reads.
		{"more digits than Tryton keeps", draft, line(draft, map[string]any{"unit_price": map[string]any{"amount": "1.00001"}}), "validation-failed"},
		{"what is processed is deleted", processing, nil, "state-forbids"},
	} {
		if before[trap.id] == "" {
			before[trap.id] = p.inTryton(trap.id)
		}
		path, method := "/v1/purchase-orders/"+p.order(trap.id, "")["id"].(string), "PATCH"
		if trap.body == nil {
			method = "DELETE"
		}
		p.refused(trap.name, p.write(method, path, trap.body), trap.code)
		if after := p.inTryton(trap.id); after != before[trap.id] {
			p.t.Errorf("%s: it was\n%s\nand is\n%s", trap.name, before[trap.id], after)
		}
	}
	closed := p.plain("made as closed")
	closed["status"] = "closed"
	p.refused("it is made as closed", p.write("POST", "/v1/purchase-orders", closed), "state-forbids")
	if made := p.erp.Search("purchase.purchase", []any{"comment", "=", closed["notes"]}); len(made) != 0 {
		p.t.Errorf("an order that could not be closed was made all the same: %v", made)
	}
}

// overtaken lets somebody else change an order in Tryton when Busbar has judged a write and has just sent it: what was allowed a moment ago Tryton would now ignore, or wrongly do.
func overtaken(p plant) {
	for method, body := range map[string]func(line any) map[string]any{
		"cancel": func(any) map[string]any { return map[string]any{"status": "cancelled"} },
		"write": func(line any) map[string]any {
			return map[string]any{"lines": []any{map[string]any{"id": line, "quantity": quantity("9", "")}}}
		},
	} {
		id := p.made()
		p.sync("incremental")
		order := p.order(id, "")
		var before string
		done := p.gate.once(func(m string, _ []json.RawMessage) bool { return m == "model.purchase.purchase."+method }, func() {
			for _, button := range []string{"quote", "confirm", "process"} {
				p.erp.Press("purchase.purchase", button, id)
			}
			before = p.inTryton(id)
		})
		p.refused(method, p.write("PATCH", "/v1/purchase-orders/"+order["id"].(string), body(member(order["lines"].([]any)[0], "id"))), "state-forbids")
		<-done
		if after := p.inTryton(id); after != before || !strings.Contains(after, "processing") {
			p.t.Errorf("%s: it was\n%s\nand is\n%s", method, before, after)
		}
		if now := p.order(id, ""); now["status"] != "sent" {
			p.t.Errorf("%s: read back it is %v, not what Tryton made of it", method, now["status"])
		}
	}
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

// inTryton is what Tryton has of an order.
func (p plant) inTryton(id int) string {
	p.t.Helper()
	return fmt.Sprint(p.erp.SQL(`select o.state, o.party, o.number, o.purchase_date, o.currency, o.comment, o.write_date, l.id, l.product, l.quantity, l.unit_price, l.write_date
		from purchase_purchase o left join purchase_line l on l.purchase = o.id where o.id = ? order by l.id`, id))
}
