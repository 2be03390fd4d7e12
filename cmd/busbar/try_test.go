package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/cli"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestConnectorTest tries SimERP's connector out from the command line: without --write nothing is written, and a wrong login ends with exit code 1.
func TestConnectorTest(t *testing.T) {
	t.Parallel()
	sim, err := erp.Open(erp.Options{Key: "a-key-of-the-test", Counts: erp.Counts{Vendors: 10, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	for key, want := range map[string]struct {
		code int
		says string
	}{
		"a-key-of-the-test": {cli.ExitOK, "create: the stand allows no writes"},
		"another":           {cli.ExitFailed, "the connection is refused"},
	} {
		var out, errs bytes.Buffer
		s := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now}
		code := cli.Main(t.Context(), []string{"connector", "test", "../../connectors/sim-erp", "--credential", "url=" + sim.URL(), "--credential", "api_key=" + key, "--entity", "vendors"}, s, programs(s))
		if code != want.code || !strings.Contains(out.String(), want.says) || !strings.Contains(out.String(), "✓ exercised") {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", key, code, want.code, want.says, out.String(), errs.String())
		}
		if strings.Contains(out.String()+errs.String(), key) {
			t.Error("the key is shown")
		}
	}
	if n := len(sim.Effects()); n != 0 {
		t.Errorf("%d writes", n)
	}
}
