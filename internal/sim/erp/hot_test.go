package erp_test

import (
	"bytes"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// A batch changes an open order and leaves its stamp: no list of changes shows it, the list of open orders does.
func TestOpenOrdersShowWhatStampsDoNot(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, erp.Options{Counts: erp.Counts{Vendors: 20, Orders: 300}})
	s, c := connector(t, sim.URL(), erp.DefaultKey)
	orders := s.Entity("purchase-orders")
	before := fetchAll(t, c, driver.Request{Entity: orders, Limit: 50, Hot: true}, nil)
	all := fetchAll(t, c, driver.Request{Entity: orders, Limit: 400}, nil)
	if len(before) == 0 || len(before) == len(all) {
		t.Fatalf("%d of %d orders are open", len(before), len(all))
	}
	for _, r := range before {
		if !bytes.Contains(r, []byte(`"status":"OPEN"`)) {
			t.Errorf("%.200s is not open", r)
		}
	}
	if err := sim.Edit(erp.Edit{Resource: "purchase-orders", ID: field(t, before[0], "id"), Silent: true, Set: map[string]any{"notes": "confirmed by the vendor"}}); err != nil {
		t.Fatal(err)
	}
	changed := fetchAll(t, c, driver.Request{Entity: orders, Limit: 50, Since: base}, nil)
	hot := fetchAll(t, c, driver.Request{Entity: orders, Limit: 50, Hot: true}, nil)
	mark := []byte("confirmed by the vendor")
	if bytes.Contains(bytes.Join(changed, nil), mark) || !bytes.Contains(bytes.Join(hot, nil), mark) || len(hot) != len(before) {
		t.Errorf("%d changes, %d open orders of %d; want the silent edit among the latter only", len(changed), len(hot), len(before))
	}
}
