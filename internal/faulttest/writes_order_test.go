package faulttest

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestSomebodyElseEdits is row 34: somebody else changes the record between our reading and our writing. Their change stays; a client that insists on the version it
// read is refused with the version that there is now, and any other's change comes on top.
func TestSomebodyElseEdits(t *testing.T) {
	t.Parallel()
	w := newWorks(t, setup{})
	for n, e := range []struct{ entity, ours, theirs, member, value string }{
		{"vendors", "name", "tax_number", "taxId", "DE123"},
		{"items", "description", "part_number", "mfrPartNumber", "Theirs"},
		{"purchase-orders", "notes", "expected_date", "expectedDate", "2026-05-01"},
	} {
		entity, member, other, theirs := e.entity, e.ours, e.theirs, e.value
		for _, insists := range []bool{true, false} {
			id, remote := w.fresh(entity, n)
			before := w.call(w.token, "GET", "/v1/"+entity+"/"+id, nil, http.StatusOK)
			q := want{method: http.MethodPatch, path: "/v1/" + entity + "/" + id, body: map[string]any{member: title(n)}, is: func(e erp.Effect) bool {
				return e.Resource == entity && e.Op == "update" && e.ID == remote && strings.Contains(string(e.Record), title(n))
			}}.patient()
			if insists {
				q = q.with("If-Match", `"`+before.get("version")+`"`)
			}
			var once sync.Once
			theyEdit := func() {
				once.Do(func() {
					w.clock.add(time.Second)
					w.check(w.sim.Edit(erp.Edit{Resource: entity, ID: remote, Set: map[string]any{e.member: theirs}}))
				})
			}
			w.plan.Set(erp.Rule{Path: "*", Write: entity, Times: 1, Fault: erp.Fault{Before: theyEdit}})
			a := w.write(q)
			w.plan.Set()
			now := w.call(w.token, "GET", "/v1/"+entity+"/"+id, nil, http.StatusOK)
			switch {
			case now.get(other) != theirs:
				t.Errorf("%s: their %s is lost: %q", entity, other, now.get(other))
			case insists && (a.status != http.StatusPreconditionFailed || a.body.get("code") != "version-mismatch" || now.get("version") == before.get("version")):
				t.Errorf("%s: whoever insists on the version read is told %d %s; the version was %s and is %s", entity, a.status, a.body, before.get("version"), now.get("version"))
			case !insists && (a.status != http.StatusOK || now.get(member) != title(n)):
				t.Errorf("%s: whoever does not insist is told %d %s", entity, a.status, a.body)
			}
			w.asked = nil // the effects of both are alike
		}
	}
	w.even()
}

// TestPageOlderThanAWrite is row 40: a page that the system made before a write comes in behind its answer. What was written is not replaced by what is older, nor is the feed.
func TestPageOlderThanAWrite(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"incremental", "full"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorks(t, setup{})
			id, _ := w.fresh("vendors", 1)
			gone, _ := w.fresh("vendors", 2)
			var once sync.Once
			var told, deleted *asked
			write := func(page []byte) []byte {
				once.Do(func() {
					told = w.write(want{method: http.MethodPatch, path: "/v1/vendors/" + id, body: map[string]any{"name": title(1)}, is: func(e erp.Effect) bool {
						return e.Resource == "vendors" && e.Op == "update" && strings.Contains(string(e.Record), title(1))
					}})
					deleted = w.write(want{method: http.MethodDelete, path: "/v1/vendors/" + gone, is: func(e erp.Effect) bool { return e.Resource == "vendors" && e.Op == "delete" }})
				})
				return page
			}
			w.plan.Set(erp.Rule{Path: "vendors", Fault: erp.Fault{Rewrite: write}})
			w.call(w.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}, "mode": mode}, http.StatusAccepted)
			w.step()
			w.plan.Set()
			if told == nil || told.status != http.StatusOK || deleted == nil || deleted.status/100 != 2 {
				t.Fatalf("the writes in the middle of a page were told %v and %v", told, deleted)
			}
			if now := w.call(w.token, "GET", "/v1/vendors/"+id, nil, http.StatusOK); now.get("name") != title(1) || now.get("version") != told.body.get("version") {
				t.Errorf("behind the older page it is %s", now)
			}
			w.call(w.token, "GET", "/v1/vendors/"+gone, nil, http.StatusNotFound)
			w.even()
		})
	}
}
