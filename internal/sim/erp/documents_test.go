package erp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

func TestValuesOfAWriteAreChecked(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{})
	draft, closed := withStatus(t, api, "DRAFT"), withStatus(t, api, "CLOSED")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"goods and invoice go", "POST", "purchase-orders", `{"vendorId":"000001","companyId":"02","warehouseId":"000005","lines":[{"itemId":"000007","quantity":"3"}]}`, 201,
			`"shipTo":{"name":"Cleveland plant","street":"Gate 5"`},
		{"currency", "PATCH", "vendors/000001", `{"currencyCode":"XXX"}`, 422, "unknown_value"},
		{"terms of payment", "POST", "vendors", `{"name":"A","paymentTerms":"soon"}`, 422, "unknown_value"},
		{"unit", "POST", "items", `{"name":"A","baseUnit":"BOX"}`, 422, "unknown_reference"},
		{"type of item", "POST", "items", `{"name":"A","itemType":"CAR"}`, 422, "unknown_value"},
		{"order's terms", "PATCH", "purchase-orders/" + draft, `{"paymentTerms":"soon"}`, 422, "unknown_value"},
		{"order's currency", "PATCH", "purchase-orders/" + draft, `{"currencyCode":"XXX"}`, 422, "unknown_value"},
		{"buyer", "PATCH", "purchase-orders/" + draft, `{"buyerId":"1"}`, 422, "unknown_reference"},
		{"day", "PATCH", "purchase-orders/" + draft, `{"expectedDate":"soon"}`, 422, "invalid_date"},
		{"no day", "PATCH", "purchase-orders/" + draft, `{"expectedDate":null}`, 200, `"expectedDate":null`},
		{"rate", "PATCH", "purchase-orders/" + draft, `{"exchangeRate":"one"}`, 422, "invalid_rate"},
		{"line's account", "PATCH", "purchase-orders/" + draft, `{"lines":[{"itemId":"000007","quantity":"3","accountId":"1"}]}`, 422, "unknown_reference"},
		{"a closed order", "PATCH", "purchase-orders/" + closed, `{"expectedDate":null,"buyerId":"000009"}`, 422, "order_closed"},
		{"a closed order's note", "PATCH", "purchase-orders/" + closed, `{"note":"Filed."}`, 200, `"note":"Filed."`},
		{"what only SimERP sets", "PATCH", "purchase-orders/" + draft, `{"orderNumber":"1","netAmount":"1","approvedAt":"x","closedAt":"x"}`, 200, `"approvedAt":null,"closedAt":null`},
	} {
		if status, body := call(t, c.method, api+c.path, c.body); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
}

func TestRequisitions(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	_, made := call(t, "POST", api+"purchase-requisitions", `{"lines":[{"itemId":"000003","quantity":"2","unitPrice":"10.5"}]}`)
	id, at := field(t, []byte(made), "id"), field(t, []byte(made), "createdAt")
	if !strings.Contains(made, `"number":"PR-60041","status":"DRAFT"`) || !strings.Contains(made, `"netAmount":"21.00"`) {
		t.Fatal(made)
	}
	found, _ := all(t, api+"purchase-requisitions?createdSince="+at, 10)
	none, _ := all(t, api+"purchase-requisitions?createdSince=2026-11-20T09:31:00Z", 10)
	many, _ := all(t, api+"purchase-requisitions?createdSince=2026-10-20T00:00:00Z", 10)
	every, _ := all(t, api+"purchase-requisitions", 100)
	want := 0
	for _, r := range every {
		if field(t, r, "createdAt") >= "2026-10-20T00:00:00" {
			want++
		}
	}
	if len(found) != 1 || string(found[0]) != made || len(none) != 0 || len(many) != want || want == len(every) {
		t.Errorf("%s, %d, %d of %d", found, len(none), len(many), want)
	}
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"lines of a draft", `{"lines":[{"lineId":"` + id + `-10","itemId":"000003","quantity":"4","unitPrice":"10.5"},{"itemId":"000004","quantity":"1"}]}`, 200, `"lineNo":20`},
		{"no lines", `{"lines":[]}`, 422, "lines_required"},
		{"what only SimERP sets", `{"number":"1","netAmount":"1","requiredDate":"2026-12-01"}`, 200, `"number":"PR-60041"`},
		{"a skipped status", `{"status":"CONVERTED"}`, 422, "status_not_allowed"},
		{"to be approved", `{"status":"PENDING"}`, 200, `"PENDING"`},
		{"approved", `{"status":"APPROVED"}`, 200, `"APPROVED"`},
		{"lines of an approved one", `{"lines":[{"itemId":"000003","quantity":"9"}]}`, 422, "lines_locked"},
		{"nobody", `{"requesterId":"1"}`, 422, "unknown_reference"},
		{"ordered", `{"status":"CONVERTED"}`, 200, `"CONVERTED"`},
	} {
		if status, body := call(t, "PATCH", api+"purchase-requisitions/"+id, c.body); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	if status, _ := call(t, "DELETE", api+"purchase-requisitions/"+id, ""); status != 405 {
		t.Errorf("deleted: %d", status)
	}
	if status, body := call(t, "POST", api+"purchase-requisitions", `{"status":"APPROVED","lines":[{"itemId":"000003","quantity":"2"}]}`); status != 422 {
		t.Errorf("new and approved: %d %s", status, body)
	}
	if n := len(sim.Effects()); n != 6 {
		t.Errorf("%d effects", n)
	}
}

func TestAReceiptPostsGoodsToItsOrder(t *testing.T) {
	t.Parallel()
	for _, lean := range []bool{false, true} {
		t.Run(fmt.Sprintf("lean %v", lean), func(t *testing.T) {
			t.Parallel()
			sim, api := start(t, erp.Options{Counts: few(), Lean: lean})
			_, made := call(t, "POST", api+"purchase-orders", `{"vendorId":"000001","lines":[{"itemId":"000003","quantity":"5"},{"itemId":"000004","quantity":"1.5"}]}`)
			id := field(t, []byte(made), "id")
			receive := func(line, quantity string) (int, string) {
				return call(t, "POST", api+"goods-receipts", fmt.Sprintf(`{"purchaseOrderId":%q,"lines":[{"orderLineId":"%s-%s","quantity":%q}]}`, id, id, line, quantity))
			}
			if status, body := receive("10", "1"); status != 422 || !strings.Contains(body, "order_not_open") {
				t.Errorf("for a draft: %d %s", status, body)
			}
			for _, status := range []string{"PENDING", "APPROVED", "OPEN"} {
				_, _ = call(t, "PATCH", api+"purchase-orders/"+id, `{"status":"`+status+`"}`)
			}
			before := len(sim.Effects())
			for _, c := range []struct {
				line, quantity string
				status         int
				answer, order  string
			}{
				{"10", "3", 201, `"quantity":"3.000"`, "PARTIAL"}, {"10", "2.001", 422, "over_received", "PARTIAL"}, {"30", "1", 422, "unknown_line", "PARTIAL"},
				{"10", "0", 422, "invalid_quantity", "PARTIAL"}, {"10", "2", 201, `"status":"POSTED"`, "PARTIAL"}, {"20", "1.5", 201, `"vendorId":"000001"`, "RECEIVED"},
				{"20", "1", 422, "order_not_open", "RECEIVED"},
			} {
				status, body := receive(c.line, c.quantity)
				_, o := call(t, "GET", api+"purchase-orders/"+id, "")
				if status != c.status || !strings.Contains(body, c.answer) || field(t, []byte(o), "status") != c.order {
					t.Errorf("%s of line %s: %d %s, order %s", c.quantity, c.line, status, body, o)
				}
			}
			var o struct {
				Lines []struct{ ReceivedQty string }
			}
			_, text := call(t, "GET", api+"purchase-orders/"+id, "")
			if json.Unmarshal([]byte(text), &o) != nil || o.Lines[0].ReceivedQty != "5.000" || o.Lines[1].ReceivedQty != "1.500" {
				t.Errorf("order %s", text)
			}
			if n := len(sim.Effects()) - before; n != 6 {
				t.Errorf("%d effects of three receipts", n)
			}
			receipts, _ := all(t, api+"goods-receipts", 500)
			newest := field(t, receipts[len(receipts)-1], "id")
			for _, method := range []string{"PATCH", "DELETE"} {
				if status, body := call(t, method, api+"goods-receipts/"+newest, `{}`); status != 405 {
					t.Errorf("%s: %d %s", method, status, body)
				}
			}
		})
	}
}

func TestAReceiptAndItsOrderSurviveTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sim, api := start(t, erp.Options{Counts: few(), Dir: dir})
	id := withStatus(t, api, "OPEN")
	status, body := call(t, "POST", api+"goods-receipts", fmt.Sprintf(`{"purchaseOrderId":%q,"lines":[{"orderLineId":"%s-10","quantity":"1"}]}`, id, id))
	if status != 201 {
		t.Fatal(status, body)
	}
	_, order := call(t, "GET", api+"purchase-orders/"+id, "")
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	_, api = start(t, erp.Options{Dir: dir})
	if _, after := call(t, "GET", api+"purchase-orders/"+id, ""); after != order {
		t.Errorf("%s\n%s", order, after)
	}
	if _, after := call(t, "GET", api+"goods-receipts/"+field(t, []byte(body), "id"), ""); after != body {
		t.Errorf("%s\n%s", body, after)
	}
}
