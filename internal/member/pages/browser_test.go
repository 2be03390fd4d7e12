package pages_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/browser"
)

// TestPeopleInABrowser goes the way of the first owner in Chromium, and looks at every page in both schemes and at two widths.
func TestPeopleInABrowser(t *testing.T) {
	w := newWorld(t)
	browser.Run(t, "member.mjs", map[string]any{"url": w.url, "setup": w.setup, "password": password, "name": "Olga <script>alert(1)</script>"}, nil)
}
