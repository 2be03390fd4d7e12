package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

func oneGetsTheOperation(t *testing.T, p *pair) {
	c := p.connect()
	for range 10 {
		o := p.queue(c, creates(1))
		var got [2]*store.Operation
		errs := p.both(func(s *store.Store, i int) (err error) {
			got[i], err = s.AcquireOperation(t.Context(), o, fmt.Sprint(i), p.now.Add(time.Minute), p.now)
			return err
		})
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		p.ok(errs[winner])
		p.is(errs[1-winner], store.ErrConflict)
		p.ok(p.MoveItem(t.Context(), got[winner], &store.Item{}, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true}, p.now))
	}
}

func oneClaimsTheKey(_ *testing.T, p *pair) {
	claimAtOnce(p.world, 50, func(i int) *store.Store { return []*store.Store{p.Store, p.other}[i%2] })
}

// A holder that was stopped for a minute moves nothing of what another has taken over.
func lateHolder(t *testing.T, p *pair) {
	c := p.connect()
	for range 10 {
		o := p.work(c, creates(1))
		p.tick(time.Minute)
		now := p.now
		var got *store.Operation
		errs := p.both(func(s *store.Store, i int) (err error) {
			if i == 0 {
				return s.MoveItem(t.Context(), o, &store.Item{}, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true}, now)
			}
			got, err = s.AcquireOperation(t.Context(), o, "other", now.Add(time.Minute), now)
			return err
		})
		p.ok(errs[1])
		if errs[0] != nil {
			p.is(errs[0], store.ErrFenced)
			p.equal("not sent", p.statuses(o), []store.ItemStatus{store.ItemPending})
		} else {
			p.equal("sent before the other took it", fmt.Sprint(p.statuses(o), got.Counts.Unknown), "[unknown] 1")
		}
		p.balanced(o)
		p.is(p.MoveItem(t.Context(), o, &store.Item{}, store.ItemMove{From: allStatuses, To: store.ItemApplied}, now), store.ErrFenced)
	}
}

func oneWritesTheRecord(t *testing.T, p *pair) {
	c := p.connect()
	id := idOf(c, orders, "r1")
	for range 10 {
		held := [2]*store.Operation{p.work(c, []store.Item{update(0, id)}), p.work(c, []store.Item{update(0, id)})}
		errs := p.both(func(s *store.Store, i int) error {
			return s.MoveItem(t.Context(), held[i], &store.Item{}, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true, Lock: true}, p.now)
		})
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		p.ok(errs[winner])
		p.busy(errs[1-winner], held[winner], 0)
		p.move(held[winner], 0, store.ItemMove{To: store.ItemApplied})
	}
}

// Results of writes, syncs of the same stream, states of the connection, operations that begin and cancels take their locks in one order.
func writesWaitInOneOrder(t *testing.T, p *pair) {
	const rounds = 25
	c, ctx := p.connect(), t.Context()
	id := idOf(c, orders, "r1")
	step := store.ItemMove{From: allStatuses, To: store.ItemSending, Lock: true}
	results := func(s *store.Store, o *store.Operation) error {
		for n := range rounds {
			err := s.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.ApplyRecord(ctx, c.Scope(), orders, written(c, oneRec(fmt.Sprint(n%3), o.ID+fmt.Sprint(n))), p.now); err != nil {
					return err
				}
				return tx.MoveItem(ctx, o, &store.Item{}, step, p.now)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	states := func(s *store.Store) error {
		for n := range rounds {
			err := s.Write(ctx, func(tx *store.Tx) error {
				state := []store.ConnectionState{store.ConnectionPaused, store.ConnectionActive}[n%2]
				if err := tx.SetConnectionState(ctx, c.Scope(), state, "", "", p.now); err != nil {
					return err
				}
				o, err := tx.InsertOperation(ctx, c.Scope(), store.NewOperation{ID: uuid.NewString(), Entity: orders, Kind: store.OperationSingle}, p.now)
				if err != nil {
					return err
				}
				return errors.Join(tx.InsertItems(ctx, o, creates(1), p.now), tx.QueueOperation(ctx, o, p.now))
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	one, two := p.work(c, []store.Item{update(0, id)}), p.work(c, []store.Item{update(0, uuid.New())})
	var all sync.WaitGroup
	for _, run := range []func() error{
		func() error { return results(p.Store, one) },
		func() error { return results(p.other, two) },
		func() error { return states(p.Store) },
		func() error { return states(p.other) },
		func() error { return syncOften(ctx, p.other, c, p.now, rounds) },
	} {
		all.Go(func() {
			if err := run(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p.balanced(one)
	p.balanced(two)
}

func purgedTogether(t *testing.T, p *pair) {
	c := p.connect()
	var all []*store.Operation
	for range 5 {
		o := p.work(c, creates(10))
		for n := range int64(10) {
			p.move(o, n, store.ItemMove{To: store.ItemRejected, Attempt: &store.Attempt{Kind: store.AttemptSend}})
		}
		p.release(o)
		all = append(all, o)
	}
	p.tick(time.Hour)
	now := p.now
	var retried atomic.Int64
	var other sync.WaitGroup
	other.Go(func() { // somebody asks for another try of what is being purged: all of it is there, or none
		for _, o := range all {
			mine := *o
			n := 0
			err := p.Write(t.Context(), func(tx *store.Tx) (err error) { n, err = tx.RetryItems(t.Context(), &mine, 0, now); return err })
			if err != nil && !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
			retried.Add(int64(n))
		}
	})
	p.bothOK(func(s *store.Store, _ int) error {
		for {
			if more, err := s.PurgeOperations(t.Context(), now, 7); err != nil || !more {
				return err
			}
		}
	})
	other.Wait()
	left := int64(0)
	for _, o := range must[[]store.Operation](p.world)(p.Operations(t.Context(), c.Scope(), store.OperationFilter{})) {
		p.balanced(&o)
		left += o.Counts.Pending
	}
	p.equal("left", left, retried.Load())
	for _, o := range all {
		if n := len(p.statuses(o)); n != 0 && n != 10 {
			t.Errorf("%d items are left of operation %s", n, o.ID)
		}
	}
}
