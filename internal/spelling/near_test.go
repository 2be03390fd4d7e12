package spelling_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/spelling"
)

func TestNear(t *testing.T) {
	t.Parallel()
	known := []string{"purchase-orders", "sales-orders", "vendors", "work-orders", "amount", "id"}
	for word, want := range map[string][]string{
		"vendors":        {"vendors"},
		"vendor":         {"vendors"},
		"Vendros":        {"vendors"},
		"amnt":           {"amount"},
		"sales_orders":   {"sales-orders", "work-orders"},
		"vendor_id":      {"vendors"},
		"orders":         {"work-orders", "sales-orders", "purchase-orders"},
		"purchase":       {"purchase-orders"},
		"warehouse":      {},
		"ab":             {},
		"":               {},
		"nothing-at-all": {},
	} {
		if got := spelling.Near(word, known); !slices.Equal(got, want) {
			t.Errorf("Near(%q) = %v, want %v", word, got, want)
		}
	}
	if got := spelling.Near(strings.Repeat("vendors", 1000), known); len(got) > 0 {
		t.Errorf("a text of 7000 letters is near %v", got)
	}
	if got := spelling.Near("a", nil); len(got) > 0 {
		t.Errorf("something is near nothing: %v", got)
	}
}
