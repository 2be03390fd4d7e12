package check_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// A status that is not the one which was asked for is what came of it only where it comes after that.
func TestWentOn(t *testing.T) {
	t.Parallel()
	moves := &manifest.Moves{Rows: []manifest.Move{
		{From: []string{"draft"}, To: "quoted"}, {From: []string{"quoted"}, To: "approved"}, {From: []string{"approved"}, To: "sent"},
		{From: []string{"quoted", "approved", "cancelled"}, To: "draft"}, {From: []string{"draft", "quoted"}, To: "cancelled"},
	}}
	for _, c := range []struct {
		before, asked, now string
		want               bool
	}{
		{"quoted", "approved", "sent", true},
		{"quoted", "approved", "closed", true}, // only the system itself leads there
		{"draft", "cancelled", "sent", false},
		{"quoted", "cancelled", "sent", false},
		{"quoted", "cancelled", "approved", false},
		{"quoted", "approved", "quoted", false},
		{"quoted", "approved", "cancelled", false},
	} {
		if got := check.WentOn(moves, c.before, c.asked, c.now); got != c.want {
			t.Errorf("from %s to %s, and now %s: %v", c.before, c.asked, c.now, got)
		}
	}
}
