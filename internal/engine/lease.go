package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// The lease on a run: long enough to outlive a pause, short enough that a dead worker's run goes on soon. Its holder counts from before it
// asked and gives up leaseMargin early, so that it has stopped calling the system when somebody else begins.
const (
	leaseFor    = 60 * time.Second
	leaseMargin = 5 * time.Second
	leaseRenew  = 15 * time.Second
	renewAgain  = 2 * time.Second // after a renewal that failed
	renewWithin = 10 * time.Second
)

// errLeaseOver says that the lease could not be renewed in time. The turn is over: what is stored is stored.
var errLeaseOver = fmt.Errorf("the lease could not be renewed: %w", errTurnOver)

// lease is the time for which a run is ours. It is counted by a timer, so neither the clock nor the database can make it longer.
type lease struct {
	worker *Worker
	held   context.Context // ends with the lease
	lose   context.CancelCauseFunc
	over   *time.Timer
	ended  chan struct{} // closed when renewing has stopped; nil: it never began
	quit   chan struct{}
}

// newLease counts from now on; it is made before the store is asked.
func (w *Worker) newLease(ctx context.Context) *lease {
	l := &lease{worker: w, quit: make(chan struct{})}
	l.held, l.lose = context.WithCancelCause(ctx)
	l.over = time.AfterFunc(leaseFor-leaseMargin, func() { l.lose(errLeaseOver) })
	return l
}

// renew keeps the lease until end. When it is lost or a cancel is asked for, held ends with that cause.
func (l *lease) renew(run store.Run) {
	l.ended = make(chan struct{})
	go func() {
		defer close(l.ended)
		wait := time.NewTimer(leaseRenew)
		defer wait.Stop()
		for {
			select {
			case <-l.quit:
				return
			case <-l.held.Done():
				return
			case <-wait.C:
			}
			wait.Reset(l.renewOnce(&run))
		}
	}()
}

// renewOnce gives the time until the next try.
func (l *lease) renewOnce(run *store.Run) time.Duration {
	ctx, cancel := context.WithTimeout(l.held, renewWithin)
	defer cancel()
	asked := time.AfterFunc(leaseFor-leaseMargin, func() { l.lose(errLeaseOver) })
	err := l.worker.Store.RenewRun(ctx, run, l.worker.Now().Add(leaseFor))
	switch {
	case err == nil:
		l.over.Stop()
		l.over = asked
		return leaseRenew
	case errors.Is(err, store.ErrFenced), errors.Is(err, store.ErrCancelled):
		l.lose(err)
	}
	asked.Stop()
	return renewAgain
}

// end stops renewing and gives the cause for which the lease was lost, nil when it was not. That its time is over comes before everything else
// that a pause of the process has brought.
func (l *lease) end() error {
	close(l.quit)
	if l.ended != nil {
		<-l.ended
	}
	lost := context.Cause(l.held)
	if !l.over.Stop() {
		lost = errLeaseOver
	}
	l.lose(nil)
	return lost
}
