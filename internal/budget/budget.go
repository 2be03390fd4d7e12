// Package budget owns how much one connection may ask of its system, whoever asks: calls a second, minute and day, calls at once, who goes first, the
// pause that the system asked for, and the breaker that leaves a silent system alone. It knows neither what a call is for nor what it says.
//
// All of it is one State that changes by Step alone, a pure function of what a holder (a process that calls) tells and of the time. A Keeper keeps it:
// in memory for one process, or in a database for many. A Budget is one process's end of it: callers stand in line here, and only the head of the line
// asks.
//
//	breaker: closed ──five calls in a row without an answer──▶ open ──its time is over──▶ half-open ──the probe is answered──▶ closed
//	                                                            ▲                            │
//	                                                            └──── longer each time ──────┘ the probe is not
//
// What always holds: no window of a second, minute or day holds more calls than granted, up to how late a granted call may come; no more calls are under
// way at once than granted; a person's call waits for calls under way and for other persons', and for one more only when sixteen in a row went past
// somebody.
package budget

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// ErrClosed says that the process stops: no more calls.
var ErrClosed = errors.New("no more calls: this process stops")

// Budget is this process's end of the budget of one connection. Its methods may be called concurrently.
type Budget struct {
	keeper     Keeper
	connection string
	limits     manifest.Limits
	remote     bool // the keeper takes its time, and others share it

	mu       sync.Mutex
	lines    [priorities][]*call
	held     int
	probing  bool
	outcomes []Outcome
	others   bool // wait elsewhere
	late     lateness
	closed   bool

	turn  turn
	alarm alarm
}

// New makes a budget that nobody else shares, from what the manifest says that the system grants.
func New(l manifest.Limits) *Budget { return newBudget(NewMemory(), "", "1", l, false) }

func newBudget(k Keeper, connection, holder string, l manifest.Limits, remote bool) *Budget {
	b := &Budget{keeper: k, connection: connection, limits: l, remote: remote, late: lateness{allowed: minLate}}
	b.turn.ask = Ask{Holder: holder, Late: minLate, terms: termsOf(l)}
	if remote {
		b.turn.ask.Lease, b.turn.ask.Ahead = placeLease, grantAhead
	}
	b.turn.step = func(s *State, now Moment) {
		b.turn.answer, b.turn.now = s.Step(&b.turn.ask, now.At), now
	}
	return b
}

// Acquire waits for leave to make one call, in the order of the context's priority. The caller calls release exactly once or more; only the first
// counts. On error nothing is held; a *Refusal says that it would have been too long a wait.
func (b *Budget) Acquire(ctx context.Context) (release func(), err error) {
	c, err := b.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return c.release, nil
}

func (b *Budget) acquire(ctx context.Context) (*call, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c := &call{budget: b, priority: priorityOf(ctx), followed: isFollowed(ctx)}
		if err := b.wait(ctx, c); err != nil {
			return nil, err
		}
		if b.inTime(c) {
			return c, nil
		}
		c.release()
	}
}

// Limited tells the budget that the system refused for load: it pauses for the wait that the system asked for (a second when it
// named none) and goes on at half its width.
func (b *Budget) Limited(wait time.Duration) {
	if wait <= 0 {
		wait = usualPause
	}
	b.tell(Outcome{Kind: Refused, Pause: wait, Granted: math.MaxInt64})
}

// Succeeded tells the budget that a call went through; after enough of them it widens a step.
func (b *Budget) Succeeded() { b.tell(Outcome{Kind: Answered, Granted: math.MaxInt64}) }

func (b *Budget) tell(o Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outcomes = append(b.outcomes, o)
	b.wake()
}

// InUse is the number of calls of this process that are under way.
func (b *Budget) InUse() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

func chance() float64 { return rand.Float64() }
