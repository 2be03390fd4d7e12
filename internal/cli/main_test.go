package cli

import (
	"os"
	"strings"
	"testing"
)

// TestMain takes away the settings of whoever runs the tests.
func TestMain(m *testing.M) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "BUSBAR_") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}
