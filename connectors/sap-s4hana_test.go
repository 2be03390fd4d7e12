package connectors_test

import (
	"fmt"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/sim/s4"
)

// TestSAPS4HANA runs the suite against the simulator of S/4HANA's services.
func TestSAPS4HANA(t *testing.T) {
	t.Parallel()
	clock := &conformance.Clock{}
	sim, err := s4.Start(s4.Options{User: "BUSBAR", Password: "s4-suite-password", Now: clock.Now, Counts: s4.Counts{Vendors: 20, Products: 24, Orders: 30, MaintenanceOrders: 24, Notifications: 20, Equipment: 20, FunctionalLocations: 15, Stock: 30}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "sap-s4hana", Credentials: map[string]string{"url": sim.URL(), "client": "100", "username": "BUSBAR", "password": "s4-suite-password"}, Clock: clock,
		Writes: true, Hands: sim, Touches: sim.Hands(), Adds: sim.Hands(), Removes: sim.Hands(),
		Unproven: map[string]string{"evidence purchase-orders": recalled, "evidence work-orders": recalled, "evidence service-requests": recalled},
		Samples: map[string]conformance.Sample{
			"purchase-orders": {Create: purchase, Update: map[string]any{"payment_terms": "0005"}}, "work-orders": {Create: order},
			"items": {Update: map[string]any{"category": "L005"}, Create: func(n int, _ conformance.Stored) map[string]any {
				return map[string]any{"code": fmt.Sprintf("SUITE-%04d", n), "name": "Suite seal", "type": "part", "unit": "PC"}
			}},
		},
	})
}

// recalled is why the simulator proves less than it shows: it takes the codes of a status to mean what the connector takes them to mean.
const recalled = "what the codes of its status mean is not read in SAP's own text"

// purchase orders a product from a vendor.
func purchase(n int, stored conformance.Stored) map[string]any {
	line := map[string]any{"item_id": stored("items")[0]["id"], "site_id": stored("sites")[0]["id"], "description": "Suite", "unit_price": map[string]any{"amount": "12.5"},
		"quantity": map[string]any{"value": fmt.Sprint(n + 1), "unit": "PC"}}
	return map[string]any{"vendor_id": stored("vendors")[0]["id"], "organization_id": stored("organizations")[0]["id"], "payment_terms": "0004", "lines": []any{line}}
}

// order is a maintenance order for a piece of equipment.
func order(n int, stored conformance.Stored) map[string]any {
	return map[string]any{"title": fmt.Sprintf("Suite order %d", n), "type": "corrective", "site_id": stored("sites")[0]["id"], "asset_id": stored("assets")[0]["id"], "priority": "high"}
}
