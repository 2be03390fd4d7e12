package trytonrpc_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// TestLiveRights asks a real Tryton what a login may do: everything for the administrator, and for a user without groups what is left when the rights to orders and to
// products are taken from everybody outside of the group of administrators.
func TestLiveRights(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	system := connector(t)
	may := func(login map[string]string) manifest.Rights {
		t.Helper()
		rights, err := open(t, login, system.Entities...).(driver.Permitter).May(t.Context(), system.Entities)
		if err != nil {
			t.Fatal(err)
		}
		return rights
	}
	all := admin(s)
	for name, ops := range may(all) {
		for op, ok := range ops {
			if !ok {
				t.Errorf("the administrator may not %s %s", op, name)
			}
		}
	}
	for _, model := range []string{"purchase.purchase", "product.product"} {
		id := s.Search("ir.model", []any{"model", "=", model})[0]
		for _, access := range s.Search("ir.model.access", []any{"model", "=", id}) {
			s.Write("ir.model.access", access, map[string]any{"perm_write": false, "perm_create": false})
		}
		s.Create("ir.model.access", map[string]any{"model": id, "group": nil, "perm_read": model == "product.product", "perm_write": false, "perm_create": false, "perm_delete": false})
	}
	s.Create("res.user", map[string]any{"name": "Reader", "login": "reader", "password": "Quiet-Harbour-7391"})
	rights := may(map[string]string{"url": all["url"], "database": all["database"], "username": "reader", "password": "Quiet-Harbour-7391"})
	for _, c := range []struct {
		entity string
		op     manifest.Op
		want   bool
	}{
		{"purchase-orders", manifest.Read, false}, {"purchase-orders", manifest.Create, false}, {"purchase-orders", manifest.Update, false},
		{"items", manifest.Read, true}, {"items", manifest.Create, false}, {"vendors", manifest.Read, true},
	} {
		got, told := rights[c.entity][c.op]
		if !told || got != c.want {
			t.Errorf("%s %s: %v, told %v, want %v", c.op, c.entity, got, told, c.want)
		}
	}
}
