package budget

import (
	"context"
	"errors"
	"slices"
	"time"
)

// call is one call: it waits in a line, then it is under way, then it is over.
type call struct {
	budget   *Budget
	priority Priority
	followed bool
	turn     chan struct{} // closed when settled; nil while nobody waits for it
	settled  bool          // granted or refused
	refusal  error
	start    time.Time     // not before, on this process's clock; zero: at once
	allowed  time.Duration // not later than this after start
	over     bool
	outcome  Outcome
}

// wait stands in line until the call is granted. On error it holds nothing.
func (b *Budget) wait(ctx context.Context, c *call) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	b.lines[c.priority] = append(b.lines[c.priority], c)
	b.wake()
	if c.settled {
		b.mu.Unlock()
		return c.refusal
	}
	c.turn = make(chan struct{})
	b.mu.Unlock()
	select {
	case <-c.turn:
		if c.refusal != nil {
			return c.refusal
		}
		return b.pause(ctx, c)
	case <-ctx.Done():
		return b.giveUp(ctx, c)
	}
}

// pause waits for the instant that the call is granted for.
func (b *Budget) pause(ctx context.Context, c *call) error {
	d := time.Until(c.start)
	if c.start.IsZero() || d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		c.release()
		return context.Cause(ctx)
	}
}

// giveUp leaves the line; what was granted in the same moment is given back.
func (b *Budget) giveUp(ctx context.Context, c *call) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.lines[c.priority], c); i >= 0 {
		b.lines[c.priority] = slices.Delete(b.lines[c.priority], i, i+1)
		b.soon()
	} else if c.refusal == nil {
		c.finish()
	}
	if b.turn.failure != nil {
		return errors.Join(context.Cause(ctx), b.turn.failure)
	}
	return context.Cause(ctx)
}

// settle ends the wait.
func (c *call) settle() {
	c.settled = true
	if c.turn != nil {
		close(c.turn)
	}
}

// release ends a granted call; only the first time counts.
func (c *call) release() {
	c.budget.mu.Lock()
	defer c.budget.mu.Unlock()
	c.finish()
}

func (c *call) finish() {
	if c.over {
		return
	}
	c.over = true
	b := c.budget
	b.held--
	if c.outcome.Probe {
		b.probing = false
	}
	if c.outcome.Kind != Abandoned {
		b.outcomes = append(b.outcomes, c.outcome)
	}
	if b.remote && !b.others && c.outcome.Kind <= Answered && !c.outcome.Probe && !b.waits() {
		b.soon()
		return
	}
	b.wake()
}

func (b *Budget) waits() bool {
	for _, line := range b.lines {
		if len(line) > 0 {
			return true
		}
	}
	return false
}
