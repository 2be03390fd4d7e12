package connectors_test

import (
	"fmt"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/realsys/requesttracker"
)

// TestRequestTracker runs the suite against a real Request Tracker.
func TestRequestTracker(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	written := []string{"work-orders", "service-requests", "assets"}
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "request-tracker", Version: "5.0",
		Credentials: map[string]string{"url": s.URL, "token": s.Token, "work_queue": "Work orders", "request_queue": "Service requests"},
		Checks:      quick(), Writes: true, Hands: s, Touches: append(written, "teams"), Adds: append(written, "users", "teams"), Removes: written,
		// Tickets have no count that can be believed, so that an answer to another question is taken for that to a list.
		Unproven: map[string]string{"a stuck token is noticed": "Request Tracker's lists say nothing of what was asked, and their counts are not believed"},
		Samples: map[string]conformance.Sample{
			"assets": {Create: func(n int, _ conformance.Stored) map[string]any {
				return map[string]any{"name": fmt.Sprint("Pump ", n), "category": "Plant", "description": "Made by the suite", "serial_number": fmt.Sprintf("%04d", n)}
			}, Update: map[string]any{"name": "Pump, painted", "model": "P"}},
			"service-requests": {Create: func(n int, stored conformance.Stored) map[string]any {
				return map[string]any{"title": fmt.Sprint("Noise ", n), "priority": "high", "asset_id": stored("assets")[0]["id"]}
			}, Update: map[string]any{"title": "Loud noise", "priority": "medium"}},
			"work-orders": {Create: func(n int, stored conformance.Stored) map[string]any {
				return map[string]any{"title": fmt.Sprint("Order ", n), "priority": "high", "asset_id": stored("assets")[0]["id"], "due_at": "2027-02-03T04:05:06Z"}
			}, Update: map[string]any{"title": "Another order", "due_at": "2027-03-04T05:06:07Z"}},
		},
	})
}
