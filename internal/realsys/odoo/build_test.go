package odoo_test

import (
	"flag"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

var build = flag.Bool("live", false, "build Odoo where it is not cached")

// With -live the sample is built for the tests of all packages.
func TestLiveBuild(t *testing.T) {
	if !*build {
		t.Skip("building Odoo takes minutes: make live does it")
	}
	odoo.Start(t)
}
