package budget

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// narrowest is the least share of its rates that a refused budget falls to.
const narrowest = 1.0 / 16

// rates are the token buckets of one connection, and the pause that the system asked for.
type rates struct {
	mu        sync.Mutex
	buckets   []bucket
	share     float64 // 1: as granted; halves with each refusal
	successes int
	until     time.Time // no call before
}

// bucket keeps calls in any window at or under the limit: what it can hold plus what flows in during one window.
type bucket struct {
	*rate.Limiter
	flow rate.Limit
}

func newRates(l manifest.Limits) *rates {
	r := &rates{share: 1}
	r.add(l.PerSecond, time.Second, 0.03)
	r.add(l.PerMinute, time.Minute, 0.05)
	r.add(l.PerDay, 24*time.Hour, 0.5)
	return r
}

// add makes a bucket for limit calls a window, of which the given share may come at once.
func (r *rates) add(limit float64, window time.Duration, atOnce float64) {
	if limit <= 0 {
		return
	}
	burst := math.Max(1, math.Floor(limit*atOnce))
	flow := rate.Limit(limit * (1 - atOnce) / window.Seconds())
	r.buckets = append(r.buckets, bucket{rate.NewLimiter(flow, int(burst)), flow})
}

// wait ends when no pause is on and every bucket has a token for the caller. A caller that gives up takes no token.
func (r *rates) wait(ctx context.Context) error {
	for {
		if err := sleep(ctx, r.pauseLeft()); err != nil {
			return err
		}
		taken, delay := r.reserve(time.Now())
		if err := sleep(ctx, delay); err != nil {
			r.giveBack(taken)
			return err
		}
		if r.pauseLeft() <= 0 {
			return nil
		}
		r.giveBack(taken)
	}
}

// reserve takes a token of each bucket, perhaps a future one.
func (r *rates) reserve(now time.Time) (taken []*rate.Reservation, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.buckets {
		t := b.ReserveN(now, 1)
		taken = append(taken, t)
		delay = max(delay, t.DelayFrom(now))
	}
	return taken, delay
}

func (r *rates) giveBack(taken []*rate.Reservation) {
	for _, t := range taken {
		t.Cancel()
	}
}

func (r *rates) pauseLeft() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Until(r.until)
}

func (r *rates) pause(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := time.Now().Add(d); until.After(r.until) {
		r.until = until
	}
	r.setShare(math.Max(narrowest, r.share/2))
}

func (r *rates) widen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.share == 1 {
		return
	}
	if r.successes++; r.successes >= widenAfter {
		r.setShare(math.Min(1, r.share+narrowest))
	}
}

func (r *rates) setShare(share float64) {
	r.share, r.successes = share, 0
	for _, b := range r.buckets {
		b.SetLimit(b.flow * rate.Limit(share))
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
