package erp_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// withStatus finds an order in that status.
func withStatus(t *testing.T, api, status string) string {
	t.Helper()
	records, _ := all(t, api+"purchase-orders", 500)
	for _, r := range records {
		if field(t, r, "status") == status {
			return field(t, r, "id")
		}
	}
	t.Fatalf("no order is %s", status)
	return ""
}

func TestBusinessRules(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{})
	draft, approved, received := withStatus(t, api, "DRAFT"), withStatus(t, api, "APPROVED"), withStatus(t, api, "RECEIVED")
	line := `{"lines":[{"itemId":"000007","quantity":"3"}]}`
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string // in the answer
	}{
		{"create", "POST", "purchase-orders", `{"vendorId":"000001","lines":[{"itemId":"000003","quantity":"2","unitPrice":"10.5"}]}`, 201, `"netAmount":"21.00","taxAmount":"3.99","grossAmount":"24.99"`},
		{"create without lines", "POST", "purchase-orders", `{"vendorId":"000001"}`, 422, "lines_required"},
		{"create for nobody", "POST", "purchase-orders", `{"vendorId":"1","lines":[{"itemId":"000003","quantity":"2"}]}`, 422, "unknown_vendor"},
		{"create of nothing", "POST", "purchase-orders", `{"vendorId":"000001","lines":[{"itemId":"000003","quantity":"-2"}]}`, 422, "invalid_quantity"},
		{"create approved", "POST", "purchase-orders", `{"vendorId":"000001","status":"APPROVED","lines":[{"itemId":"000003","quantity":"2"}]}`, 422, "status_not_allowed"},
		{"misspelt member", "POST", "purchase-orders", `{"vendor":"000001"}`, 400, "invalid_body"},
		{"change the lines of a draft", "PATCH", "purchase-orders/" + draft, line, 200, `"quantity":"3"`},
		{"change the lines of an approved order", "PATCH", "purchase-orders/" + approved, line, 422, "lines_locked"},
		{"change the vendor of an approved order", "PATCH", "purchase-orders/" + approved, `{"vendorId":"000499"}`, 422, "vendor_locked"},
		{"note on an approved order", "PATCH", "purchase-orders/" + approved, `{"note":"call first"}`, 200, `"note":"call first"`},
		{"skip a status", "PATCH", "purchase-orders/" + approved, `{"status":"CLOSED"}`, 422, "status_not_allowed"},
		{"next status", "PATCH", "purchase-orders/" + approved, `{"status":"OPEN"}`, 200, `"status":"OPEN"`},
		{"delete a received order", "DELETE", "purchase-orders/" + received, "", 422, "order_received"},
		{"delete an open order", "DELETE", "purchase-orders/" + approved, "", 422, "order_active"},
		{"delete a draft", "DELETE", "purchase-orders/" + draft, "", 204, ""},
		{"vendor with orders", "DELETE", "vendors/000001", "", 422, "vendor_in_use"},
		{"key and number stay", "PATCH", "vendors/000001", `{"id":"7","updatedAt":"x","name":"N"}`, 200, `{"id":"000001","vendorNumber":"V-10000","name":"N"`},
		{"item without a name", "POST", "items", `{}`, 422, "name_required"},
	} {
		status, body := call(t, c.method, api+c.path, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	if status, _ := call(t, "GET", api+"purchase-orders/"+draft, ""); status != 404 {
		t.Errorf("a deleted order leaves a trace: %d", status)
	}
}

func TestUpdatedAtIsStrictlyIncreasingThoughTheClockStands(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{})
	last := "2026-11-20T09:30:00.000000Z"
	for range 3 {
		_, body := call(t, "PATCH", api+"items/000001", `{"name":"Ø"}`)
		now := field(t, []byte(body), "updatedAt")
		if now <= last {
			t.Fatalf("%s after %s", now, last)
		}
		last = now
	}
	newest, _ := all(t, api+"items?updatedSince="+last, 10)
	if len(newest) != 1 || field(t, newest[0], "id") != "000001" {
		t.Errorf("newest: %s", newest)
	}
}
