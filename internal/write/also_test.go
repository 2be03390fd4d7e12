package write_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// What belongs to a batch is stored with it or not at all, and a replay does not store it again.
func TestAlso(t *testing.T) {
	p := newPlant(t)
	also := func(answer error) func(*write.BatchRequest) {
		return func(r *write.BatchRequest) {
			r.Key, r.Hash = "k", func() []byte { return []byte("same") }
			r.Also = func(ctx context.Context, tx *store.Tx, o *store.Operation) error {
				if o.State != store.OperationQueued || o.Total != 1200 {
					t.Errorf("the operation is %s with %d items", o.State, o.Total)
				}
				return errors.Join(answer, tx.InsertProject(ctx, store.Project{ID: "of " + o.ID, CreatedAt: p.clock()}))
			}
		}
	}
	for _, refusal := range []error{errors.New("not now"), store.ErrConflict, store.ErrNotFound} {
		_, _, err := p.ask("vendors", vendors(0, 1200), also(refusal))
		if !errors.Is(err, refusal) || code(err) != "" || p.woken != 0 {
			t.Errorf("refused with %v: %v; woken %d times", refusal, err, p.woken)
		}
	}
	if ops, err := p.store.Operations(t.Context(), p.conn.Scope(), store.OperationFilter{}); err != nil || len(ops) != 0 {
		t.Errorf("%d operations, %v; want none", len(ops), err)
	}
	for range 2 { // the second is a replay
		o, _, err := p.ask("vendors", vendors(0, 1200), also(nil))
		p.must(err)
		_, err = p.store.Project(t.Context(), "of "+o.ID)
		p.must(err)
	}
	if p.woken != 1 {
		t.Errorf("woken %d times, want once", p.woken)
	}
}

// Whoever waits for a batch is told when items are final and when it has ended, and of what a person decides.
func TestEnded(t *testing.T) {
	p := newPlant(t)
	told := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(p.ended, want) {
			t.Errorf("%s: told %q, want %q", what, p.ended, want)
		}
		p.ended = nil
	}
	o := p.batch("vendors", vendors(0, 7), func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 5, time.Hour })
	told("queued")
	p.work()
	told("a chunk", "running 5 of 7")
	p.tick(time.Minute)
	p.work()
	told("nothing new")
	p.tick(time.Hour)
	p.work()
	told("the end", "completed 7 of 7")
	p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 7})

	o = p.batch("vendors", vendors(7, 9), func(r *write.BatchRequest) { r.ChunkDelay = time.Hour })
	_, err := p.service.Cancel(acting(t.Context()), p.conn, o.ID)
	p.must(err)
	p.work()
	told("cancelled", "cancelled 2 of 2")

	item := p.items(p.finish(p.batch("items", []write.BatchItem{create(`{"name":"bolt"}`)})))[0]
	p.spoil(onWrite(1, erp.Fault{Drop: true, Execute: true}))
	o = p.finish(p.batch("purchase-requisitions", []write.BatchItem{create(`{"lines":[{"item":{"remote_id":%q},"quantity":{"value":"2"}}]}`, item.RemoteID)}))
	told("to be decided", "completed 1 of 1", "completed 1 of 1")
	made := p.sim.Effects()[len(p.sim.Effects())-1]
	_, err = p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: made.ID, By: "ann"})
	p.must(err)
	told("decided", "completed 1 of 1")
}
