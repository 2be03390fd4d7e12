package connectors_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/sim/cmms"
)

// TestSimCMMS runs the suite against SimCMMS.
func TestSimCMMS(t *testing.T) {
	t.Parallel()
	clock := &conformance.Clock{}
	sim, err := cmms.Open(cmms.Options{Now: clock.Now, Key: "sim-cmms-suite-key", Counts: cmms.Counts{Equipment: 30, Parts: 30, WorkOrders: 60, Requests: 30, Readings: 40, Requisitions: 20}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	adds := []string{"sites", "locations", "users", "teams", "asset-templates", "vendors", "items", "assets", "meters", "meter-readings", "maintenance-plans", "service-requests", "work-orders", "purchase-requisitions"}
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "sim-cmms", Credentials: map[string]string{"url": sim.URL(), "api_key": "sim-cmms-suite-key"}, Clock: clock,
		Writes: true, Hands: sim, Touches: append(slices.Clone(adds), "stock-levels"), Adds: adds, Removes: adds,
		Samples: map[string]conformance.Sample{"stock-levels": {Create: shelf, Update: map[string]any{"on_hand": map[string]any{"value": "7"}}}, "meter-readings": {Create: reading}, "stock-adjustments": {Create: delivery}, "purchase-requisitions": {Create: wish}},
	})
}

// shelf gives a part a place in a room where it does not lie yet.
func shelf(n int, stored conformance.Stored) map[string]any {
	places := slices.DeleteFunc(slices.Clone(stored("locations")), func(l map[string]any) bool { return l["type"] != "line" })
	items := stored("items")
	return map[string]any{"item_id": items[n%len(items)]["id"], "location_id": places[n/len(items)%len(places)]["id"], "on_hand": map[string]any{"value": "5"}}
}

// reading is one that is larger than all before.
func reading(n int, stored conformance.Stored) map[string]any {
	return map[string]any{"meter_id": stored("meters")[0]["id"], "value": fmt.Sprint(1000000 + n)}
}

// wish asks for two pieces of a part.
func wish(n int, stored conformance.Stored) map[string]any {
	line := map[string]any{"item_id": stored("items")[0]["id"], "quantity": map[string]any{"value": fmt.Sprint(n + 2)}}
	return map[string]any{"required_date": "2027-01-15", "lines": []any{line}}
}
