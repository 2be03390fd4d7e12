package trytonrpc

import (
	"encoding/json"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

func TestHotRecordsAreThoseOfTheirDomain(t *testing.T) {
	t.Parallel()
	r := &reading{Domain: []any{[]any{"type", "=", "line"}}, hot: []any{[]any{"state", "=", "processing"}}}
	for hot, want := range map[bool]string{false: `[[["type","=","line"]]]`, true: `[[["type","=","line"]],[["state","=","processing"]]]`} {
		if got, err := json.Marshal(r.listing(driver.Request{Hot: hot})); err != nil || string(got) != want {
			t.Errorf("hot %t: %s %v; want %s", hot, got, err, want)
		}
	}
}
