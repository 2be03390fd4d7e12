package faulttest

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

func remove(id string) erp.Edit { return erp.Edit{Resource: "vendors", ID: id, Delete: true} }

// TestHardDelete is row 12: what the source no longer has becomes a tombstone after a complete sweep, and only there.
func TestHardDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.check(w.sim.Edit(remove("000010"), remove("000011")))
	w.clock.add(time.Hour)
	w.settled("incremental")
	if got := w.stream().get("counts", "deleted"); got != "0" {
		t.Errorf("an incremental run deleted %s", got)
	}
	w.settled("full")
	w.follow()
	if got := w.stream().get("counts", "deleted"); got != "2" {
		t.Errorf("a full run deleted %s of 2", got)
	}
	w.even()
}

// TestMassDeletion is row 14: a third of the records is gone, as after a lost permission. Nothing is deleted until a second sweep finds the same and a
// person approves; when they come back instead, nothing has happened.
func TestMassDeletion(t *testing.T) {
	t.Parallel()
	for _, real := range []bool{true, false} {
		t.Run(map[bool]string{true: "meant", false: "a lost permission"}[real], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			var gone []erp.Edit
			for i := range 40 {
				gone = append(gone, remove(w.places[i]))
			}
			w.clock.add(time.Hour)
			if real {
				w.check(w.sim.Edit(gone...))
			} else {
				w.plan.Set(list(erp.Fault{Rewrite: hideMost}))
			}
			var run object
			for range 2 {
				run = w.sync("full")
				w.ends(run, "incomplete", "deletions-held")
				w.follow()
				if got := w.stream().get("counts", "deleted"); got != "0" {
					t.Fatalf("%s were deleted", got)
				}
			}
			if real {
				w.call(w.token, "POST", "/v1/sync-runs/"+run.get("id")+"/pending-deletions/approve", nil, http.StatusAccepted)
				w.step()
				w.follow()
			}
			w.even()
		})
	}
}

// hideMost shows the first ten records as if there were no others.
func hideMost(body []byte) []byte {
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return body
	}
	shown, _ := json.Marshal(map[string]any{"data": list.Data[:min(10, len(list.Data))], "nextCursor": nil, "total": min(10, len(list.Data))})
	return shown
}

// TestRecreated is row 15: a record that is deleted and made again with its id is deleted and alive again in the feed, with a higher version.
func TestRecreated(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]string{"seen deleted": "full", "not seen deleted": "incremental"} {
		t.Run(name, func(t *testing.T) { t.Parallel(); recreated(t, setup{}, between) })
	}
}

func recreated(t *testing.T, s setup, between string) {
	w := newWorld(t, s)
	for range 3 {
		w.clock.add(time.Hour)
		w.check(w.sim.Edit(remove("000010")))
		w.settled(between)
		w.follow()
		_, held := w.feed.raw["000010"]
		if held == (between == "full") {
			t.Errorf("after the deletion the reader holds the record: %t", held)
		}
		w.clock.add(time.Hour)
		w.check(w.sim.Edit(edit("000010", "Made again at "+w.clock.Now().String())))
		w.settled("incremental")
		w.follow()
		w.balanced()
	}
	w.even()
}
