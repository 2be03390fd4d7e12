package faulttest

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// manyItems is how many items a batch has here.
const manyItems = 200

// row is an item of a batch: what it asks for, and whether it can be had.
type row struct {
	data any
	good bool
	twin int // the row before it that asks for the same record under the same key; 0: none
}

// rowsOf makes a batch of creates. Three of ten cannot be had: one is no record, the system refuses two. Of vendors some come twice.
func (w *works) rowsOf(entity string) []row {
	w.Helper()
	refused, rows := w.refused(entity), make([]row, manyItems)
	for n := range rows {
		data := map[string]any{"name": title(n)}
		if entity == "purchase-orders" {
			data = w.order(n)
		}
		rows[n] = row{data: data, good: true}
		switch {
		case n%10 == 2:
			rows[n] = row{data: map[string]any{"description": title(n)}}
		case n%10 == 5 || n%10 == 8:
			maps.Copy(data, refused)
			rows[n].good = false
		case entity == "vendors" && n%20 == 3:
			data["code"] = fmt.Sprintf("TWIN-%d", n)
		case entity == "vendors" && n%20 == 4:
			rows[n] = row{data: rows[n-1].data, twin: n - 1} // in the same call
		case entity == "vendors" && n%20 == 6 && n > 100:
			rows[n] = row{data: rows[n-103].data, twin: n - 103} // in another call
		}
	}
	return rows
}

// refused gives members that Busbar cannot know to be wrong, and the system refuses.
func (w *works) refused(entity string) map[string]any {
	w.Helper()
	switch entity {
	case "vendors":
		w.call(w.token, "POST", "/v1/vendors", map[string]any{"name": "It has the code.", "code": "TAKEN"}, http.StatusCreated)
		w.clock.add(time.Minute)
		return map[string]any{"code": "TAKEN"}
	case "items":
		return map[string]any{"unit": "FURLONG"}
	}
	id, remote := w.fresh("vendors", manyItems)
	w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: remote, Delete: true}))
	return map[string]any{"vendor": id}
}

// TestAnswersToManyItems is row 35: of a batch of 200 items 60 are bad, some ask for the same record, calls hang or are lost, and answers leave items out, come in another order, name an
// item twice, or name what nobody asked for. Every good item is done once, no bad one is, what became of each is told of it and of no other, and the counts add up at any time.
func TestAnswersToManyItems(t *testing.T) {
	t.Parallel()
	for _, entity := range []string{"vendors", "items", "purchase-orders"} {
		t.Run(entity+"/by calls for many", func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, silent())
			w.many(entity, 20, []erp.Fault{
				{Rewrite: erp.Reversed()}, {Rewrite: erp.Without(0, 3, 7, 18, 19)}, {Hang: true, Execute: true}, {Rewrite: erp.Doubled(4)}, {Rewrite: erp.Contradicted(6)}, {Rewrite: erp.Strange(9)},
				{Partly: 7}, {Hang: true}, {Cut: 700},
			})
		})
		t.Run(entity+"/one by one", func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, silent(), withoutCallsForMany(t)...)
			w.many(entity, 50, []erp.Fault{{Hang: true, Execute: true}, {Drop: true}, {Drop: true, Execute: true}, {Status: http.StatusBadGateway, Execute: true}, {Hang: true}, {Cut: 30}, {LoginPage: true}})
		})
	}
}

// silent lets Busbar wait only shortly for an answer that does not come.
func silent() setup {
	return setup{calls: egress.ClientConfig{IdleTimeout: 700 * time.Millisecond, Deadline: 700 * time.Millisecond, Attempts: 1}}
}

// withoutCallsForMany are the edits that take the calls for many out of SimERP's manifest.
func withoutCallsForMany(t *testing.T) (edits []string) {
	t.Helper()
	text, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`(?s)\n +bulk: \{.*?\}\}\}`).FindAllString(string(text), -1)
	slices.Sort(calls)
	for _, call := range slices.Compact(calls) {
		edits = append(edits, call, "")
	}
	return edits
}

// many sends a batch, with a fault at every call until none is left, and holds its end against what SimERP has done.
func (w *works) many(entity string, chunk int, faults []erp.Fault) {
	w.Helper()
	rows, items := w.rowsOf(entity), []any{}
	for _, r := range rows {
		items = append(items, map[string]any{"op": "create", "data": r.data})
	}
	w.spoilEach(faults)
	w.asked = nil // what was made for the test
	id := w.call(w.token, "POST", "/v1/"+entity+"/batch", map[string]any{"chunk_size": chunk, "items": items}, http.StatusAccepted).get("id")
	o := w.over(id)
	if o.get("state") != "completed" || w.plan.Hits() != len(faults) {
		w.Errorf("it ends %s with %s, after %d of %d faults", o.get("state"), o["counts"], w.plan.Hits(), len(faults))
	}
	its := w.pages("/v1/operations/"+id+"/items", map[string][]string{})
	if len(its) != len(rows) {
		w.Fatalf("%d items are listed of %d", len(its), len(rows))
	}
	for n, r := range rows {
		if it := its[n]; it.get("index") != fmt.Sprint(n) || !w.stood(entity, n, r, it, its) {
			w.Errorf("row %d (good: %t, twin of %d) is %s", n, r.good, r.twin, it)
		}
	}
	w.even()
}

// spoilEach spoils calls that write: the first by the first fault, and so on.
func (w *works) spoilEach(faults []erp.Fault) {
	var rules []erp.Rule
	for _, f := range faults {
		rules = append(rules, erp.Rule{Path: "*", Write: "*", Times: 1, Fault: f})
	}
	w.plan.Set(rules...)
}

// stood says that an item ended as it should: one of those that ask for the same record made it, and a good one is the record that holds its own text.
func (w *works) stood(entity string, n int, r row, it object, all []object) bool {
	made := w.made(entity, n)
	switch status := it.get("status"); {
	case r.twin > 0 && status == "applied": // then it is the first one of them that is not
		return all[r.twin].get("status") != "applied"
	case r.twin > 0, !r.good:
		return (status == "rejected" || status == "needs_human") && len(made) == 0 && slices.Contains([]string{"", "null"}, it.get("remote_id"))
	case status == "rejected" && slices.ContainsFunc(all[n+1:], func(o object) bool { return len(made) == 1 && o.get("remote_id") == made[0] }): // a twin has made it
		return true
	default:
		return status == "applied" && len(made) == 1 && it.get("remote_id") == made[0]
	}
}

// made are the remote ids of the records that hold the text of a row.
func (w *works) made(entity string, n int) (ids []string) {
	for _, e := range w.sim.Effects() {
		if e.Resource == entity && e.Op == "create" && strings.Contains(string(e.Record), title(n)) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
