package faulttest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// byJobs makes SimERP do all writes of single records by jobs.
func byJobs() []string {
	const job = `headers: {Prefer: respond-async}, job: {id: jobId, path: "jobs/{id}", state: state, running: [QUEUED], done: [DONE], failed: [FAILED], code: failure/code, message: failure/message}`
	edits := []string{"kinds: {", "kinds: {version_conflict: conflict, not_found: gone, ", "send: {method: DELETE, ", "send: {method: DELETE, " + job + ", "}
	for _, create := range []string{"send: {path: vendors", "send: {path: purchase-orders", "send: {path: goods-receipts"} {
		edits = append(edits, create+"}", create+", record: record, "+job+"}")
	}
	return append(edits, "send: {path: items, idempotency: Idempotency-Key", "send: {path: items, idempotency: Idempotency-Key, record: record, "+job,
		"send: {method: PATCH, ", "send: {method: PATCH, record: record, "+job+", ")
}

// asksJob matches the requests that ask how far a job is.
func asksJob(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/v1/jobs/") }

// asksFirstJob matches those for the job that is asked for first.
func asksFirstJob() func(*http.Request) bool {
	var first atomic.Pointer[string]
	return func(r *http.Request) bool {
		if !asksJob(r) {
			return false
		}
		path := r.URL.Path
		first.CompareAndSwap(nil, &path)
		return *first.Load() == path
	}
}

// TestJobs is what a system does that takes writes as jobs: a client that waits is told the end, or where to read on; a job that takes long is asked for until it is over, and nothing is sent
// again meanwhile.
func TestJobs(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			waits := k.make(w, 1)
			if a := w.write(waits); a.status != http.StatusCreated && a.status != http.StatusOK && (k.steps == 1 || a.status != http.StatusAccepted) {
				t.Errorf("waited for: %d %s", a.status, a.body)
			}
			later, long := k.make(w, 2), k.make(w, 3).async()
			w.sim.SetJobs(20 * time.Minute)
			a := w.write(later)
			if a.status != http.StatusAccepted || w.stands(a, "reconciling") == nil {
				t.Errorf("a job that goes on behind the wait: %d %s", a.status, a.body)
			}
			b := w.write(long)
			for range 10 {
				w.pass(time.Minute)
			}
			if n := w.effects(long.is); n != 0 {
				t.Errorf("%d effects before the jobs are done", n)
			}
			w.over(a.op)
			w.over(b.op)
			w.stands(a, "applied")
			w.stands(b, "applied")
			w.even()
		})
	}
}

// TestJobThatTellsNothing is row 37: the system does not know the job any more, or it is done and shows no record. What became of the write is found out by the ladder of its class, and one of W4 or W5
// is left to a person.
func TestJobThatTellsNothing(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]erp.Fault{
		"not known any more": {Status: http.StatusNotFound},
		"gone":               {Status: http.StatusGone},
		"done with nothing":  {Body: `{"id":"J-1","state":"DONE"}`},
		"another record":     {Body: `{"id":"J-1","state":"DONE","record":{"number":7}}`},
	} {
		for _, k := range kinds() {
			if strings.HasSuffix(k.name, "deleted") && f.Body != "" {
				continue // a deletion leaves no record
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				t.Parallel()
				w := newWorks(t, setup{}, byJobs()...)
				q := k.make(w, 1).async()
				w.plan.Set(erp.Rule{Path: "*", When: asksFirstJob(), Fault: f})
				a := w.write(q)
				w.step()
				w.over(a.op)
				if w.plan.Hits() == 0 {
					t.Fatal("nobody asked for the job")
				}
				if k.alone() {
					w.decide(k, loss{done: true}, a)
					w.over(a.op)
				}
				w.stands(a, "applied")
				w.even()
			})
		}
	}
}

// TestJobThatCannotBeAskedFor is the rest of row 37: whatever else is answered to the question how far a job is, or nothing, is no end of it. It is asked again.
func TestJobThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]erp.Fault{
		"no answer": {Drop: true}, "500": {Status: 500}, "503 that asks to wait": {Status: 503, RetryAfter: time.Second}, "login page": {LoginPage: true}, "no JSON": {Body: `{"id":`},
		"a state that nobody knows": {Body: `{"id":"J-1","state":"PARKED"}`}, "no state": {Body: `{}`}, "refused": {Status: 403},
	} {
		for _, k := range kinds() {
			if k.name != "receipts created" && k.name != "orders created" && k.name != "vendors changed" {
				continue
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				t.Parallel()
				w := newWorks(t, setup{}, byJobs()...)
				q := k.make(w, 1).async()
				w.sim.SetJobs(10 * time.Minute)
				w.plan.Set(erp.Rule{Path: "*", When: asksJob, Fault: f})
				a := w.write(q)
				for range 9 {
					w.pass(time.Minute)
				}
				if asked, held := w.plan.Hits(), w.sim.Held(); asked < 2 || held != 1 {
					t.Errorf("the job was asked for %d times, and there are %d", asked, held)
				}
				w.plan.Set()
				w.over(a.op)
				w.stands(a, "applied")
				w.even()
			})
		}
	}
}

// TestJobThatFails: a job that did nothing is a refusal, in the system's own words.
func TestJobThatFails(t *testing.T) {
	t.Parallel()
	w := newWorks(t, setup{}, byJobs()...)
	order, line := w.receivable()
	goods := map[string]any{"purchase_order": order, "lines": []any{map[string]any{"purchase_order_line": line, "quantity": map[string]any{"value": "200000"}}}}
	a := w.write(want{method: http.MethodPost, path: "/v1/goods-receipts", body: goods, is: func(e erp.Effect) bool { return e.Resource == "goods-receipts" }})
	if a.status != http.StatusUnprocessableEntity || a.body.get("upstream", "code") != "over_received" {
		t.Errorf("goods that were not ordered: %d %s", a.status, a.body)
	}
	w.even()
}

// TestJobThatMeetsAnEdit: a job that did nothing, since somebody else had changed the record, is done anew on top of that change, or refused where its caller insists on a version.
func TestJobThatMeetsAnEdit(t *testing.T) {
	t.Parallel()
	for name, insists := range map[string]bool{"": false, "insisting on a version": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			id, remote := w.fresh("vendors", 1)
			q := want{method: http.MethodPatch, path: "/v1/vendors/" + id, body: map[string]any{"name": title(1)}, is: func(e erp.Effect) bool {
				return e.ID == remote && e.Op == "update" && strings.Contains(string(e.Record), title(1))
			}}.async()
			before := w.call(w.token, "GET", "/v1/vendors/"+id, nil, http.StatusOK)
			end := "applied"
			if insists {
				q, end = q.with("If-Match", `"`+before.get("version")+`"`), "rejected"
			}
			w.sim.SetJobs(time.Minute)
			a := w.write(q)
			w.step()
			w.clock.add(time.Second)
			w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: remote, Set: map[string]any{"taxId": "DE123"}}))
			w.over(a.op)
			if it := w.stands(a, end); insists && it.get("error", "code") != "version-mismatch" {
				t.Errorf("it is refused with %s", it)
			}
			w.even()
			if now := w.call(w.token, "GET", "/v1/vendors/"+id, nil, http.StatusOK); now.get("tax_number") != "DE123" {
				t.Errorf("somebody else's edit is lost: %s", now)
			}
		})
	}
}

// TestJobOfALaterStep: somebody else changes the order while any step of a write of several is a job. What earlier steps did is not done again, and their change stays.
func TestJobOfALaterStep(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		for step := range k.steps {
			if k.steps == 1 || step == 0 && k.class == "W3" {
				continue
			}
			t.Run(fmt.Sprintf("%s, step %d", k.name, step+1), func(t *testing.T) {
				t.Parallel()
				w := newWorks(t, setup{}, byJobs()...)
				q := k.make(w, 1).async()
				w.sim.SetJobs(time.Minute)
				a := w.write(q)
				w.step()
				for range step {
					w.clock.add(time.Minute)
					for range 5 {
						w.pass(time.Second)
					}
				}
				id := w.orderOf(q)
				w.check(w.sim.Edit(erp.Edit{Resource: "purchase-orders", ID: id, Set: map[string]any{"incoterms": "FCA"}}))
				w.over(a.op)
				it := w.stands(a, "applied")
				if last := w.lastOf("purchase-orders", id); !strings.Contains(last, `"incoterms":"FCA"`) || !strings.Contains(last, `"status":"OPEN"`) || strings.Count(last, title(1)) != 1 {
					t.Errorf("the order is %s in the end: %s", last, it)
				}
				w.even()
			})
		}
	}
}

// TestJobOfALaterStepFails: what earlier steps did stays, and the item says what was not taken.
func TestJobOfALaterStepFails(t *testing.T) {
	t.Parallel()
	w := newWorks(t, setup{}, append(byJobs(), "        insists: true\n", "")...)
	id, remote := w.fresh("purchase-orders", 1)
	q := want{method: http.MethodPatch, path: "/v1/purchase-orders/" + id, body: map[string]any{"notes": title(1), "status": "sent"}, is: func(e erp.Effect) bool {
		return e.ID == remote && e.Op == "update" && strings.Contains(string(e.Record), title(1)) && strings.Contains(string(e.Record), `"status":"DRAFT"`)
	}}.async()
	w.sim.SetJobs(time.Minute)
	a := w.write(q)
	w.step()
	w.clock.add(time.Minute)
	for range 5 {
		w.pass(time.Second)
	}
	w.check(w.sim.Edit(erp.Edit{Resource: "purchase-orders", ID: remote, Set: map[string]any{"status": "CLOSED"}}))
	w.over(a.op)
	if it := w.stands(a, "applied"); len(it.list("warnings")) != 1 || it.list("warnings")[0].get("pointer") != "/status" {
		t.Errorf("it does not say what was not taken: %s", it)
	}
	w.even()
}

// orderOf gives SimERP's id of the order that a write makes or changes.
func (w *works) orderOf(q want) string {
	w.Helper()
	if q.method == http.MethodPatch {
		return w.call(w.token, "GET", q.path, nil, http.StatusOK).get("remote_id")
	}
	for _, e := range w.sim.Effects() {
		if q.is(e) {
			return e.ID
		}
	}
	w.Fatal("the order is not made yet")
	return ""
}

// lastOf gives a record as SimERP shows it.
func (w *works) lastOf(resource, id string) string {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.sim.URL()+"/api/v1/"+resource+"/"+id, nil)
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
	resp, err := http.DefaultClient.Do(req)
	w.check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	w.check(err)
	return string(text)
}

// TestSyncBeforeAJobIsAskedFor: a sync stores what a job has done before anybody asks for the job. That is no sign that the job did nothing.
func TestSyncBeforeAJobIsAskedFor(t *testing.T) {
	t.Parallel()
	for status, body := range map[string]map[string]any{"DRAFT": {"notes": title(1)}, "PENDING": {"notes": title(1), "status": "approved"}} {
		t.Run("first it is "+status, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			id, remote := w.fresh("purchase-orders", 1)
			q := want{method: http.MethodPatch, path: "/v1/purchase-orders/" + id, body: body, is: func(e erp.Effect) bool {
				return e.ID == remote && e.Op == "update" && strings.Contains(string(e.Record), title(1)) && strings.Contains(string(e.Record), `"status":"`+status+`"`)
			}}.async()
			w.plan.Set(erp.Rule{Path: "*", When: asksJob, Fault: erp.Fault{Status: http.StatusInternalServerError}})
			a := w.write(q)
			w.pass(time.Second)
			w.clock.add(time.Minute)
			w.call(w.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"purchase-orders"}, "mode": "incremental"}, http.StatusAccepted)
			w.step()
			w.plan.Set()
			w.over(a.op)
			if it := w.stands(a, "applied"); len(it.list("warnings")) > 0 {
				t.Errorf("it has warnings: %s", it)
			}
			w.even()
		})
	}
}

// TestJobThatDoesNothing: a job that says that it is done and left the record as it was is a refusal; where an earlier step had its effect, that stays and the item says what was not taken.
func TestJobThatDoesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body  map[string]any
		end   string
		after int // calls that do what they say
	}{
		"the only step": {map[string]any{"status": "pending_approval"}, "rejected", 0},
		"a later step":  {map[string]any{"notes": title(1), "status": "approved"}, "applied", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			id, remote := w.fresh("purchase-orders", 1)
			w.clock.add(time.Second)
			q := want{method: http.MethodPatch, path: "/v1/purchase-orders/" + id, body: c.body, is: func(e erp.Effect) bool {
				return e.ID == remote && e.Op == "update"
			}}.async()
			w.plan.Set(erp.Rule{Path: "*", Write: "*", After: c.after, Fault: erp.Fault{Status: http.StatusAccepted, Body: `{"jobId":"J-900"}`}},
				erp.Rule{Path: "J-900", Fault: erp.Fault{Body: `{"id":"J-900","state":"DONE","record":` + w.lastOf("purchase-orders", remote) + `}`}})
			a := w.write(q)
			w.step()
			w.over(a.op)
			it := w.stands(a, c.end)
			if told := len(it.list("warnings")) > 0 || c.end == "rejected" && it.get("error", "code") == "state-forbids"; !told {
				t.Errorf("it does not say what was not taken: %s", it)
			}
			if n := w.effects(q.is); n != c.after {
				t.Errorf("%d effects", n)
			}
		})
	}
}

// TestJobsOutlastBusbar: which job does a write is stored with it. A Busbar that was stopped meanwhile, or another one, asks for it and sends nothing again.
func TestJobsOutlastBusbar(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			q := k.make(w, 1).async()
			w.sim.SetJobs(time.Minute)
			a := w.write(q)
			w.step()
			w.stands(a, "reconciling")
			w.restart()
			w.over(a.op)
			it := w.stands(a, "applied")
			if it.get("attempts") != fmt.Sprint(k.steps) {
				t.Errorf("%s calls that have an effect: %s", it.get("attempts"), it)
			}
			w.even()
		})
	}
}

// TestJobWithoutEnd: a job that is not over a day later is left to a person, and nothing was sent again.
func TestJobWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		if k.name != "items created" && k.name != "vendors changed" {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{}, byJobs()...)
			q := k.make(w, 1).async()
			w.sim.SetJobs(30 * 24 * time.Hour)
			a := w.write(q)
			for range 60 {
				w.pass(30 * time.Minute)
			}
			if it := w.stands(a, "needs_human"); w.sim.Held() != 1 || it.get("attempts") != "1" {
				t.Fatalf("%d jobs: %s", w.sim.Held(), it)
			}
			w.call(w.token, "POST", "/v1/operations/"+a.op+"/items/0/resolve", map[string]any{"outcome": "not_happened"}, http.StatusOK)
			w.sim.SetJobs(0)
			w.step()
			w.over(a.op)
			w.stands(a, "applied")
		})
	}
}
