// Package lease owns the time for which a piece of work is this process's alone: how long it lasts, when it is extended, and whether something may still be done under it. It does not know what
// is leased, nor where that is stored.
//
// The holder counts from before it asked and gives up a margin early, so that it has stopped calling a system when somebody else begins. Neither the clocks of other machines nor the
// database can make a lease longer, and nor can a pause of this process.
package lease

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// A lease is long enough to outlive a pause, and short enough that the work of a dead process goes on soon.
const (
	For    = 60 * time.Second
	Margin = 5 * time.Second
	Renew  = 15 * time.Second
)

const (
	renewAgain  = 2 * time.Second // after a renewal that failed
	renewWithin = 10 * time.Second
)

// ErrOver says that the lease could not be extended in time. What is stored is stored; somebody else may be at it by now.
var ErrOver = errors.New("the lease could not be renewed")

// Lease is one holder's time. Safe for concurrent use.
type Lease struct {
	held  context.Context // ends with the lease
	lose  context.CancelCauseFunc
	asked atomic.Pointer[time.Time] // when the present term was asked for

	over  *time.Timer // of the present term
	quit  chan struct{}
	ended chan struct{} // closed when extending has stopped; nil: it never began
}

// New begins a term. It is called before the store is asked for the lease.
func New(ctx context.Context) *Lease {
	l := &Lease{quit: make(chan struct{})}
	l.held, l.lose = context.WithCancelCause(ctx)
	l.begin(time.Now())
	return l
}

// begin counts a term from when it was asked for.
func (l *Lease) begin(asked time.Time) {
	if l.over != nil {
		l.over.Stop()
	}
	l.asked.Store(&asked)
	l.over = time.AfterFunc(term-time.Since(asked), func() { l.lose(ErrOver) })
}

// term is how long the holder counts on it.
const term = For - Margin

// Context ends with the lease; its cause says why.
func (l *Lease) Context() context.Context { return l.held }

// Allowed says right before something is done under the lease whether it is still ours. It goes by the time that has passed and not by a timer: a process that was stopped and goes on
// is refused before anything else has run. Of the machine's two clocks the one that moved further counts, for one of them stands still while the machine sleeps.
func (l *Lease) Allowed() error {
	if l.held.Err() != nil {
		return context.Cause(l.held)
	}
	if l.passed() {
		return ErrOver
	}
	return nil
}

func (l *Lease) passed() bool { return since(*l.asked.Load(), time.Now()) >= term }

// since gives the longer of the times between two readings by the monotonic and by the wall clock.
func since(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// Keep extends the lease until End. extend asks the store for another term; an error for which lost holds ends the lease with that cause, any other lets it be asked again soon.
func (l *Lease) Keep(extend func(context.Context) error, lost func(error) bool) {
	l.ended = make(chan struct{})
	go func() {
		defer close(l.ended)
		wait := time.NewTimer(Renew)
		defer wait.Stop()
		for {
			select {
			case <-l.quit:
				return
			case <-l.held.Done():
				return
			case <-wait.C:
			}
			wait.Reset(l.extend(extend, lost))
		}
	}()
}

// extend gives the time until the next try.
func (l *Lease) extend(extend func(context.Context) error, lost func(error) bool) time.Duration {
	ctx, cancel := context.WithTimeout(l.held, renewWithin)
	defer cancel()
	asked := time.Now()
	switch err := extend(ctx); {
	case err == nil && l.Allowed() == nil:
		l.begin(asked)
		return Renew
	case err != nil && lost(err):
		l.lose(err)
	}
	return renewAgain
}

// End stops extending and gives the cause for which the lease was lost, nil when it was not. That its time is over comes before everything else that a pause of the process has brought.
func (l *Lease) End() error {
	close(l.quit)
	if l.ended != nil {
		<-l.ended
	}
	lost := context.Cause(l.held)
	if !l.over.Stop() || l.passed() {
		lost = ErrOver
	}
	l.lose(nil)
	return lost
}
