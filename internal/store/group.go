package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// most is how many writers may share one transaction.
const most = 32

// group lets writers that wait for the one writing connection share its next transaction, and so one wait for the disk. When anything goes wrong in
// it, nothing of it is stored and each does its part again by itself, so that nobody meets another's error.
type group struct {
	mu      sync.Mutex
	waiting []*member
	led     bool // somebody is writing
}

type member struct {
	ctx  context.Context
	fn   func(tx *Tx) error
	turn chan bool // true: its part is stored; false: it leads the next transaction, or does its part alone
	lead bool
}

// write runs fn in a transaction of its own or in a shared one; it returns when that is over.
func (g *group) write(ctx context.Context, s *Store, fn func(tx *Tx) error) error {
	m := &member{ctx: ctx, fn: fn, turn: make(chan bool, 1)}
	if !g.join(m) {
		if stored := <-m.turn; stored {
			return nil
		}
		if !m.lead {
			return s.transact(ctx, fn)
		}
	}
	defer g.pass()
	others := g.take()
	if len(others) > 0 && s.transactAll(append([]*member{m}, others...)) == nil {
		for _, o := range others {
			o.turn <- true
		}
		return nil
	}
	for _, o := range others {
		o.turn <- false
	}
	return s.transact(ctx, fn)
}

// join says whether m leads at once; if not, it waits.
func (g *group) join(m *member) (leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.led {
		g.led = true
		return true
	}
	g.waiting = append(g.waiting, m)
	return false
}

// take gives those who wait, as many as may share a transaction with the leader.
func (g *group) take() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), most-1)
	others := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return others
}

// pass lets the next who waits lead.
func (g *group) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.led = false
		return
	}
	next := g.waiting[0]
	g.waiting = g.waiting[1:]
	next.lead = true
	next.turn <- false
}

// errShared says that a shared transaction was given up.
var errShared = errors.New("a shared transaction was given up")

// transactAll runs all parts in one transaction.
func (s *Store) transactAll(members []*member) error {
	return s.transact(context.Background(), func(tx *Tx) error {
		for _, m := range members {
			if err := m.part(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// part runs one part. A panic is met again where its writer does it alone.
func (m *member) part(tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errShared, p, debug.Stack())
		}
	}()
	if err := m.ctx.Err(); err != nil {
		return err
	}
	return m.fn(tx)
}
