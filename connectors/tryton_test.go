package connectors_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// TestTryton runs the suite against a real Tryton.
func TestTryton(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "tryton", Version: "6.0", Writes: true, Hands: clerk{s},
		Samples:     map[string]conformance.Sample{"purchase-orders": {Create: ordered}},
		Credentials: map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "password": s.Password},
		Checks:      quick(),
		Touches:     []string{"vendors", "items", "purchase-orders", "locations"}, Adds: []string{"vendors", "purchase-orders"}, Removes: []string{"vendors", "purchase-orders"},
	})
}

// ordered orders an item: a line without one needs a price, which the manifest cannot say.
func ordered(n int, stored conformance.Stored) map[string]any {
	for _, order := range stored("purchase-orders") {
		for _, v := range order["lines"].([]any) { //nolint:errcheck,forcetypeassert // the API's
			if line := v.(map[string]any); line["item_id"] != nil { //nolint:errcheck,forcetypeassert // the API's
				return map[string]any{"vendor_id": order["vendor_id"], "notes": fmt.Sprint("Suite ", n), "lines": []any{map[string]any{"item_id": line["item_id"], "quantity": map[string]any{"value": "2"}}}}
			}
		}
	}
	return nil
}

// clerk is another user of Tryton.
type clerk struct{ *tryton.Server }

// member is where an entity is, and what the connector shows of it.
func member(entity string) (model, name string) {
	return map[string][2]string{
		"vendors": {"party.party", "name"}, "items": {"product.product", "description"}, "purchase-orders": {"purchase.purchase", "comment"}, "locations": {"stock.location", "name"},
	}[entity][0], map[string]string{"vendors": "name", "items": "description", "purchase-orders": "comment", "locations": "name"}[entity]
}

// Touch implements conformance.Hands.
func (c clerk) Touch(_ context.Context, entity, remoteID string) error {
	model, name := member(entity)
	id, err := strconv.Atoi(remoteID)
	if err != nil {
		return err
	}
	_, err = c.Try("model."+model+".write", []int{id}, map[string]any{name: "Touched by a clerk " + remoteID})
	return err
}

// Add implements conformance.Hands.
func (c clerk) Add(_ context.Context, entity string) (string, error) {
	switch entity {
	case "vendors":
		return strconv.Itoa(c.Create("party.party", map[string]any{"name": "Somebody else's"})), nil
	case "purchase-orders":
		party := c.Search("party.party", []any{"addresses.id", ">", 0})[0]
		address := c.Search("party.address", []any{"party", "=", party})[0]
		return strconv.Itoa(c.Create("purchase.purchase", map[string]any{"party": party, "invoice_address": address})), nil
	}
	return "", fmt.Errorf("the clerk makes no %s", entity)
}

// Remove implements conformance.Hands.
func (c clerk) Remove(_ context.Context, entity, remoteID string) error {
	model, _ := member(entity)
	id, err := strconv.Atoi(remoteID)
	if err != nil {
		return err
	}
	if entity == "purchase-orders" {
		if _, err := c.Try("model."+model+".cancel", []int{id}); err != nil {
			return err
		}
	}
	_, err = c.Try("model."+model+".delete", []int{id})
	return err
}
