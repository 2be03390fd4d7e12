package connectors_test

import (
	"fmt"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestSimERP runs the suite against SimERP.
func TestSimERP(t *testing.T) {
	t.Parallel()
	clock := &conformance.Clock{}
	sim, err := erp.Open(erp.Options{Now: clock.Now, Key: "sim-erp-suite-key", Counts: erp.Counts{Vendors: 40, Customers: 20, Items: 30, Stock: 30, Orders: 60, SalesOrders: 10, Requisitions: 20}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	hands := &erp.Hands{Server: sim}
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "sim-erp", Credentials: map[string]string{"url": sim.URL(), "api_key": "sim-erp-suite-key"}, Clock: clock,
		Writes: true, Hands: hands, Touches: hands.Touches(), Adds: hands.Adds(), Removes: hands.Adds(),
		Words:   map[string][]string{"purchase-orders": {"ON_HOLD"}, "accounts": {"STAT"}, "locations": {"YARD"}, "items": {"RENTAL"}},
		Samples: map[string]conformance.Sample{"goods-receipts": {Create: receipt}, "stock-adjustments": {Create: delivery}},
	})
}

// receipt receives one piece of an order that the vendor has not delivered in full.
func receipt(_ int, stored conformance.Stored) map[string]any {
	for _, order := range stored("purchase-orders") {
		if order["status"] == "sent" {
			line := order["lines"].([]any)[0].(map[string]any)
			return map[string]any{"purchase_order_id": order["id"], "lines": []any{map[string]any{"purchase_order_line": line["remote_id"], "quantity": map[string]any{"value": "1"}}}}
		}
	}
	return nil
}

// delivery puts pieces of an item into a place where there are some.
func delivery(n int, stored conformance.Stored) map[string]any {
	lies := stored("stock-levels")
	at := lies[n%len(lies)]
	line := map[string]any{"item_id": at["item_id"], "location_id": at["location_id"], "quantity": map[string]any{"value": fmt.Sprint(n + 1)}}
	return map[string]any{"type": "receipt", "reference": fmt.Sprint("DN-", n), "lines": []any{line}}
}
