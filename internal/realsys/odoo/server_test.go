package odoo_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

// The sample is what the package says.
func TestLiveSample(t *testing.T) {
	t.Parallel()
	s := odoo.StartIfCached(t)
	for state, want := range map[string]int{"draft": 40, "sent": 20, "purchase": 25, "done": 5, "cancel": 10} {
		if got := len(s.Search("purchase.order", []any{"state", "=", state})); got != want {
			t.Errorf("%d orders are %s, want %d", got, state, want)
		}
	}
	for model, want := range map[string]int{"product.product": 200, "maintenance.equipment": 60, "maintenance.request": 120} {
		if got := len(s.Search(model)); got != want {
			t.Errorf("%d of %s, want %d", got, model, want)
		}
	}
}
