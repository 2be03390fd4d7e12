package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
)

// sessionsEnded ends Busbar's session while a write waits at Tryton's door: Tryton answers that it does not know who asks and does nothing, Busbar logs in once more and sends it again.
func sessionsEnded(p plant) {
	const notes = "its session ended"
	logins := p.gate.counted("common.db.login")
	ended := p.sessionEnds("purchase.create")
	a := p.write("POST", "/v1/purchase-orders", p.plain(notes))
	order := a.ok(http.StatusCreated)
	<-ended
	p.once(notes, order)
	if it := p.item(a.header.Get("Busbar-Operation")); it["ledger"].([]any)[0].(map[string]any)["outcome"] != "not_sent" {
		p.t.Errorf("the call that Tryton did not look at is told as %v", it["ledger"])
	}
	path := "/v1/purchase-orders/" + order["id"].(string)

	ended = p.sessionEnds("purchase.write")
	p.write("PATCH", path, map[string]any{"lines": []any{p.plain("")["lines"].([]any)[0]}}).ok(http.StatusOK)
	<-ended
	if n := len(p.erp.Search("purchase.line", []any{"purchase", "=", p.remote(order)})); n != 2 {
		p.t.Errorf("the order has %d lines, want 2", n)
	}

	ended = p.sessionEnds("purchase.quote")
	quoted := p.write("PATCH", path, map[string]any{"status": "pending_approval"}).ok(http.StatusOK)
	<-ended
	if state := p.state(order); state != "quotation" || quoted["status"] != "pending_approval" {
		p.t.Errorf("quoted it is %v, in Tryton %v", quoted["status"], state)
	}

	ended = p.sessionEnds("purchase.delete")
	other := p.write("POST", "/v1/purchase-orders", p.plain("to be deleted")).ok(http.StatusCreated)
	gone := p.write("DELETE", "/v1/purchase-orders/"+other["id"].(string), nil)
	<-ended
	if gone.status >= 300 || len(p.erp.Search("purchase.purchase", []any{"id", "=", p.remote(other)})) != 0 {
		p.t.Errorf("deleted: %d %v", gone.status, gone.body)
	}
	if n := p.gate.counted("common.db.login") - logins; n != 4 {
		p.t.Errorf("4 sessions ended; Busbar logged in %d times", n)
	}
	p.oneSession()
}

// endedUnderMany ends the session that several writers share: one of them logs in for all. Whose answer proves nothing, since Tryton met the end in the middle of its call, learns the end later.
func endedUnderMany(p plant) {
	const writers = 4
	logins := p.gate.counted("common.db.login")
	ended := p.sessionEnds("purchase.create")
	var all sync.WaitGroup
	answers := make([]answer, writers)
	for i := range answers {
		body := p.plain(fmt.Sprint("one of many writers: ", i))
		all.Go(func() { answers[i] = p.write("POST", "/v1/purchase-orders", body) })
	}
	all.Wait()
	<-ended
	for i, a := range answers {
		order := a.body
		if a.status == http.StatusGatewayTimeout && a.body["code"] == "write-outcome-unknown" {
			order = p.settled(a.header.Get("Busbar-Operation"))
		} else {
			a.ok(http.StatusCreated)
		}
		p.once(fmt.Sprint("one of many writers: ", i), order)
	}
	if n := p.gate.counted("common.db.login") - logins; n != 1 {
		p.t.Errorf("one session ended; Busbar logged in %d times", n)
	}
	p.oneSession()
}

// sessionEnds ends every session in Tryton when the next call of a method has come to it, before it looks at the call.
func (p plant) sessionEnds(method string) (ended <-chan struct{}) {
	return p.gate.once(func(m string, _ []json.RawMessage) bool { return m == "model.purchase."+method }, func() { p.erp.SQL("delete from ir_session") })
}

// leavesNone ends the process as an orchestrator does, and wants it to leave no session behind.
func (p plant) leavesNone() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("told to stop, the process ended with %v", err)
	}
	if n := p.sessions(); n != 0 {
		p.t.Errorf("it leaves %d sessions behind", n)
	}
}

// oneSession wants Busbar to have one session open, whatever was going on.
func (p plant) oneSession() {
	p.t.Helper()
	if n := p.sessions(); n != 1 {
		p.t.Errorf("%v sessions are open, want one", n)
	}
}

// sessions counts the sessions that Tryton keeps open.
func (p plant) sessions() int {
	p.t.Helper()
	return int(p.erp.SQL("select count(*) from ir_session")[0][0].(float64))
}

// state is an order's in Tryton's words.
func (p plant) state(order map[string]any) any {
	p.t.Helper()
	return p.erp.Read("purchase.purchase", p.remote(order), "state")["state"]
}
