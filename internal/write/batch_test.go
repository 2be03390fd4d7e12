package write_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// bothWays runs a test against a system with calls for many, and against one without.
func bothWays(t *testing.T, test func(t *testing.T, p *plant)) {
	t.Helper()
	t.Parallel()
	t.Run("by calls for many", func(t *testing.T) { test(t, newPlant(t)) })
	t.Run("one by one", func(t *testing.T) { test(t, newPlant(t, noBulk)) })
}

// The good items of a batch are done, the bad ones rejected with their error, and all of them are accounted for.
func TestBestEffort(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		items := vendors(0, 20)
		items[3] = create(`{"tax_number":"1"}`)
		items[7] = create(`{"name":"x","colour":"red"}`)
		items[11] = write.BatchItem{Op: manifest.Update, ID: "no id", Data: []byte(`{"name":"y"}`)}
		items[12] = write.BatchItem{Op: manifest.Delete, ID: uuid.NewString()}
		items[15] = write.BatchItem{Op: manifest.Create, Fault: problem.New(problem.ValidationFailed, "It is no object.")}
		items[0].ClientRef = "mine"
		o := p.batch("vendors", items)
		if o.State != store.OperationQueued || o.Total != 20 || p.woken != 1 {
			t.Errorf("the batch is %s with %d items, and its connection was woken %d times", o.State, o.Total, p.woken)
		}
		o = p.finish(o)
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 15, Rejected: 5})
		p.once(o)
		for _, it := range p.items(o) {
			bad := slices.Contains([]int64{3, 7, 11, 12, 15}, it.N)
			if bad != (it.Status == store.ItemRejected) || bad != (problem.FromDocument(it.Error).Code != problem.Internal) {
				t.Errorf("item %d is %s: %s", it.N, it.Status, it.Error)
			}
			if !bad && (it.Version == "" || it.RemoteID == "" || it.Record == uuid.Nil) {
				t.Errorf("item %d was applied, and its record is not told: %+v", it.N, it)
			}
		}
		if first := p.items(o)[0]; first.ClientRef != "mine" {
			t.Errorf("the caller's reference is %q", first.ClientRef)
		}
		stored, _, err := p.store.Page(t.Context(), p.conn.Scope(), "vendors", store.Range{Limit: 100})
		p.must(err)
		if len(stored) != 15 {
			t.Errorf("%d records are stored, want those 15 that were made", len(stored))
		}
	})
}

// Chunks go out with their delay between them, and never more at once, however often somebody looks.
func TestChunksWithDelay(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		o := p.batch("vendors", vendors(0, 12), func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 5, 10*time.Second })
		for _, want := range []int64{5, 10} {
			p.work()
			p.tick(9 * time.Second)
			p.work()
			if o = p.operation(o); o.Counts.Applied != want || o.DueAt.Sub(p.clock()) != time.Second {
				t.Fatalf("%d items are applied and the next are due in %v; want %d, 1s", o.Counts.Applied, o.DueAt.Sub(p.clock()), want)
			}
			p.tick(time.Second)
		}
		p.work()
		p.ends(p.operation(o), store.OperationCompleted, store.ItemCounts{Applied: 12})
		p.once(o)
	})
}

// What was not sent is cancelled, also while the connection rests, and what was sent stays.
func TestCancelInTheMiddle(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		o := p.batch("vendors", vendors(0, 1200), func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 5, time.Hour })
		p.work()
		p.state(store.ConnectionPaused)
		_, err := p.service.Cancel(acting(t.Context()), p.conn, o.ID)
		p.must(err)
		p.work()
		o = p.operation(o)
		p.ends(o, store.OperationCancelled, store.ItemCounts{Applied: 5, Cancelled: 1195})
		p.once(o)
		if code := problem.FromDocument(p.items(o)[1199].Error).Code; code != problem.OperationCancelled {
			t.Errorf("a cancelled item says %s", code)
		}
		again, err := p.service.Cancel(acting(t.Context()), p.conn, o.ID)
		if p.must(err); again.State != store.OperationCancelled {
			t.Errorf("cancelled twice, the operation is %s", again.State)
		}
		if _, err := p.service.Cancel(acting(t.Context()), p.conn, uuid.NewString()); code(err) != problem.NotFound {
			t.Errorf("an operation that does not exist: %v", err)
		}
	})
}

func code(err error) problem.Code {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// A cancel that comes while a chunk is under way lets that end.
func TestCancelWhileSending(t *testing.T) {
	p := newPlant(t, noBulk)
	o := p.batch("vendors", vendors(0, 30), func(r *write.BatchRequest) { r.ChunkSize = 10 })
	p.spoil(onWrite(13, erp.Fault{Before: func() {
		if _, err := p.service.Cancel(acting(t.Context()), p.conn, o.ID); err != nil {
			t.Error(err)
		}
	}}))
	p.work()
	p.ends(p.operation(o), store.OperationCancelled, store.ItemCounts{Applied: 20, Cancelled: 10})
	p.once(o)
}

// A batch that stops at the first error sends in order, and nothing behind it.
func TestStopOnError(t *testing.T) {
	for name, test := range map[string]struct {
		bad  write.BatchItem
		want store.ItemCounts
	}{
		"a faulty item":        {create(`{"tax_number":"1"}`), store.ItemCounts{Applied: 6, Rejected: 1, Cancelled: 13}},
		"no item at all":       {write.BatchItem{Op: manifest.Create, Fault: problem.New(problem.ValidationFailed, "It is no object.")}, store.ItemCounts{Applied: 6, Rejected: 1, Cancelled: 13}},
		"refused by a system":  {create(`{"name":"b","code":"taken"}`), store.ItemCounts{Applied: 6, Rejected: 1, Cancelled: 13}},
		"there is no bad item": {create(`{"name":"b"}`), store.ItemCounts{Applied: 20}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			taken := p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"taken"}`)}))
			p.ends(taken, store.OperationCompleted, store.ItemCounts{Applied: 1})
			items := vendors(0, 20)
			items[6] = test.bad
			o := p.finish(p.batch("vendors", items, func(r *write.BatchRequest) { r.OnError, r.ChunkSize = store.OnErrorEnd, 4 }))
			p.ends(o, store.OperationCompleted, test.want)
			for _, it := range p.items(o) {
				if it.N < 6 && it.Status != store.ItemApplied {
					t.Errorf("item %d comes before the bad one and is %s", it.N, it.Status)
				}
			}
		})
	}
}

// Items of one batch for one record are done one after the other, in their order.
func TestDuplicatesKeepTheirOrder(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		made := p.items(p.finish(p.batch("vendors", vendors(0, 3))))
		var items []write.BatchItem
		for i := range 30 {
			items = append(items, write.BatchItem{Op: manifest.Update, ID: made[i%3].Record.String(), Data: fmt.Appendf(nil, `{"tax_number":"%d"}`, i)})
		}
		o := p.finish(p.batch("vendors", items, func(r *write.BatchRequest) { r.ChunkSize = 12 }))
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 30})
		last := map[string]string{}
		for _, e := range p.sim.Effects() {
			if tax := strings.Split(string(e.Record), `"taxId":`); e.Op == "update" && len(tax) > 1 {
				now := strings.Trim(strings.SplitN(tax[1], ",", 2)[0], `"}`)
				if before, ok := last[e.ID]; ok && len(now) <= len(before) && now <= before {
					t.Errorf("vendor %s got %s after %s", e.ID, now, before)
				}
				last[e.ID] = now
			}
		}
		if len(last) != 3 {
			t.Errorf("%d vendors were changed, want 3: %v", len(last), last)
		}
	})
}

// A batch waits for a record that another write has not left, and does the rest meanwhile.
func TestBusyRecordWaits(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		made := p.items(p.finish(p.batch("vendors", vendors(0, 2))))
		p.spoil(onWrite(1, erp.Fault{Drop: true, Commit: time.Hour}))
		first := p.batch("vendors", []write.BatchItem{{Op: manifest.Update, ID: made[0].Record.String(), Data: []byte(`{"tax_number":"1"}`)}})
		p.work()
		second := p.batch("vendors", []write.BatchItem{
			{Op: manifest.Update, ID: made[0].Record.String(), Data: []byte(`{"tax_number":"2"}`)},
			{Op: manifest.Update, ID: made[1].Record.String(), Data: []byte(`{"tax_number":"2"}`)},
			{Op: manifest.Update, ID: made[0].Record.String(), Data: []byte(`{"tax_number":"3"}`)},
		})
		p.work()
		if c := p.operation(second).Counts; c.Applied != 1 || c.Pending != 2 {
			t.Errorf("while a record is written elsewhere: %+v; want the other one applied, and two that wait", c)
		}
		p.ends(p.finish(first), store.OperationCompleted, store.ItemCounts{Applied: 1})
		p.ends(p.finish(second), store.OperationCompleted, store.ItemCounts{Applied: 3})
		got, err := p.store.RecordForWrite(t.Context(), p.conn.Scope(), "vendors", made[0].Record)
		p.must(err)
		if !strings.Contains(got.JSON, `"tax_number":"3"`) {
			t.Errorf("the last of three writes did not come last: %s", got.JSON)
		}
	})
}

// An item that waits for its record is not overtaken by a later one for the same record, although that is free by then.
func TestNoneOvertakesWhoWaits(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		made := p.items(p.finish(p.batch("vendors", vendors(0, 2))))
		update := func(i, tax int) write.BatchItem {
			return write.BatchItem{Op: manifest.Update, ID: made[i].Record.String(), Data: fmt.Appendf(nil, `{"tax_number":"%d"}`, tax)}
		}
		p.spoil(onWrite(1, erp.Fault{Drop: true, Execute: true}))
		first := p.batch("vendors", []write.BatchItem{update(0, 1)})
		p.work()
		second := p.batch("vendors", []write.BatchItem{update(0, 2), update(1, 2), update(0, 3), update(1, 3), update(0, 4)}, func(r *write.BatchRequest) { r.ChunkSize, r.ChunkDelay = 3, time.Second })
		p.work()
		if due := p.operation(second).DueAt; due.Sub(p.clock()) != time.Second {
			t.Errorf("the next chunk is due in %v, want 1s", due.Sub(p.clock()))
		}
		p.tick(time.Second)
		p.work()
		its := p.items(second)
		if free := p.operation(first).State; free != store.OperationCompleted || its[3].Status != store.ItemApplied || its[0].Status != store.ItemPending || its[2].Status != store.ItemPending {
			t.Fatalf("the first write is %s; the items behind it are %s, %s, %s", free, its[0].Status, its[2].Status, its[3].Status)
		}
		if due := p.operation(second).DueAt; !due.After(p.clock()) {
			t.Errorf("with nothing to do it is due in %v", due.Sub(p.clock()))
		}
		p.ends(p.finish(second), store.OperationCompleted, store.ItemCounts{Applied: 5})
		got, err := p.store.RecordForWrite(t.Context(), p.conn.Scope(), "vendors", made[0].Record)
		p.must(err)
		if !strings.Contains(got.JSON, `"tax_number":"4"`) {
			t.Errorf("the last write did not come last: %s", got.JSON)
		}
	})
}

// A batch of all or none sends nothing while one of its items has a fault, and all of them in one call when none has.
func TestAllOrNone(t *testing.T) {
	whole := func(r *write.BatchRequest) { r.Mode = store.AllOrNone }
	t.Run("all", func(t *testing.T) {
		p := newPlant(t)
		calls := 0
		p.spoil(func(r *http.Request) *erp.Fault {
			if r.Method != http.MethodGet {
				calls++
			}
			return nil
		})
		o := p.finish(p.batch("vendors", vendors(0, 100), whole))
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 100})
		p.once(o)
		if calls != 1 {
			t.Errorf("%d calls, want one", calls)
		}
	})
	t.Run("none, by a fault", func(t *testing.T) {
		p := newPlant(t)
		items := vendors(0, 10)
		items[4], items[8] = create(`{}`), create(`{"name":"x","colour":"red"}`)
		o := p.finish(p.batch("vendors", items, whole))
		p.ends(o, store.OperationCompleted, store.ItemCounts{Rejected: 2, Cancelled: 8})
		p.once(o)
	})
	t.Run("none, as the system says", func(t *testing.T) {
		p := newPlant(t)
		p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"taken"}`)}))
		items := vendors(0, 10)
		items[4] = create(`{"name":"b","code":"taken"}`)
		o := p.finish(p.batch("vendors", items, whole))
		if o.State != store.OperationCompleted || o.Counts.Applied+o.Counts.Open() > 0 || o.Counts.Rejected == 0 {
			t.Errorf("the operation is %s, %+v", o.State, o.Counts)
		}
		p.once(o)
	})
	t.Run("the answer is lost", func(t *testing.T) {
		for name, fault := range map[string]erp.Fault{"after its effect": {Drop: true, Execute: true}, "before its effect": {Drop: true}, "before a late effect": {Drop: true, Commit: 3 * time.Second}} {
			t.Run(name, func(t *testing.T) {
				p := newPlant(t)
				spoilt, calls := onWrite(1, fault), 0
				p.spoil(func(r *http.Request) *erp.Fault {
					if r.Method != http.MethodGet {
						calls++
					}
					return spoilt(r)
				})
				o := p.finish(p.batch("vendors", vendors(0, 10), whole))
				p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 10})
				p.once(o)
				if calls > 2 {
					t.Errorf("%d calls: what had no effect was not sent again as a whole", calls)
				}
			})
		}
	})
}

// What was sent as a whole under keys of the system's own, and is not known to have had its effect, is sent again as a whole: one by one, some would be done and others refused.
func TestAllOrNoneUnderKeys(t *testing.T) {
	whole := func(r *write.BatchRequest) { r.Mode = store.AllOrNone }
	for name, fault := range map[string]erp.Fault{"after its effect": {Drop: true, Execute: true}, "before its effect": {Drop: true}} {
		t.Run("its answer lost "+name, func(t *testing.T) {
			p := newPlant(t)
			spoilt, calls := onWrite(1, fault), 0
			p.spoil(func(r *http.Request) *erp.Fault {
				if r.Method != http.MethodGet {
					calls++
				}
				return spoilt(r)
			})
			o := p.finish(p.batch("items", items(0, 10), whole))
			p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 10})
			p.once(o)
			if calls != 2 {
				t.Errorf("%d calls, want the one whose answer was lost and one more", calls)
			}
		})
	}
}

// Two items that ask for the same record under one key of the caller's own: one makes it, and the other is not taken for its maker, also when no answer came.
func TestEqualItemsMakeOneRecord(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		p.spoil(onWrite(1, erp.Fault{Drop: true, Execute: true}))
		o := p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"own"}`), create(`{"name":"a","code":"own"}`)}))
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 1, Rejected: 1})
		made := slices.DeleteFunc(p.sim.Effects(), func(e erp.Effect) bool { return e.Op != "create" || e.Mark != "own" })
		if len(made) != 1 {
			t.Errorf("%d records were made", len(made))
		}
	})
}

// A record that a colleague made in the system before, and that no sync has brought yet, is not taken for the effect of a write whose answer is lost, however much it looks like it.
func TestRecordOfAColleague(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.sim.URL()+"/api/v1/vendors", strings.NewReader(`{"name":"a","vendorNumber":"own"}`))
		p.must(err)
		req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
		resp, err := http.DefaultClient.Do(req)
		p.must(err)
		p.must(resp.Body.Close())
		p.tick(time.Hour)
		p.spoil(onWrite(1, erp.Fault{Drop: true}))
		o := p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"own"}`)}))
		p.ends(o, store.OperationCompleted, store.ItemCounts{NeedsHuman: 1})
		if its := p.items(o); its[0].Status != store.ItemNeedsHuman || !strings.Contains(string(its[0].Error), `"candidates"`) {
			t.Errorf("the item under the colleague's number is %s: %s", its[0].Status, its[0].Error)
		}
	})
}

// The same with many at once, of which it is found out side by side what became of them: the one that is refused names no record.
func TestEqualItemsFoundSideBySide(t *testing.T) {
	p := newPlant(t, noBulk)
	p.spoil(func(r *http.Request) *erp.Fault {
		if r.Method == http.MethodGet {
			return nil
		}
		return &erp.Fault{Execute: true, Drop: true}
	})
	var all []write.BatchItem
	for n := range 60 {
		all = append(all, create(`{"name":"a","code":"own-%d"}`, n/3))
	}
	o := p.batch("vendors", all)
	p.work()
	p.spoil(nil)
	o = p.finish(o)
	p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 20, Rejected: 40})
	for _, it := range p.items(o) {
		if (it.Status == store.ItemApplied) != (it.RemoteID != "") || (it.RemoteID != "") != (it.Record != uuid.Nil) {
			t.Errorf("item %d is %s with the record %q, %s: %s", it.N, it.Status, it.RemoteID, it.Record, it.Error)
		}
	}
}

// The same, with the other write's answer still on its way while it is looked for what became of the first: the record is that of the one who is told so by the system.
func TestEqualWritesSideBySide(t *testing.T) {
	p := newPlant(t)
	first := p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"own"}`)})
	lost, slow := onWrite(1, erp.Fault{Drop: true}), onWrite(2, erp.Fault{Rewrite: func(body []byte) []byte {
		for range 20 {
			p.tick(time.Second)
			p.work()
		}
		return body
	}})
	p.spoil(func(r *http.Request) *erp.Fault { return cmp.Or(lost(r), slow(r)) })
	p.work()
	out, err := p.service.Write(t.Context(), write.Request{Connection: p.conn, Entity: "vendors", Op: manifest.Create, Data: []byte(`{"name":"a","code":"own"}`), Caller: "key", Wait: 5 * time.Second})
	p.must(err)
	first = p.finish(first)
	p.ends(first, store.OperationCompleted, store.ItemCounts{Rejected: 1})
	if out.Item.Status != store.ItemApplied {
		t.Errorf("the one that made the record is %s: %s", out.Item.Status, out.Item.Error)
	}
}

// What cannot be all or none is refused at once, with the rule that says so.
func TestAllOrNoneIsRefused(t *testing.T) {
	t.Parallel()
	mixed := append(vendors(0, 1), write.BatchItem{Op: manifest.Delete, ID: uuid.NewString()})
	for name, test := range map[string]struct {
		entity, rule string
		items        []write.BatchItem
		edits        []edit
	}{
		"too many": {"vendors", "vendors.create.bulk.max", vendors(0, 101), nil},
		"mixed":    {"vendors", "vendors.bulk", mixed, nil},
		"no call":  {"purchase-requisitions", "purchase-requisitions.create.bulk.atomic", []write.BatchItem{create(`{}`)}, nil},
		"not atomic": {"vendors", "vendors.create.bulk.atomic", vendors(0, 1),
			[]edit{func(m string) string { return strings.ReplaceAll(m, "atomic: true, ", "") }}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t, test.edits...)
			_, _, err := p.ask(test.entity, test.items, func(r *write.BatchRequest) { r.Mode = store.AllOrNone })
			var refused *problem.Error
			if !errors.As(err, &refused) || refused.Code != problem.NotSupportedBySystem || len(refused.Items) != 1 || refused.Items[0].Rule != test.rule {
				t.Errorf("%v, want it refused by %s", err, test.rule)
			}
			p.work()
			if n := len(p.sim.Effects()); n > 0 {
				t.Errorf("%d effects of a batch that was refused", n)
			}
		})
	}
}

// Retrying sends what failed again, and nothing else.
func TestRetryFailed(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		taken := p.finish(p.batch("vendors", []write.BatchItem{create(`{"name":"a","code":"taken"}`)}))
		items := vendors(0, 10)
		items[4] = create(`{"name":"b","code":"taken"}`)
		o := p.finish(p.batch("vendors", items))
		p.ends(o, store.OperationCompleted, store.ItemCounts{Applied: 9, Rejected: 1})
		p.finish(p.batch("vendors", []write.BatchItem{{Op: manifest.Delete, ID: p.items(taken)[0].Record.String()}}))
		woken, before := p.woken, len(p.sim.Effects())
		retried, err := p.service.Retry(acting(t.Context()), p.conn, o.ID)
		if p.must(err); retried.State != store.OperationQueued || retried.Counts.Pending != 1 || p.woken != woken+1 {
			t.Errorf("retried, the operation is %s: %+v, woken %d times", retried.State, retried.Counts, p.woken-woken)
		}
		p.ends(p.finish(o), store.OperationCompleted, store.ItemCounts{Applied: 10})
		if done := len(p.sim.Effects()) - before; done != 1 {
			t.Errorf("%d effects of a retry, want 1", done)
		}
		if again, err := p.service.Retry(acting(t.Context()), p.conn, o.ID); err != nil || again.State != store.OperationCompleted {
			t.Errorf("a retry with nothing to do: %+v, %v", again, err)
		}
	})
}

// What could not be read as a write is not sent by a retry, whatever was left of it, and does not keep the batch from ending.
func TestRetryOfWhatWasNoWrite(t *testing.T) {
	bothWays(t, func(t *testing.T, p *plant) {
		fault := problem.New(problem.ValidationFailed, "It is no write.")
		items := vendors(0, 3)
		for _, op := range []manifest.Op{"", "frobnicate", manifest.Create, manifest.Update, manifest.Delete} {
			items = append(items, write.BatchItem{Op: op, Data: []byte(`{"name":"meant otherwise"}`), Fault: fault})
		}
		items = append(items, write.BatchItem{Op: manifest.Delete, ID: "no id"})
		o := p.finish(p.batch("vendors", items))
		want := store.ItemCounts{Applied: 3, Rejected: 6}
		p.ends(o, store.OperationCompleted, want)
		_, err := p.service.Retry(acting(t.Context()), p.conn, o.ID)
		p.must(err)
		o = p.finish(o)
		p.ends(o, store.OperationCompleted, want)
		p.once(o)
		if n := len(p.sim.Effects()); n != 3 {
			t.Errorf("%d effects, want those of the 3 writes", n)
		}
		if detail := problem.FromDocument(p.items(o)[3].Error).Detail; detail != fault.Detail {
			t.Errorf("the error of what was no write is now %q", detail)
		}
	})
}
