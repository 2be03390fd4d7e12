// Package budget owns how much one connection may ask of its system: calls a second, minute and day, calls at once, and
// who goes first. A system that says "too many" narrows it for a while. It knows neither what a call is for nor what it says.
package budget

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

const defaultConcurrency = 2

// Budget is the budget of one connection. Its methods may be called concurrently.
type Budget struct {
	slots *slots
	rates *rates
}

// New makes a budget from what the manifest says that the system grants.
func New(l manifest.Limits) *Budget {
	if l.Concurrency < 1 {
		l.Concurrency = defaultConcurrency
	}
	return &Budget{slots: newSlots(l.Concurrency), rates: newRates(l)}
}

// Acquire waits for a place among the calls at once and then for the rates, in the order of the context's priority. The caller
// calls release exactly once or more; only the first counts. On error nothing is held.
func (b *Budget) Acquire(ctx context.Context) (release func(), err error) {
	if err := b.slots.acquire(ctx, priorityOf(ctx)); err != nil {
		return nil, err
	}
	if err := b.rates.wait(ctx); err != nil {
		b.slots.release()
		return nil, err
	}
	return onceOnly(b.slots.release), nil
}

// Limited tells the budget that the system refused for load: it pauses for the wait that the system asked for (a second when it
// named none) and goes on at half its width.
func (b *Budget) Limited(wait time.Duration) {
	if wait <= 0 {
		wait = time.Second
	}
	b.rates.pause(wait)
	b.slots.narrow()
}

// Succeeded tells the budget that a call went through; after enough of them it widens a step.
func (b *Budget) Succeeded() {
	b.rates.widen()
	b.slots.widen()
}

// InUse is the number of calls under way.
func (b *Budget) InUse() int { return b.slots.inUse() }
