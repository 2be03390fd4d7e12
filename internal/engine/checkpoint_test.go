package engine

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// A chain of tokens that runs into a loop of any length is noticed within a bounded number of pages; one without a loop never is.
func TestLoopGuard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lead := rapid.IntRange(0, 50).Draw(t, "lead")
		loop := rapid.IntRange(1, 50).Draw(t, "loop")
		var g loopGuard
		for i := range 4 * (lead + loop + 1) {
			n := i
			if i >= lead {
				n = lead + (i-lead)%loop
			}
			if g.seen(json.RawMessage(fmt.Sprintf(`"token %d"`, n))) {
				if i < lead+loop {
					t.Fatalf("page %d: called a loop before any token came twice", i)
				}
				return
			}
		}
		t.Fatalf("a loop of %d after %d was not noticed", loop, lead)
	})
}

func TestLoopGuardLetsALongChainPass(t *testing.T) {
	t.Parallel()
	var g loopGuard
	for i := range 20_000 {
		if g.seen(json.RawMessage(fmt.Sprint(i))) {
			t.Fatalf("token %d is new, yet called a loop", i)
		}
	}
}

func TestCheckpointComesBackAsItWas(t *testing.T) {
	t.Parallel()
	cp := firstCheckpoint()
	cp.Token, cp.Fetched, cp.Unidentified = json.RawMessage(`{"id":7}`), 12, 1
	cp.Loop.seen(cp.Token)
	got, err := readCheckpoint(cp.encode())
	if err != nil || fmt.Sprint(got) != fmt.Sprint(cp) {
		t.Errorf("got %v, %v; want %v", got, err, cp)
	}
}
