package write_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// A worker that falls asleep while any one item is on its way, and whose lease another takes over, doubles nothing and loses nothing: whether the system had taken the item by then, takes it while
// nobody listens, or never hears of it.
func TestTakenOverAtEveryItem(t *testing.T) {
	t.Parallel()
	const items = 9
	faults := map[string]erp.Fault{
		"it comes through later":  {},
		"it has come through":     {Execute: true, Drop: true},
		"it never comes through":  {Drop: true},
		"it comes through slowly": {Drop: true, Commit: 4 * time.Second},
	}
	for name, fault := range faults {
		for k := 1; k <= items; k++ {
			t.Run(fmt.Sprintf("%s, item %d", name, k), func(t *testing.T) {
				p := newPlant(t, noBulk)
				o := p.batch("vendors", vendors(0, items), func(r *write.BatchRequest) { r.ChunkSize = 4 })
				_, other := p.process("two")
				fault := fault
				fault.Before = func() {
					p.tick(2 * lease.For)
					p.workAs(other)
				}
				p.spoil(onWrite(k, fault))
				o = p.finish(o)
				p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: items})
				p.once(o)
			})
		}
	}
}

// The same, with calls for many: all items of a call are found again by what tells each from any other.
func TestTakenOverInACallForMany(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]erp.Fault{
		"it comes through later": {}, "it has come through": {Execute: true, Drop: true}, "it never comes through": {Drop: true}, "a part has come through": {Partly: 7},
	} {
		for _, entity := range []string{"vendors", "items"} {
			t.Run(entity+", "+name, func(t *testing.T) {
				p := newPlant(t)
				o := p.batch(entity, vendors(0, 40), func(r *write.BatchRequest) { r.ChunkSize = 20 })
				_, other := p.process("two")
				fault := fault
				fault.Before = func() {
					p.tick(2 * lease.For)
					p.workAs(other)
				}
				p.spoil(onWrite(2, fault))
				o = p.finish(o)
				p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 40})
				p.once(o)
			})
		}
	}
}

// A process that stops in the middle lets what is under way end, frees the operation at once, and says nothing that is not so.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	for k := 1; k <= 6; k++ {
		t.Run(fmt.Sprint("item ", k), func(t *testing.T) {
			p := newPlant(t, noBulk)
			o := p.batch("vendors", vendors(0, 6))
			ctx, stop := context.WithCancel(t.Context())
			p.spoil(onWrite(k, erp.Fault{Before: stop}))
			if _, err := p.worker.Work(ctx, p.conn.ID, func(*store.Tx) error { return nil }); err != nil {
				t.Error(err)
			}
			if o = p.operation(o); o.Counts.Unknown+o.Counts.Sending > 0 || o.Counts.Applied < int64(k) || !o.LeaseUntil.IsZero() {
				t.Errorf("stopped at item %d, it is %+v, leased until %v", k, o.Counts, o.LeaseUntil)
			}
			_, p.worker = p.process("two")
			p.work()
			p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 6})
			p.once(o)
		})
	}
}

// An answer to a call for many may leave items out, give them in another order or twice: each is told by its key, and what has no answer is found out.
func TestAnswersOfACallForMany(t *testing.T) {
	t.Parallel()
	edit := func(change func([]json.RawMessage) []json.RawMessage) func([]byte) []byte {
		return func(body []byte) []byte {
			var answer struct {
				Results []json.RawMessage `json:"results"`
			}
			if json.Unmarshal(body, &answer) != nil {
				return body
			}
			answer.Results = change(answer.Results)
			out, _ := json.Marshal(answer)
			return out
		}
	}
	for name, fault := range map[string]erp.Fault{
		"in another order": {Rewrite: edit(func(r []json.RawMessage) []json.RawMessage { slices.Reverse(r); return r })},
		"some left out":    {Rewrite: edit(func(r []json.RawMessage) []json.RawMessage { return slices.Delete(r, 3, 30) })},
		"none":             {Rewrite: edit(func([]json.RawMessage) []json.RawMessage { return nil })},
		"cut off":          {Cut: 900},
		"a gateway's":      {Status: http.StatusBadGateway, Execute: true},
		"a login page":     {LoginPage: true, Execute: true},
		"hardly begun":     {Status: http.StatusServiceUnavailable, Partly: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			items := vendors(0, 100)
			for i := range items {
				if i%10 < 3 {
					items[i] = create(`{"name":"a","code":"same"}`)
				}
			}
			p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"same"}`)}))
			p.tick(time.Second)
			p.spoil(onWrite(1, fault))
			o := p.finish(p.batch("vendors", items, func(r *write.BatchRequest) { r.ChunkSize = 50 }))
			if c := o.Counts; c.Applied != 70 || c.Rejected+c.NeedsHuman != 30 {
				p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 70, Rejected: 30})
			}
			done := p.effects(o)
			for _, it := range p.items(o) {
				if want := map[bool]int{true: 1}[it.Status == store.ItemApplied]; done[it.Mark] != want {
					t.Errorf("item %d is %s and had its effect %d times", it.N, it.Status, done[it.Mark])
				}
			}
			if done["same"] != 1 {
				t.Errorf("the key that exists was written %d times", done["same"])
			}
		})
	}
}

// While the system is away a batch waits and says why; when it is back, the batch goes on.
func TestSystemIsAway(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		o := p.batch("vendors", vendors(0, 20), func(r *write.BatchRequest) { r.ChunkSize = 5 })
		p.spoil(func(*http.Request) *erp.Fault {
			return &erp.Fault{Status: http.StatusTooManyRequests, RetryAfter: 40 * time.Second}
		})
		p.work()
		if o = p.operation(o); o.ReasonCode != problem.ReasonSystemRateLimited || o.Counts.Pending != 20 || o.DueAt.Sub(p.clock()) != 40*time.Second {
			t.Errorf("it waits %v for %q: %+v", o.DueAt.Sub(p.clock()), o.ReasonCode, o.Counts)
		}
		p.spoil(func(*http.Request) *erp.Fault { return &erp.Fault{Unread: true} })
		p.tick(40 * time.Second)
		p.work()
		if o = p.operation(o); o.State != store.OperationRunning || o.Counts.Applied+o.Counts.Rejected > 0 || !o.DueAt.After(p.clock()) {
			t.Errorf("with the system away it is %s, due in %v: %+v", o.State, o.DueAt.Sub(p.clock()), o.Counts)
		}
		p.spoil(nil)
		o = p.finish(o)
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 20})
		p.once(o)
		if o.ReasonCode != "" {
			t.Errorf("the end still says %s", o.ReasonCode)
		}
	})
}

// A connection that is paused in the middle sends nothing more until it is resumed.
func TestPausedInTheMiddle(t *testing.T) {
	p := newPlant(t, noBulk)
	o := p.batch("vendors", vendors(0, 30), func(r *write.BatchRequest) { r.ChunkSize = 10 })
	p.spoil(onWrite(4, erp.Fault{Before: func() { p.state(store.ConnectionPaused) }}))
	p.work()
	p.tick(time.Hour)
	p.work()
	if o = p.operation(o); o.Counts.Applied != 10 || o.ReasonCode != problem.ReasonPaused {
		t.Errorf("paused in the first chunk of ten, it is %+v (%s)", o.Counts, o.ReasonCode)
	}
	p.state(store.ConnectionActive)
	p.work()
	p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 30})
	p.once(o)
}

// Credentials that are renewed while a batch goes on may lead elsewhere: the chunk at hand is the last that uses the old ones.
func TestRenewedInTheMiddle(t *testing.T) {
	p := newPlant(t, noBulk)
	o := p.batch("vendors", vendors(0, 30), func(r *write.BatchRequest) { r.ChunkSize = 10 })
	p.spoil(onWrite(4, erp.Fault{Before: func() {
		p.conn.Credentials = []byte("renewed")
		p.must(p.store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetConnectionCredentials(t.Context(), p.conn, p.clock()) }))
	}}))
	p.work()
	p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 30})
	p.once(o)
	if !slices.Equal(p.opened, []string{"", "renewed"}) {
		t.Errorf("the system was opened with %q", p.opened)
	}
}

// Credentials that are renewed between the verdict on a single write and its first byte may lead elsewhere: it is judged anew, and sent once, with the new ones.
func TestRenewedBeforeASingleWrite(t *testing.T) {
	p := newPlant(t)
	made := p.items(p.finish(p.batch("vendors", vendors(0, 1))))[0]
	p.opened = nil
	p.overtake(func() {
		conn := *p.conn
		conn.Credentials = []byte("renewed")
		p.must(p.store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetConnectionCredentials(t.Context(), &conn, p.clock()) }))
	})
	out, err := p.patch("vendors", made.Record, "", `{"name":"anew"}`)
	p.must(err)
	if out.Item.Status != store.ItemApplied || len(p.sim.Effects()) != 2 || !slices.Equal(p.opened, []string{"", "renewed"}) {
		t.Errorf("it is %s, had %d effects, and the system was opened with %q", out.Item.Status, len(p.sim.Effects()), p.opened)
	}
}

// What was not sent when a connection is disconnected is cancelled; what may have had its effect is left to a person.
func TestDisconnectedInTheMiddle(t *testing.T) {
	p := newPlant(t)
	p.spoil(onWrite(2, erp.Fault{Drop: true, Execute: true}))
	o := p.batch("vendors", vendors(0, 30), func(r *write.BatchRequest) { r.ChunkSize = 10 })
	p.spoil(func() func(*http.Request) *erp.Fault {
		lost := onWrite(2, erp.Fault{Drop: true, Execute: true, Before: func() { p.state(store.ConnectionDisconnected) }})
		return lost
	}())
	p.work()
	p.ends(p.operation(o), store.OperationCancelled, store.ItemCounts{Applied: 10, NeedsHuman: 10, Cancelled: 10})
}

// A window leaves the system alone; the batch goes on at its end.
func TestBlackout(t *testing.T) {
	p := newPlant(t)
	p.conn.Blackouts = []string{"Mon-Sun 07:00-10:00"}
	p.must(p.store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetConnectionProfile(t.Context(), p.conn, p.clock()) }))
	o := p.batch("vendors", vendors(0, 5))
	p.work()
	if o = p.operation(o); o.ReasonCode != problem.ReasonBlackout || o.Counts.Pending != 5 || o.DueAt.Sub(p.clock()) != 2*time.Hour {
		t.Errorf("in a window it is due in %v (%s): %+v", o.DueAt.Sub(p.clock()), o.ReasonCode, o.Counts)
	}
	p.tick(2 * time.Hour)
	p.work()
	p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 5})
}

// A single write that nobody waits for comes before a batch, and batches take turns.
func TestOrderOfOperations(t *testing.T) {
	p := newPlant(t)
	first := p.batch("vendors", vendors(0, 15), func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 5, time.Second })
	p.tick(time.Millisecond)
	second := p.batch("items", vendors(0, 15), func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 5, time.Second })
	p.tick(time.Millisecond)
	out, err := p.service.Write(t.Context(), write.Request{Connection: p.conn, Entity: "vendors", Op: manifest.Create, Data: []byte(`{"name":"at once"}`), Caller: "key"})
	p.must(err)
	p.finish(out.Operation)
	p.finish(first)
	p.finish(second)
	var order []string
	for _, e := range p.sim.Effects() {
		if n := len(order); n == 0 || order[n-1] != e.Resource {
			order = append(order, e.Resource)
		}
	}
	if got := fmt.Sprint(order); got != "[vendors items vendors items vendors items]" {
		t.Errorf("worked on in the order %s", got)
	}
	if single := p.items(out.Operation)[0]; p.sim.Effects()[0].Mark != single.Mark {
		t.Error("the single write did not come first")
	}
	p.once(first)
	p.once(second)
}

// A batch that comes again with its key is the first one; another under the same key is refused, and neither leaves anything.
func TestBatchKey(t *testing.T) {
	p := newPlant(t)
	keyed := func(hash string) func(*write.BatchRequest) {
		return func(r *write.BatchRequest) {
			r.Key = "k"
			r.Hash = func() []byte { h := sha256.Sum256([]byte(hash)); return h[:] }
		}
	}
	o := p.batch("vendors", vendors(0, 2500), keyed("a"))
	again, replayed, err := p.ask("vendors", vendors(0, 2500), keyed("a"))
	if p.must(err); !replayed || again.ID != o.ID {
		t.Errorf("the same again: %s, replayed %v; want %s", again.ID, replayed, o.ID)
	}
	if _, _, err = p.ask("vendors", vendors(0, 3), keyed("b")); code(err) != problem.IdempotencyKeyReused {
		t.Errorf("another batch under the key: %v", err)
	}
	if ops, err := p.store.Operations(t.Context(), p.conn.Scope(), store.OperationFilter{Limit: 10}); err != nil || len(ops) != 1 {
		t.Errorf("%d operations, %v; want one", len(ops), err)
	}
}

// Of many that come at once with one key, one is taken in, and the others are told which.
func TestBatchKeyAtOnce(t *testing.T) {
	p := newPlant(t)
	ids := make(chan string, 8)
	var asking sync.WaitGroup
	for range cap(ids) {
		asking.Go(func() {
			o, _, err := p.ask("vendors", vendors(0, 10), func(r *write.BatchRequest) { r.Key, r.Hash = "k", func() []byte { return []byte("same") } })
			if err != nil {
				t.Error(err)
				return
			}
			ids <- o.ID
		})
	}
	asking.Wait()
	close(ids)
	told := map[string]bool{}
	for id := range ids {
		told[id] = true
	}
	if ops, err := p.store.Operations(t.Context(), p.conn.Scope(), store.OperationFilter{Limit: 10}); err != nil || len(ops) != 1 || len(told) != 1 {
		t.Errorf("%d operations, %d told, %v; want one", len(ops), len(told), err)
	}
}

// What cannot be a batch leaves nothing: no items, too many, a sequence that breaks off, an entity that is not written.
func TestNoBatch(t *testing.T) {
	broken := errors.New("the client went away")
	for name, test := range map[string]struct {
		entity string
		items  []write.BatchItem
		broken error
		want   problem.Code
	}{
		"no items":      {"vendors", nil, nil, problem.ValidationFailed},
		"broken off":    {"vendors", vendors(0, 2500), broken, ""},
		"not written":   {"currencies", vendors(0, 1), nil, problem.NotSupportedBySystem},
		"not synced":    {"goods-receipts", vendors(0, 1), nil, problem.EntityNotEnabled},
		"not an entity": {"cabbages", vendors(0, 1), nil, problem.NotSupportedBySystem},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			_, _, err := p.service.Batch(t.Context(), write.BatchRequest{Connection: p.conn, Entity: test.entity, ChunkSize: 50}, sequence(test.items, test.broken))
			if err == nil || code(err) != test.want || test.broken != nil && !errors.Is(err, test.broken) {
				t.Errorf("%v; want %s", err, test.want)
			}
			p.tick(2 * time.Hour)
			p.work()
			if left := p.rows(); left != 0 {
				t.Errorf("%d rows are left", left)
			}
		})
	}
}

// rows counts what is stored of operations.
func (p *plant) rows() (n int) {
	p.must(p.store.DB().QueryRowContext(p.Context(), `select (select count(*) from operations) + (select count(*) from operation_items)`).Scan(&n))
	return n
}

// What ended long ago goes, but not what waits for a person.
func TestOldOperationsGo(t *testing.T) {
	p := newPlant(t)
	p.finish(p.batch("vendors", vendors(0, 700)))
	p.tick(31 * 24 * time.Hour)
	for range 61 {
		p.must(p.worker.Tick(t.Context()))
	}
	if left := p.rows(); left != 0 {
		t.Errorf("%d rows are left after a month", left)
	}
}

// A person's word ends what nobody can find out: it is held against the system where that can be asked.
func TestResolve(t *testing.T) {
	setup := func(t *testing.T, fault erp.Fault) (*plant, *store.Operation) {
		p := newPlant(t)
		item := p.items(p.finish(p.batch("items", []write.BatchItem{create(`{"name":"bolt"}`)})))[0]
		p.spoil(onWrite(1, fault))
		o := p.finish(p.batch("purchase-requisitions", []write.BatchItem{create(`{"lines":[{"item":{"remote_id":%q},"quantity":{"value":"2"}}]}`, item.RemoteID)}))
		p.ends(o, store.OperationCompleted, store.ItemCounts{NeedsHuman: 1})
		return p, o
	}
	t.Run("it happened", func(t *testing.T) {
		p, o := setup(t, erp.Fault{Drop: true, Execute: true})
		made := p.sim.Effects()[len(p.sim.Effects())-1]
		for name, id := range map[string]string{"no record named": "", "no such record": "nonsense"} {
			if _, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: id}); code(err) != problem.ValidationFailed {
				t.Errorf("%s: %v", name, err)
			}
		}
		it, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: made.ID, By: "ann"})
		if p.must(err); it.Status != store.ItemApplied || it.RemoteID != made.ID || it.Version == "" {
			t.Errorf("resolved, the item is %+v", it)
		}
		p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 1})
		if _, err := p.store.Get(t.Context(), p.conn.Scope(), "purchase-requisitions", it.Record, false); err != nil {
			t.Errorf("its record is not stored: %v", err)
		}
		if _, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{}); code(err) != problem.Conflict {
			t.Errorf("resolved twice: %v", err)
		}
		if _, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 1, write.Decision{}); code(err) != problem.NotFound {
			t.Errorf("an item that does not exist: %v", err)
		}
	})
	t.Run("it happened, and the system is away", func(t *testing.T) {
		p, o := setup(t, erp.Fault{Drop: true, Execute: true})
		made := p.sim.Effects()[len(p.sim.Effects())-1]
		p.spoil(func(*http.Request) *erp.Fault { return &erp.Fault{Unread: true} })
		it, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: made.ID, By: "ann"})
		if p.must(err); it.Status != store.ItemApplied || it.RemoteID != made.ID {
			t.Errorf("resolved, the item is %+v", it)
		}
	})
	t.Run("it did not happen", func(t *testing.T) {
		p, o := setup(t, erp.Fault{Drop: true})
		before, woken := len(p.sim.Effects()), p.woken
		it, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{By: "ann"})
		if p.must(err); it.Status != store.ItemPending || p.woken == woken {
			t.Errorf("resolved, the item is %s; woken %v", it.Status, p.woken > woken)
		}
		p.ends(p.finish(o), store.OperationCompleted, store.ItemCounts{Applied: 1})
		if done := len(p.sim.Effects()) - before; done != 1 {
			t.Errorf("%d effects, want 1", done)
		}
		lines, err := p.store.Attempts(t.Context(), o, 0)
		p.must(err)
		if !slices.ContainsFunc(lines, func(a store.Attempt) bool { return a.Kind == store.AttemptDecision }) {
			t.Errorf("the decision is not in the ledger: %+v", lines)
		}
	})
}

// Ten thousand items are taken in quickly; how quickly is told, not judged.
func TestLargeBatchIsTakenIn(t *testing.T) {
	p := newPlant(t)
	items := vendors(0, 10_000)
	began := time.Now()
	o := p.batch("vendors", items)
	t.Logf("10,000 items taken in within %v", time.Since(began))
	if o.Total != 10_000 || o.Counts.Pending != 10_000 {
		t.Errorf("%+v", o.Counts)
	}
}

// A change or a deletion is not decided by another record than the one that it was for.
func TestResolveByAnotherRecord(t *testing.T) {
	p := newPlant(t, noBulk, func(text string) string {
		return strings.ReplaceAll(text, "        reconcile: [{class: W2, settle: 5s}]\n", "")
	})
	made := p.items(p.finish(p.batch("vendors", vendors(0, 2))))
	own, other := made[0], made[1]
	for _, item := range []write.BatchItem{{Op: manifest.Update, Data: []byte(`{"name":"n"}`)}, {Op: manifest.Delete}} {
		item.ID = own.Record.String()
		p.spoil(onWrite(1, erp.Fault{Drop: true, Execute: true}))
		o := p.finish(p.batch("vendors", []write.BatchItem{item}))
		p.ends(o, store.OperationCompleted, store.ItemCounts{NeedsHuman: 1})
		for _, id := range []string{other.RemoteID, "nonsense"} {
			if _, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: id}); code(err) != problem.ValidationFailed {
				t.Errorf("the %s of %s is decided by %s: %v", item.Op, own.RemoteID, id, err)
			}
		}
		it, err := p.service.Resolve(acting(t.Context()), p.conn, o.ID, 0, write.Decision{Happened: true, RemoteID: own.RemoteID})
		if p.must(err); it.Status != store.ItemApplied || it.Record != own.Record {
			t.Errorf("resolved, the %s is %s, of record %s", item.Op, it.Status, it.Record)
		}
	}
}
