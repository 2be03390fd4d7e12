package connectors_test

import (
	"flag"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

var odooSuite = flag.Bool("odoo", false, "run the suite against a real Odoo 14, which takes long")

// TestOdoo runs the suite against a real Odoo 14.
func TestOdoo(t *testing.T) {
	t.Parallel()
	if !*odooSuite {
		t.Skip("the suite takes more than twenty minutes against a real Odoo on a busy machine: go test ./connectors -run TestOdoo -odoo -timeout 90m")
	}
	s := odoo.StartIfCached(t)
	hands := &odoo.Hands{Server: s}
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "odoo", Version: "14.0", Writes: true,
		Credentials: map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "api_key": s.Key},
		Hands:       hands, Touches: hands.Touches(), Adds: hands.Adds(), Removes: hands.Adds(),
	})
}
