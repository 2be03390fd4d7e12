package faulttest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// loss is a way in which the answer to a write gets lost.
type loss struct {
	name  string
	fault erp.Fault
	done  bool // the write had its effect all the same
	waits bool // tried with a client that waits as well
	late  bool // tried at the later calls of a write of several as well
}

// losses are the points of a write at which its answer may get lost.
func losses() []loss {
	redirect := map[string]string{"Location": "/login"}
	return []loss{
		{"closed before the body was read", erp.Fault{Unread: true}, false, true, true},
		{"closed without an answer, not done", erp.Fault{Drop: true}, false, false, false},
		{"gateway error, not done", erp.Fault{Status: 502}, false, false, false},
		{"error without a word, not done", erp.Fault{Status: 500}, false, false, true},
		{"closed without an answer", erp.Fault{Drop: true, Execute: true}, true, false, true},
		{"a byte of the head", erp.Fault{Torn: 1}, true, false, false},
		{"a part of the head", erp.Fault{Torn: 9}, true, true, false},
		{"most of the head", erp.Fault{Torn: 90}, true, false, false},
		{"a byte of the body", erp.Fault{Cut: 1}, true, false, false},
		{"some of the body", erp.Fault{Cut: 40}, true, false, true},
		{"all but a byte of the body", erp.Fault{Longer: 1}, true, false, false},
		{"502", erp.Fault{Status: 502, Execute: true}, true, false, true},
		{"503", erp.Fault{Status: 503, Execute: true}, true, false, false},
		{"503 that asks to wait", erp.Fault{Status: 503, RetryAfter: 2 * time.Second, Execute: true}, true, false, false},
		{"504", erp.Fault{Status: 504, Execute: true}, true, false, false},
		{"500", erp.Fault{Status: 500, Execute: true}, true, false, false},
		{"408", erp.Fault{Status: 408, Execute: true}, true, false, false},
		{"login page", erp.Fault{LoginPage: true, Execute: true}, true, true, true},
		{"redirect to a login", erp.Fault{Status: 302, Header: redirect, Body: "{}", Execute: true}, true, false, false},
		{"an answer of another kind", erp.Fault{Body: `{"success":true}`, Execute: true}, true, false, false},
		{"a list instead of a record", erp.Fault{Body: `[]`, Execute: true}, true, false, false},
		{"a 200 that is no JSON", erp.Fault{Body: `{"id":"00`, Execute: true}, true, false, false},
	}
}

// TestLostAnswers is rows 26, 28 and 30: the answer to a write gets lost at any point, whether it had its effect or not. Whatever can be found out (W1 to W3, changes
// and deletions) ends applied with exactly one effect; what cannot (W4, W5) is left to a person, and is never sent by itself again.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w, n := newWorks(t, setup{}), 0
			for step := range k.steps {
				for _, l := range losses() {
					if step > 0 && !l.late {
						continue
					}
					n++
					w.lose(k, l, n, step, false)
					if l.waits {
						n++
						w.lose(k, l, n, step, true)
					}
				}
			}
			w.even()
		})
	}
}

// lose makes one write whose answer gets lost at its step-th call, and follows it to its end.
func (w *works) lose(k kind, l loss, n, step int, waits bool) {
	w.Helper()
	q := k.make(w, n).with("Idempotency-Key", fmt.Sprintf("key-%d", n))
	if !waits {
		q = q.async()
	}
	w.plan.Set(erp.Rule{Path: "*", Write: "*", After: step, Times: 1, Fault: l.fault})
	a := w.write(q)
	a.what = fmt.Sprintf("%s: %s, call %d, waited for: %t", k.name, l.name, step, waits)
	w.step()
	if w.plan.Hits() != 1 {
		w.Fatalf("%s: the fault never happened: %d %s", a.what, a.status, a.body)
	}
	w.plan.Set()
	w.told(k, a, waits)
	w.again(q, a)
	o := w.over(a.op)
	if k.alone() {
		w.decide(k, l, a)
		o = w.over(a.op)
	}
	it := w.stands(a, "applied")
	if n := w.effects(q.is); n != 1 || o.get("counts", "applied") != "1" {
		w.Fatalf("%s: %d effects: %s", a.what, n, it)
	}
	if w.pass(time.Minute); w.connection() != "active" {
		w.Fatalf("%s: the connection is %s", a.what, w.connection())
	}
}

// told looks at the first answer: done, or the outcome is unknown; never an error that says nothing.
func (w *works) told(k kind, a *asked, waits bool) {
	w.Helper()
	switch {
	case !waits && a.status != http.StatusAccepted,
		waits && a.status != http.StatusCreated && a.status != http.StatusOK && (a.status != http.StatusGatewayTimeout || a.body.get("code") != "write-outcome-unknown"),
		waits && k.alone() && a.status != http.StatusGatewayTimeout:
		w.Fatalf("%s: the client was told %d: %s", a.what, a.status, a.body)
	}
}

// again repeats a write with its key: it is answered with the end of the first, or told that this is not over; it has no effect of its own.
func (w *works) again(q want, first *asked) {
	w.Helper()
	status := w.item(first).get("status")
	a := w.write(q)
	switch {
	case status == "applied" && (a.status == http.StatusCreated || a.status == http.StatusOK) && a.replayed && a.op == first.op:
	case status != "applied" && a.status == http.StatusConflict && a.body.get("code") == "operation-in-progress" && a.body.get("operation") == "/v1/operations/"+first.op:
	default:
		w.Fatalf("%s is %s and was repeated: %d (replayed: %t, operation %s): %s", first.what, status, a.status, a.replayed, a.op, a.body)
	}
}

// decide is what a person does who looks into SimERP.
func (w *works) decide(k kind, l loss, a *asked) {
	w.Helper()
	it := w.stands(a, "needs_human")
	if got := w.effects(a.is); (got == 1) != l.done || got > 1 {
		w.Fatalf("%s: %d effects before anybody decided", a.what, got)
	}
	named := candidates(it)
	if k.class == "W4" && l.done != (len(named) == 1) || k.class == "W5" && len(named) > 0 {
		w.Fatalf("%s: the candidates are %v", a.what, named)
	}
	body := map[string]any{"outcome": "not_happened"}
	for _, e := range w.sim.Effects() {
		if a.is(e) {
			body = map[string]any{"outcome": "happened", "remote_id": e.ID}
			if len(named) > 0 && named[0] != e.ID {
				w.Fatalf("%s: the candidate is %s, the record %s", a.what, named[0], e.ID)
			}
		}
	}
	w.call(w.token, "POST", "/v1/operations/"+a.op+"/items/0/resolve", body, http.StatusOK)
}
