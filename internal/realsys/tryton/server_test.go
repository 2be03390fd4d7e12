package tryton_test

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

func TestOrderLifeOnTheRealServer(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	vendor := s.Search("party.party", []any{"name", "=", "Vendor 00001 GmbH"})[0]
	order := s.Order(vendor, time.Now(), tryton.Line{Product: s.Search("product.product")[0], Quantity: 2, Price: "3.50"})
	s.Press("purchase.purchase", "quote", order)
	s.Press("purchase.purchase", "confirm", order)
	if got := s.Read("purchase.purchase", order, "state")["state"]; got != "processing" {
		t.Errorf("state after confirm: %v", got)
	}
	if _, err := s.Try("model.purchase.purchase.delete", []int{order}); err == nil {
		t.Error("an order in process was deleted")
	}
}

func TestSampleHasEveryState(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	for state, want := range map[string]int{"draft": 20, "quotation": 20, "confirmed": 15, "processing": 32, "done": 3, "cancelled": 10} {
		if got := len(s.Search("purchase.purchase", []any{"state", "=", state})); got != want {
			t.Errorf("%s: %d orders, want %d", state, got, want)
		}
	}
}
