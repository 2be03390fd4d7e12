package write

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/store"
)

// lookEvery is how often a turn looks whether somebody waits.
const lookEvery = time.Second

// How many operations a turn looks at to find one that it can take. While a connection rests only those that are to be cancelled are, which may be far behind.
const (
	fewOperations  = 20
	manyOperations = 1000
)

// errMore says that work came in before a turn's end was stored.
var errMore = errors.New("work is left")

// turn is one connection's time with a worker.
type turn struct {
	*Worker
	over context.Context // ends when the turn does: nothing new begins
	end  context.CancelFunc
	work context.Context // ends some time later: what is under way is broken off
	look *time.Ticker
	past int // looks
}

// Work gives a connection one turn: it works on its operations, one after the other, until nothing is left or the turn is over. more says that work is left. To end, it calls done and then looks once more for
// operations, in one transaction: done holds off new requests for a turn until then.
func (w *Worker) Work(ctx context.Context, connectionID string, done func(*store.Tx) error) (more bool, err error) {
	t := &turn{Worker: w, look: time.NewTicker(lookEvery)}
	defer t.look.Stop()
	t.over, t.end = context.WithTimeout(ctx, w.Turn)
	defer t.end()
	var broken context.CancelFunc
	t.work, broken = t.outlast(ctx)
	defer broken()
	for {
		conn, err := w.Store.ConnectionForWork(t.work, connectionID)
		if errors.Is(err, store.ErrNotFound) {
			return false, w.Store.Write(t.work, done)
		}
		if err != nil {
			return false, fmt.Errorf("read connection %s: %w", connectionID, err)
		}
		worked, err := t.workOne(conn)
		if err != nil || t.over.Err() != nil {
			return err == nil, err
		}
		if !worked {
			return t.finish(conn, done)
		}
	}
}

// outlast gives the context of what is under way: it ends LastStep after the turn, or StopStep after the process was told to stop.
func (t *turn) outlast(ctx context.Context) (context.Context, context.CancelFunc) {
	work, broken := context.WithCancel(context.WithoutCancel(ctx))
	after := func(ended context.Context, d time.Duration) (stop func() bool) {
		return context.AfterFunc(ended, func() {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
				broken()
			case <-work.Done():
			}
		})
	}
	last, stopped := after(t.over, t.LastStep), after(ctx, t.StopStep)
	return work, func() { last(); stopped(); broken() }
}

// workOne takes the first operation that can be had and works on it for its share of the turn.
func (t *turn) workOne(conn *store.Connection) (worked bool, err error) {
	rest := t.resting(conn)
	ops, err := t.Store.RunnableOperations(t.work, conn.Scope(), t.Now(), atOnce(rest))
	if err != nil {
		return false, fmt.Errorf("list the operations of connection %s: %w", conn.ID, err)
	}
	for _, o := range takable(ops, rest) {
		l := lease.New(t.work)
		held, err := t.Store.AcquireOperation(t.work, &o, t.Owner, t.Now().Add(lease.For), t.Now())
		if errors.Is(err, store.ErrConflict) {
			l.End()
			continue
		}
		if err != nil {
			l.End()
			return false, fmt.Errorf("take operation %s: %w", o.ID, err)
		}
		return true, t.slice(conn, held, l, rest)
	}
	return false, nil
}

func atOnce(rest *pause) int {
	if rest != nil {
		return manyOperations
	}
	return fewOperations
}

// takable gives those that something can be done about: while a connection rests, what is to be cancelled is, and what is due in a window is put off to its end.
func takable(ops []store.Operation, rest *pause) []store.Operation {
	if rest == nil || !rest.until.IsZero() {
		return ops
	}
	return slices.DeleteFunc(ops, func(o store.Operation) bool { return !o.CancelRequested })
}

// finish ends the turn unless an operation came in meanwhile. done comes first: it takes what every request for a turn takes last.
func (t *turn) finish(conn *store.Connection, done func(*store.Tx) error) (more bool, err error) {
	rest := t.resting(conn)
	err = t.Store.Write(t.work, func(tx *store.Tx) error {
		if err := done(tx); err != nil {
			return err
		}
		ops, err := tx.RunnableOperations(t.work, conn.Scope(), t.Now(), atOnce(rest))
		if err == nil && len(takable(ops, rest)) > 0 {
			return errMore
		}
		return err
	})
	if errors.Is(err, errMore) {
		return true, nil
	}
	return false, err
}

// mayGoOn says whether the operation at hand may begin something more: now and then it looks whether others wait.
func (s *slice) mayGoOn() bool {
	if s.other || s.over.Err() != nil || s.lease.Allowed() != nil {
		return false
	}
	select {
	case <-s.look.C:
	default:
		return !s.yield
	}
	s.past++
	s.looks++
	if s.Crowded != nil && time.Duration(s.past)*lookEvery >= s.ShortTurn {
		if crowded, err := s.Crowded(s.work, store.LaneWrites); err == nil && crowded {
			s.end()
		}
	}
	s.yield = s.othersFirst()
	return !s.yield && s.over.Err() == nil
}

// othersFirst says that another operation of the connection comes first now: a single one at once, a batch when this one had its share.
func (s *slice) othersFirst() bool {
	ops, err := s.Store.RunnableOperations(s.work, s.conn.Scope(), s.Now(), 1)
	if err != nil || len(ops) == 0 {
		return false
	}
	return ops[0].Kind == store.OperationSingle || time.Duration(s.looks)*lookEvery >= s.ShortTurn
}
