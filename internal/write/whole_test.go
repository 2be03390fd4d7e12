package write_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// A batch of all or none of which the system refuses an item when it is sent again: none is done, in whatever words it says no, and none is said to be rejected that may have been done before.
func TestAllOrNoneIsRefusedWhenSentAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind string
		want store.ItemCounts
	}{
		"as invalid": {"invalid", store.ItemCounts{Rejected: 10}}, "as one that changed": {"conflict", store.ItemCounts{Rejected: 10}},
		"as one that exists": {"duplicate", store.ItemCounts{NeedsHuman: 10}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, func(text string) string {
				return strings.Replace(text, "duplicate_key: duplicate}", "duplicate_key: duplicate, unknown_reference: "+test.kind+"}", 1)
			})
			p.spoil(onWrite(1, erp.Fault{Drop: true}))
			all := items(0, 10)
			all[4] = create(`{"name":"b","unit":"FURLONG"}`)
			o := p.batch("items", all, p.whole)
			for !o.DueAt.IsZero() {
				p.tick(max(o.DueAt.Sub(p.clock()), 0) + time.Second)
				p.work()
				o = p.operation(o)
			}
			p.ends(o, store.OperationCompleted, test.want)
			p.once(o)
		})
	}
}

// Somebody else edits one of the records between reading and writing: all or none comes on top of that edit, and refuses all where the caller insists on the version that it read.
func TestAllOrNoneAndSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, insists := range map[string]bool{"insisting": true, "not insisting": false} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			var changes []write.BatchItem
			made := p.items(p.finish(p.batch("vendors", vendors(0, 10))))
			for _, it := range made {
				change := write.BatchItem{Op: manifest.Update, ID: it.Record.String(), Data: []byte(`{"phone":"112"}`)}
				if insists {
					change.IfMatch = it.Version
				}
				changes = append(changes, change)
			}
			p.spoil(onWrite(1, erp.Fault{Before: func() {
				p.tick(time.Second)
				p.must(p.sim.Edit(erp.Edit{Resource: "vendors", ID: made[4].RemoteID, Set: map[string]any{"taxId": "theirs"}}))
			}}))
			before := len(p.sim.Effects())
			o := p.finish(p.batch("vendors", changes, p.whole))
			want, effects := store.ItemCounts{Applied: 10}, 10
			if insists {
				want, effects = store.ItemCounts{Rejected: 10}, 0
			}
			p.ends(o, store.OperationCompleted, want)
			ours := slices.DeleteFunc(p.sim.Effects()[before:], func(e erp.Effect) bool { return !strings.Contains(string(e.Record), `"112"`) })
			if len(ours) != effects {
				t.Errorf("%d records were changed, want %d", len(ours), effects)
			}
		})
	}
}

// A person says of one item that it did not happen while the others are still looked for: it goes out with them, in one call.
func TestAllOrNoneWithADecision(t *testing.T) {
	p := newPlant(t)
	calls := 0
	lost := onWrite(1, erp.Fault{Drop: true})
	p.spoil(func(r *http.Request) *erp.Fault {
		if r.Method != http.MethodGet {
			calls++
		}
		return lost(r)
	})
	o := p.batch("items", items(0, 10), p.whole)
	p.work()
	if c := p.operation(o).Counts; c.Unknown+c.Reconciling != 10 {
		t.Fatalf("its answer lost, the batch is %+v", c)
	}
	_, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 3, write.Decision{By: "ann"})
	p.must(err)
	o = p.finish(o)
	p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 10})
	p.once(o)
	if calls != 2 {
		t.Errorf("%d calls, want the one whose answer was lost and one more", calls)
	}
}

// The same, and then the batch is cancelled: what was sent with the item that is cancelled now is not sent again without it.
func TestAllOrNoneCancelledWithADecision(t *testing.T) {
	p := newPlant(t)
	p.spoil(onWrite(1, erp.Fault{Drop: true}))
	o := p.batch("items", items(0, 10), p.whole)
	p.work()
	_, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 3, write.Decision{By: "ann"})
	p.must(err)
	_, err = p.service.Cancel(acting(t.Context()), p.conn, o.ID)
	p.must(err)
	p.tick(time.Hour)
	o = p.finish(o)
	p.ends(o, store.OperationCancelled, store.ItemCounts{Cancelled: 1, NeedsHuman: 9})
	p.once(o)
}

func (*plant) whole(r *write.BatchRequest) { r.Mode = store.AllOrNone }
