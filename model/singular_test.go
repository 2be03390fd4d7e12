package model

import "testing"

func TestSingular(t *testing.T) {
	t.Parallel()
	for plural, want := range map[string]string{
		"assets": "asset", "members": "member", "entities": "entity", "addresses": "address", "statuses": "status", "boxes": "box",
		"batches": "batch", "lines": "line", "purchase_orders": "purchase_order", "labor": "labor", "class": "class",
	} {
		if got := singular(plural); got != want {
			t.Errorf("singular(%q) = %q; want %q", plural, got, want)
		}
	}
}
