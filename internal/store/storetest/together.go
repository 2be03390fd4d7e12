package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// Together runs what holds when several processes use one database at the same time. open opens a store on the test's database, which is empty at
// first.
func Together(t *testing.T, database func(t *testing.T) (open func() *store.Store)) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, w *pair)
	}{
		{"a reader who follows the feed of two writers misses nothing", feedIsComplete},
		{"pages, ends of runs and states of connections wait for each other in one order", nobodyWaitsInACircle},
		{"of many who want a run one gets it", oneGetsTheRun},
		{"of many who see a stream due one claims it", oneClaimsTheStream},
		{"the first project and a stream are made once", madeOnce},
		{"two who delete a connection's data delete all of it", deletedTogether},
		{"what only one may do is done by one", doneAlone},
		{"of many who want an operation one gets it", oneGetsTheOperation},
		{"of many who claim an idempotency key one gets it", oneClaimsTheKey},
		{"who holds an operation too long moves nothing of it", lateHolder},
		{"of two who write a record at once one does", oneWritesTheRecord},
		{"results of writes, syncs and states of connections wait for each other in one order", writesWaitInOneOrder},
		{"of many who want to renew a login one does", func(t *testing.T, w *pair) { oneRenews(t, w.world, []*store.Store{w.Store, w.other}) }},
		{"two who note acts at once keep one chain", oneChain},
		{"what two purge at once is gone, and what somebody wants again is there", purgedTogether},
		{"what one stores is told to who follows by the other", toldToOthers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			open := database(t)
			tt.run(t, &pair{&world{t: t, Store: open(), now: start}, open()})
		})
	}
}

// pair is two processes on one database.
type pair struct {
	*world
	other *store.Store
}

// both runs fn for each store at once, and gives the errors.
func (p *pair) both(fn func(s *store.Store, i int) error) (errs [2]error) {
	var group sync.WaitGroup
	for i, s := range []*store.Store{p.Store, p.other} {
		group.Go(func() { errs[i] = fn(s, i) })
	}
	group.Wait()
	return errs
}

func (p *pair) bothOK(fn func(s *store.Store, i int) error) {
	p.t.Helper()
	errs := p.both(fn)
	p.ok(errors.Join(errs[:]...))
}

func feedIsComplete(t *testing.T, p *pair) {
	const pages, size = 30, 7
	c := p.connect()
	run := p.begin(c, orders, store.Full)
	var writing atomic.Bool
	writing.Store(true)
	read := make(chan []int64)
	go func() {
		var seqs []int64
		for more := true; more || writing.Load(); {
			after := int64(0)
			if len(seqs) > 0 {
				after = seqs[len(seqs)-1]
			}
			last := !writing.Load()
			entries, _, err := p.other.Feed(t.Context(), c.Scope(), orders, store.Range{After: after, Limit: 20})
			if err != nil {
				t.Error(err)
				break
			}
			for _, e := range entries {
				seqs = append(seqs, e.Seq)
			}
			more = len(entries) > 0 || !last
		}
		read <- seqs
	}()
	p.bothOK(func(s *store.Store, i int) error {
		mine := *run
		for n := range pages {
			page := store.PageResult{Fetched: size, Expected: -1} // parts of pages: whole ones are counted by one holder of the run
			for j := range size {
				id := fmt.Sprintf("%d-%d-%d", i, n, j)
				page.Changes = append(page.Changes, store.Change{ID: idOf(c, orders, id), RemoteID: id, Raw: []byte(`{}`), Fields: []byte(`{}`)})
			}
			if err := s.ApplyPage(t.Context(), &mine, page, p.now); err != nil {
				return err
			}
		}
		return nil
	})
	writing.Store(false)
	want := make([]int64, 2*pages*size)
	for i := range want {
		want[i] = int64(i + 1)
	}
	p.equal("seqs, in the order in which they were read", <-read, want)
	p.equal("counts", must[*store.Run](p.world)(p.Run(t.Context(), c.Scope(), run.ID)).Counts, store.Counts{Fetched: 2 * pages * size, Created: 2 * pages * size})
}

func nobodyWaitsInACircle(t *testing.T, p *pair) {
	const rounds = 40
	c := p.connect()
	ctx := t.Context()
	p.bothOK(func(s *store.Store, i int) error {
		if i == 0 {
			return syncOften(ctx, s, c, p.now, rounds)
		}
		for n := range rounds {
			state := []store.ConnectionState{store.ConnectionPaused, store.ConnectionActive}[n%2]
			err := s.Write(ctx, func(tx *store.Tx) error {
				if err := tx.SetConnectionState(ctx, c.Scope(), state, "", "", p.now); err != nil {
					return err
				}
				_, _, err := tx.RequestRun(ctx, c.Scope(), vendors, store.Full, store.TriggerManual, fmt.Sprintf("019f1111-0000-7000-8000-%012d", n), p.now)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// syncOften runs short syncs of one stream.
func syncOften(ctx context.Context, s *store.Store, c *store.Connection, now time.Time, rounds int) error {
	for n := range rounds {
		var run *store.Run
		err := s.Write(ctx, func(tx *store.Tx) (err error) {
			run, _, err = tx.RequestRun(ctx, c.Scope(), orders, store.Full, store.TriggerManual, fmt.Sprintf("019f2222-0000-7000-8000-%012d", n), now)
			return err
		})
		if err != nil {
			return err
		}
		if run, err = s.AcquireRun(ctx, run, "worker", now.Add(time.Minute), now); err != nil {
			return err
		}
		id := fmt.Sprint(n)
		page := store.PageResult{Pages: 1, Fetched: 1, Expected: -1, Changes: []store.Change{{ID: idOf(c, orders, id), RemoteID: id, Raw: []byte(`{}`), Fields: []byte(`{}`)}}}
		if err := s.ApplyPage(ctx, run, page, now); err != nil {
			return err
		}
		err = s.Write(ctx, func(tx *store.Tx) error { return tx.FinishRun(ctx, run, store.Finish{State: store.RunComplete}, now) })
		if err != nil {
			return err
		}
	}
	return nil
}

func oneGetsTheRun(t *testing.T, p *pair) {
	c := p.connect()
	for range 10 {
		run, _ := p.request(c, orders, store.Full)
		var got [2]*store.Run
		errs := p.both(func(s *store.Store, i int) (err error) {
			got[i], err = s.AcquireRun(t.Context(), run, fmt.Sprint(i), p.now.Add(time.Minute), p.now)
			return err
		})
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		p.ok(errs[winner])
		p.is(errs[1-winner], store.ErrConflict)
		p.complete(got[winner])
	}
}

func oneClaimsTheStream(t *testing.T, p *pair) {
	var mu sync.Mutex
	claims := map[string]int{}
	for range 10 {
		c := p.connect()
		p.write(func(tx *store.Tx) error {
			return tx.UpdateStream(t.Context(), c.Scope(), orders, store.StreamSettings{NextRunAt: &p.now})
		})
	}
	look := func(s *store.Store) (claimed []string, err error) {
		err = s.Write(t.Context(), func(tx *store.Tx) error {
			claimed = nil
			due, err := tx.DueStreams(t.Context(), p.now, 4)
			for i := 0; i < len(due) && err == nil; i++ {
				var mine bool
				if mine, err = tx.ClaimDue(t.Context(), due[i], p.now.Add(time.Hour)); mine {
					claimed = append(claimed, due[i].Scope.ConnectionID())
				}
			}
			return err
		})
		return claimed, err
	}
	for len(claims) < 10 && !t.Failed() {
		p.bothOK(func(s *store.Store, _ int) error {
			claimed, err := look(s)
			mu.Lock()
			defer mu.Unlock()
			for _, id := range claimed {
				claims[id]++
			}
			return err
		})
	}
	for id, n := range claims {
		p.equal("claims of "+id, n, 1)
	}
}

func madeOnce(t *testing.T, p *pair) {
	var created atomic.Int32
	p.bothOK(func(s *store.Store, i int) error {
		_, mine, err := s.EnsureProject(t.Context(), fmt.Sprint("p", i), "Acme", p.now)
		if mine {
			created.Add(1)
		}
		return err
	})
	p.equal("projects made", created.Load(), 1)
	c := p.connect()
	p.bothOK(func(s *store.Store, i int) error {
		return s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "items"}, {Entity: fmt.Sprint("extra", i)}})
		})
	})
	p.equal("streams", len(must[[]store.Stream](p.world)(p.Streams(t.Context(), c.Scope()))), 5)
}

func deletedTogether(t *testing.T, p *pair) {
	c := p.connect()
	p.sync(c, orders, store.Full, recs(40, "a"))
	p.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), p.now) })
	p.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), p.now) })
	p.bothOK(func(s *store.Store, _ int) error {
		for {
			if done, err := s.DeleteDataStep(t.Context(), c.Scope(), 5); err != nil || done {
				return err
			}
		}
	})
	_, err := p.ConnectionForWork(t.Context(), c.ID)
	p.is(err, store.ErrNotFound)
	p.equal("records", len(p.list(c, orders, store.Range{Deleted: true})), 0)
}

func doneAlone(t *testing.T, p *pair) {
	var inside, runs atomic.Int32
	p.bothOK(func(s *store.Store, _ int) error {
		for range 20 {
			err := s.Alone(t.Context(), func(context.Context) error {
				if inside.Add(1) > 1 {
					t.Error("two at once")
				}
				runs.Add(1)
				inside.Add(-1)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	p.equal("runs", runs.Load(), 40)
}
