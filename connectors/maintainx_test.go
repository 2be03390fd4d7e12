package connectors_test

import (
	"bytes"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/sim/maintainx"
)

// TestMaintainX runs the suite against the simulator of MaintainX's API document.
func TestMaintainX(t *testing.T) {
	t.Parallel()
	clock := &conformance.Clock{}
	sim := maintainx.Open(maintainx.Options{Now: clock.Now, Key: "maintainx-suite-key", PerMinute: 1 << 20, WorkOrders: 30})
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	hands := []string{"users", "teams", "vendors", "locations", "assets", "items", "meters", "work-orders", "purchase-orders"}
	conformance.Run(t, conformance.Stand{
		Folder: unhurried(t, "maintainx"), System: "maintainx", Credentials: map[string]string{"url": sim.URL() + "/v1", "api_key": "maintainx-suite-key"}, Clock: clock,
		Writes: true, Hands: sim, Touches: hands, Adds: hands, Removes: hands,
	})
}

// unhurried is a connector as it is, but for the calls that its system grants in a minute: the suite makes many.
func unhurried(t *testing.T, system string) fs.FS {
	t.Helper()
	folder := fstest.MapFS{}
	for _, name := range []string{"manifest.yaml", "guide.md"} {
		text, err := fs.ReadFile(connectors.FS, system+"/"+name)
		if err != nil {
			t.Fatal(err)
		}
		folder[system+"/"+name] = &fstest.MapFile{Data: bytes.Replace(text, []byte("per_minute: 100"), []byte("per_second: 1000"), 1)}
	}
	return folder
}
