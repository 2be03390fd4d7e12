package faulttest

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// A world without a fault is even: the checker itself holds.
func TestNoFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.check(w.sim.Edit(
		erp.Edit{Resource: "vendors", ID: "000003", Set: map[string]any{"name": "Changed"}},
		erp.Edit{Resource: "vendors", ID: "000004", Delete: true},
		erp.Edit{Resource: "vendors", ID: "000999", Set: map[string]any{"name": "New", "active": true}},
	))
	w.even()
}
