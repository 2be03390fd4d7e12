package conformance_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestManifestsThatClaimTooMuchOrTooLittleGoRed changes SimERP's manifest in one place at a time: a check has to notice it.
func TestManifestsThatClaimTooMuchOrTooLittleGoRed(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]struct {
		entity   string
		old, new string // in the entity's part of the manifest
		checks   []string
		red      string // begins the check that fails
	}{
		"unchanged": {"vendors", "", "", []string{"changes are found", "a late commit is found", "create", "update", "delete", "small pages give the same"}, ""},
		"the filter of changes is another one": {"vendors", "read: {path: vendors}", "read: {path: vendors, changed_since: {param: createdSince}}",
			[]string{"changes are found"}, "changes are found"},
		"a lookback that is too short":            {"vendors", "cursor: {precision: 1us}", "cursor: {precision: 1us, lookback: 0s}", []string{"a late commit is found"}, "a late commit"},
		"a word of the status is missing":         {"invoices", "OPEN: posted, ", "", []string{"every word is mapped"}, "every word is mapped"},
		"the size of pages has another name":      {"vendors", "read: {path: vendors}", "read: {path: vendors, paging: {style: cursor, param: cursor, next: nextCursor, size: pageLimit}}", nil, "everything is read"},
		"the id is not the record's":              {"stock-levels", "id: id", "id: itemId", nil, "everything is read"},
		"a create is claimed that there is not":   {"customers", "evidence: {read: simulated}", "operations: {create: {required: [name], send: {path: customers}}}\n    evidence: {read: simulated, create: simulated}", []string{"create"}, "create"},
		"a create that works is only documented":  {"vendors", "create: simulated", "create: documented", []string{"create"}, "the manifest claims"},
		"what is required is not all":             {"purchase-orders", "required: [vendor, lines,", "required: [lines,", []string{"create"}, "create"},
		"a move that the system does not know":    {"purchase-requisitions", "- {from: [draft], to: pending_approval}", "- {from: [draft], to: pending_approval}\n      - {from: [draft], to: approved}", []string{"moves"}, "moves"},
		"a key that the system does not remember": {"goods-receipts", "send: {path: goods-receipts}", "send: {path: goods-receipts, idempotency: X-Nothing}\n        reconcile: [{class: W1, window: 23h}]", []string{"a lost answer doubles nothing"}, "a lost answer"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := simERP(t, mutated(t, m.entity, m.old, m.new))
			s.Entities = []string{"vendors", "customers", "items", "units-of-measure", "currencies", m.entity}
			if m.entity == "goods-receipts" {
				s.Entities = append(s.Entities, "purchase-orders")
			}
			s.Checks = m.checks
			r, err := conformance.Try(t.Context(), s, t.TempDir(), func([]conformance.Row) {})
			if err != nil {
				t.Fatal(err)
			}
			fell := false
			for _, row := range r.Failures() {
				fell = fell || m.red != "" && strings.HasPrefix(row.Check, m.red) && (row.Entity == m.entity || row.Entity == "")
			}
			if fell != (m.red != "") {
				t.Errorf("%v is to fail:\n%s%s", m.red, conformance.Lines(r.Rows), r)
			}
		})
	}
}

// mutated is SimERP's connector with one part of an entity written otherwise.
func mutated(t *testing.T, entity, old, text string) fs.FS {
	t.Helper()
	manifest, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, own, ok := strings.Cut(string(manifest), "\n  "+entity+":\n")
	if !ok || !strings.Contains(own, old) {
		t.Fatalf("%s have no %q", entity, old)
	}
	return fstest.MapFS{"sim-erp/manifest.yaml": {Data: []byte(before + "\n  " + entity + ":\n" + strings.Replace(own, old, text, 1))}, "sim-erp/guide.md": {Data: []byte("# Guide\n")}}
}

func simERP(t *testing.T, folder fs.FS) conformance.Stand {
	t.Helper()
	clock := &conformance.Clock{}
	sim, err := erp.Open(erp.Options{Now: clock.Now, Counts: erp.Counts{Vendors: 20, Customers: 5, Items: 10, Stock: 20, Orders: 40, SalesOrders: 1, Requisitions: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	hands := &erp.Hands{Server: sim}
	return conformance.Stand{
		Folder: folder, System: "sim-erp", Credentials: map[string]string{"url": sim.URL(), "api_key": erp.DefaultKey}, Clock: clock, Writes: true,
		Hands: hands, Touches: hands.Touches(), Adds: hands.Adds(), Removes: hands.Adds(), Samples: map[string]conformance.Sample{"goods-receipts": {Create: receipt}},
	}
}

// receipt receives one piece of an order.
func receipt(_ int, stored conformance.Stored) map[string]any {
	for _, order := range stored("purchase-orders") {
		if order["status"] == "sent" {
			line := order["lines"].([]any)[0].(map[string]any) //nolint:errcheck,forcetypeassert // SimERP's
			return map[string]any{"purchase_order_id": order["id"], "lines": []any{map[string]any{"purchase_order_line": line["remote_id"], "quantity": map[string]any{"value": "1"}}}}
		}
	}
	return nil
}

// TestMemoryStaysConstant reads ten thousand records.
func TestMemoryStaysConstant(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 10,000 records; without -short it runs")
	}
	sim, err := erp.Open(erp.Options{Counts: erp.Counts{Vendors: 10_000, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	sim.Warm("vendors")
	conformance.Run(t, conformance.Stand{Folder: connectors.FS, System: "sim-erp", Credentials: map[string]string{"url": sim.URL(), "api_key": erp.DefaultKey}, Entities: []string{"vendors"}, Checks: []string{"memory stays constant"}})
}
