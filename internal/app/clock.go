package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// clock is the time that everything in this process goes by. Where many processes share a database it is the database's, so that they agree
// about leases and schedules however their own clocks differ; between readings it is carried on by the time that passes here, which a change of
// the machine's clock does not touch.
type clock struct {
	local func() time.Time
	read  func(ctx context.Context) (time.Time, error) // nil: the machine's clock is all there is
	last  atomic.Pointer[reading]
}

// reading is what the database said, and when that was here.
type reading struct {
	here, there time.Time
}

// readEvery is the time between readings; two machines drift apart by a few milliseconds in it.
const readEvery = 30 * time.Second

// newClock reads the database's clock for the first time.
func newClock(ctx context.Context, local func() time.Time, s *store.Store) (*clock, error) {
	c := &clock{local: local}
	if shared := s.Shared(); shared != nil {
		c.read = shared.Now
	}
	return c, c.set(ctx)
}

// Now is the time.
func (c *clock) Now() time.Time {
	last := c.last.Load()
	if last == nil {
		return c.local()
	}
	return last.there.Add(c.local().Sub(last.here))
}

// set reads the database's clock. A reading that agrees with Now, as exactly as it can tell, changes nothing, so that the time does not jitter.
func (c *clock) set(ctx context.Context) error {
	if c.read == nil {
		return nil
	}
	asked := c.local()
	there, err := c.read(ctx)
	if err != nil {
		return fmt.Errorf("read the database's clock: %w", err)
	}
	took := c.local().Sub(asked)
	r := &reading{here: asked.Add(took / 2), there: there}
	if last := c.last.Load(); last != nil {
		off := r.there.Sub(last.there.Add(r.here.Sub(last.here)))
		if off.Abs() <= took {
			return nil
		}
	}
	c.last.Store(r)
	return nil
}

// follow reads it again and again until ctx ends. While the database is away the time goes on as it did.
func (c *clock) follow(ctx context.Context) {
	if c.read == nil {
		return
	}
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		within, cancel := context.WithTimeout(ctx, readEvery)
		_ = c.set(within)
		cancel()
	}
}
