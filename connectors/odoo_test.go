package connectors_test

import (
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

// TestOdoo runs the suite against a real Odoo 14.
func TestOdoo(t *testing.T) {
	t.Parallel()
	if !*whole {
		t.Skip("the suite takes twenty minutes against a real Odoo: make live")
	}
	s := odoo.StartIfCached(t)
	hands := &odoo.Hands{Server: s}
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "odoo", Version: "14.0", Writes: true, Checks: quick(),
		Credentials: map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "api_key": s.Key},
		Hands:       hands, Touches: hands.Touches(), Adds: hands.Adds(), Removes: hands.Adds(),
	})
}
