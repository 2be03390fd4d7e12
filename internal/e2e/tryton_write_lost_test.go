package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answersLost loses the answer to a create of an order that Tryton has executed, in every way; the caller gets the order all the same, and Tryton has it once.
func answersLost(p plant) {
	for _, l := range []struct {
		name string
		by   spoil
	}{
		{"reset", resetUnanswered}, {"closed after it was kept alive", closedUnanswered}, {"torn in the body", tornInTheBody}, {"bad gateway", badGateway},
	} {
		p.write("POST", "/v1/purchase-orders", p.plain("before "+l.name)).ok(http.StatusCreated) // so that the connection is one that was kept alive
		creates := p.gate.counted("model.purchase.purchase.create")
		lost := p.gate.lose(l.name, l.by)
		a := p.write("POST", "/v1/purchase-orders", p.plain(l.name), "lost-"+strings.ReplaceAll(l.name, " ", "-"))
		select {
		case c := <-lost:
			if !c.reused {
				p.t.Errorf("%s: the call came on a new connection: nothing is known of one that was kept alive", l.name)
			}
		default:
			p.t.Fatalf("%s: no answer was lost: nothing is tested", l.name)
		}
		p.once(l.name, a.ok(http.StatusCreated))
		if n := p.gate.counted("model.purchase.purchase.create") - creates; n != 1 {
			p.t.Errorf("%s: %d creates were sent", l.name, n)
		}
		it := p.item(a.header.Get("Busbar-Operation"))
		if it["status"] != "applied" || it["attempts"] != float64(1) || it["remote_id"] != a.body["remote_id"] || it["ledger"].([]any)[0].(map[string]any)["outcome"] != "unknown" {
			p.t.Errorf("%s: the item says %v", l.name, it)
		}
	}
	p.lostChange()
	p.lostMove()
}

// lostChange loses the answer to a change of lines: done twice it would add a line twice.
func (p plant) lostChange() {
	p.t.Helper()
	order := p.write("POST", "/v1/purchase-orders", p.plain("to be changed")).ok(http.StatusCreated)
	lost := p.gate.lose("one line more", resetUnanswered)
	a := p.write("PATCH", "/v1/purchase-orders/"+order["id"].(string), map[string]any{"lines": []any{
		map[string]any{"item": map[string]any{"remote_id": "2"}, "quantity": quantity("5", ""), "unit_price": map[string]any{"amount": "3"}, "notes": "one line more"}}})
	<-lost
	a.ok(http.StatusOK)
	if n := len(p.erp.Search("purchase.line", []any{"purchase", "=", p.remote(order)})); n != 2 || len(a.body["lines"].([]any)) != 2 {
		p.t.Errorf("the order has %d lines in Tryton, %d here; want 2", n, len(a.body["lines"].([]any)))
	}
}

// lostMove loses the answer to a button.
func (p plant) lostMove() {
	p.t.Helper()
	order := p.write("POST", "/v1/purchase-orders", p.plain("to be quoted")).ok(http.StatusCreated)
	lost := p.gate.lose("purchase.purchase.quote", tornInTheBody)
	quoted := p.write("PATCH", "/v1/purchase-orders/"+order["id"].(string), map[string]any{"status": "pending_approval"}).ok(http.StatusOK)
	<-lost
	if state := p.erp.Read("purchase.purchase", p.remote(order), "state")["state"]; state != "quotation" || quoted["status"] != "pending_approval" {
		p.t.Errorf("quoted it is %v, in Tryton %v", quoted["status"], state)
	}
}

// killedBehindEffect kills the process when Tryton has made the order and has not answered. The next process finds it, and the same request gets it.
func killedBehindEffect(p plant) {
	const notes = "killed behind its effect"
	lost := p.gate.lose(notes, blackHole)
	p.die(func() { p.write("POST", "/v1/purchase-orders", p.plain(notes), "killed-1") }, lost)
	creates := p.gate.counted("model.purchase.purchase.create")
	operation := p.call("GET", "/v1/operations?limit=1", p.token, nil, http.StatusOK)["data"].([]any)[0].(map[string]any)["id"].(string)
	it := p.settled(operation)
	if it["status"] != "applied" || it["attempts"] != float64(1) {
		p.t.Fatalf("the item ended %v", it)
	}
	again := p.write("POST", "/v1/purchase-orders", p.plain(notes), "killed-1").ok(http.StatusCreated)
	if again["remote_id"] != it["remote_id"] || p.gate.counted("model.purchase.purchase.create") != creates {
		p.t.Errorf("the same request again led to %v; the item is %v", again["remote_id"], it["remote_id"])
	}
	p.once(notes, again)
}

// die kills the process once an answer is held back, and starts it anew.
func (p plant) die(ask func(), lost <-chan call) {
	p.t.Helper()
	asked := make(chan struct{})
	go func() { defer close(asked); ask() }()
	select {
	case <-lost:
	case <-time.After(time.Minute):
		p.t.Fatal("the call never came to Tryton")
	}
	p.kill()
	<-asked
	p.start()
}

// plain is an order of one line whose notes tell which one it is.
func (p plant) plain(notes string) map[string]any {
	return map[string]any{"vendor": map[string]any{"remote_id": strconv.Itoa(p.vendor())}, "notes": notes, "lines": []any{
		map[string]any{"item": map[string]any{"remote_id": "1"}, "quantity": quantity("2", ""), "unit_price": map[string]any{"amount": "9.5"}}}}
}

// once wants Tryton to have one order with these notes, and it to be that one.
func (p plant) once(notes string, order map[string]any) {
	p.t.Helper()
	ids := p.erp.Search("purchase.purchase", []any{"comment", "=", notes})
	if len(ids) != 1 || strconv.Itoa(ids[0]) != order["remote_id"] {
		p.t.Errorf("%s: Tryton has the orders %v, answered was %v", notes, ids, order["remote_id"])
	}
}

// item reads the only item of an operation, with its ledger.
func (p plant) item(operation string) map[string]any {
	p.t.Helper()
	return p.call("GET", "/v1/operations/"+operation+"/items/0", p.token, nil, http.StatusOK)
}

// settled waits for the end of an operation and gives its item.
func (p plant) settled(operation string) map[string]any {
	p.t.Helper()
	p.await("end of operation "+operation, func() bool {
		return p.call("GET", "/v1/operations/"+operation, p.token, nil, http.StatusOK)["state"] == "completed"
	})
	return p.item(operation)
}
