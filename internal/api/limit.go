package api

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Limits bounds what one token or key may ask for.
type Limits struct {
	PerSecond   float64 // requests, refilled steadily
	Burst       int     // requests saved up
	AtOnce      int     // requests being served
	Credentials int     // credentials remembered; the longest unused is forgotten first
}

// DefaultLimits stop a runaway loop and are in nobody's way.
var DefaultLimits = Limits{PerSecond: 1000, Burst: 10_000, AtOnce: 64, Credentials: 10_000}

// limiter counts requests by credential. Safe for concurrent use.
type limiter struct {
	limits Limits
	now    func() time.Time
	mu     sync.Mutex
	by     map[string]*allowance
}

type allowance struct {
	bucket *rate.Limiter
	busy   int
	used   time.Time
}

func newLimiter(l Limits, now func() time.Time) *limiter {
	return &limiter{limits: l, now: now, by: map[string]*allowance{}}
}

// take counts one request, says in the headers what is left, and refuses when nothing is. Call release in any case.
func (l *limiter) take(h http.Header, id string) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	a := l.allowance(id, now)
	allowed := a.bucket.AllowN(now, 1)
	left := math.Max(0, math.Floor(a.bucket.TokensAt(now)))
	h.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, l.limits.Burst, l.window()))
	h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, int(left), l.refill(left)))
	if !allowed || a.busy >= l.limits.AtOnce {
		return func() {}, &problem.Error{Code: problem.RateLimited, RetryAfter: 1,
			Detail: fmt.Sprintf("This token may send %g requests a second and have %d open at once. Wait a second.", l.limits.PerSecond, l.limits.AtOnce)}
	}
	a.busy++
	return func() { l.release(a) }, nil
}

func (l *limiter) release(a *allowance) {
	l.mu.Lock()
	a.busy--
	l.mu.Unlock()
}

// window is how long an empty bucket takes to fill, in seconds; refill how long the rest of it takes.
func (l *limiter) window() int { return l.refill(0) }

func (l *limiter) refill(left float64) int {
	return int(math.Ceil((float64(l.limits.Burst) - left) / l.limits.PerSecond))
}

func (l *limiter) allowance(id string, now time.Time) *allowance {
	a := l.by[id]
	if a == nil {
		if len(l.by) >= l.limits.Credentials {
			l.forget()
		}
		a = &allowance{bucket: rate.NewLimiter(rate.Limit(l.limits.PerSecond), l.limits.Burst)}
		l.by[id] = a
	}
	a.used = now
	return a
}

// forget drops the longest unused credential that is not being served.
func (l *limiter) forget() {
	oldest := ""
	for id, a := range l.by {
		if a.busy == 0 && (oldest == "" || a.used.Before(l.by[oldest].used)) {
			oldest = id
		}
	}
	delete(l.by, oldest)
}
