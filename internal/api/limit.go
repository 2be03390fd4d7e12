package api

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Limits bounds what one token, key or address may ask for, and what all may together. A zero is the default.
type Limits struct {
	PerSecond      float64 // requests, refilled steadily
	Burst          int     // requests saved up
	AtOnce         int     // requests being served
	PollsAtOnce    int     // of them those that wait for changes
	LivesAtOnce    int     // of them those that follow what changes
	LivesOfProject int     // such requests to a project
	Credentials    int     // credentials, and addresses, remembered; others are forgotten for them

	Answer   time.Duration // for a client to take an answer, from its first byte
	LiveBeat time.Duration // between signs of life where nothing changes, and looks whether the caller may go on
	Idle     time.Duration // for each piece of the body of a batch to come
	Upload   time.Duration // for all of it
	Held     int64         // bytes of large answers on their way, of all callers; one may have half of it

	FailuresPerSecond float64 // requests of an address without an accepted token, refilled steadily
	FailureBurst      int     // such requests saved up

	AllFailuresPerSecond float64 // the same of all addresses together
	AllFailureBurst      int
}

// DefaultLimits stop a runaway loop and are in nobody's way.
var DefaultLimits = Limits{
	PerSecond: 1000, Burst: 10_000, AtOnce: 64, PollsAtOnce: 16, LivesAtOnce: 16, LivesOfProject: 200, LiveBeat: 20 * time.Second, Credentials: 10_000,
	Answer: 30 * time.Second, Idle: 30 * time.Second, Upload: 30 * time.Minute, Held: 256 << 20, FailuresPerSecond: 50, FailureBurst: 200,
	AllFailuresPerSecond: 500, AllFailureBurst: 5000,
}

// orDefault gives the limits with the defaults for those that are not set.
func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		PerSecond: cmp.Or(l.PerSecond, d.PerSecond), Burst: cmp.Or(l.Burst, d.Burst), AtOnce: cmp.Or(l.AtOnce, d.AtOnce),
		PollsAtOnce: cmp.Or(l.PollsAtOnce, d.PollsAtOnce), LivesAtOnce: cmp.Or(l.LivesAtOnce, d.LivesAtOnce), LivesOfProject: cmp.Or(l.LivesOfProject, d.LivesOfProject),
		LiveBeat: cmp.Or(l.LiveBeat, d.LiveBeat), Credentials: cmp.Or(l.Credentials, d.Credentials),
		Answer: cmp.Or(l.Answer, d.Answer), Idle: cmp.Or(l.Idle, d.Idle), Upload: cmp.Or(l.Upload, d.Upload), Held: cmp.Or(l.Held, d.Held),
		FailuresPerSecond: cmp.Or(l.FailuresPerSecond, d.FailuresPerSecond), FailureBurst: cmp.Or(l.FailureBurst, d.FailureBurst),
		AllFailuresPerSecond: cmp.Or(l.AllFailuresPerSecond, d.AllFailuresPerSecond), AllFailureBurst: cmp.Or(l.AllFailureBurst, d.AllFailureBurst),
	}
}

// limiter counts requests by credential. Safe for concurrent use.
type limiter struct {
	limits Limits
	now    func() time.Time
	mu     sync.Mutex
	by     map[string]*allowance
	lives  map[string]int // by project
	held   int64          // bytes
}

type allowance struct {
	bucket *rate.Limiter
	busy   int
	polls  int
	lives  int
	held   int64 // bytes
	used   time.Time
}

func newLimiter(l Limits, now func() time.Time) *limiter {
	return &limiter{limits: l, now: now, by: map[string]*allowance{}, lives: map[string]int{}}
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

// poll counts a request that waits, besides take. Call release in any case.
func (l *limiter) poll(id string) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.allowance(id, l.now())
	if a.polls >= l.limits.PollsAtOnce {
		return func() {}, &problem.Error{Code: problem.RateLimited, RetryAfter: 1,
			Detail: fmt.Sprintf("This token has %d requests waiting for changes already. Let one end first, or ask without wait.", a.polls)}
	}
	a.polls++
	return func() { l.mu.Lock(); defer l.mu.Unlock(); a.polls-- }, nil
}

// live counts a request that follows what changes, besides take. Call release in any case.
func (l *limiter) live(id, project string) (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.allowance(id, l.now())
	if a.lives >= l.limits.LivesAtOnce || l.lives[project] >= l.limits.LivesOfProject {
		return func() {}, &problem.Error{Code: problem.RateLimited, RetryAfter: 10,
			Detail: fmt.Sprintf("You follow what changes %d times at once and all of your project %d times; %d and %d are the most. Close one, such as a page that you do not need.",
				a.lives, l.lives[project], l.limits.LivesAtOnce, l.limits.LivesOfProject)}
	}
	a.lives++
	l.lives[project]++
	return func() { l.leave(a, project) }, nil
}

func (l *limiter) leave(a *allowance, project string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.lives--
	if l.lives[project]--; l.lives[project] == 0 {
		delete(l.lives, project)
	}
}

// smallAnswer is what the operating system takes off our hands at once: it is not counted, so that slow readers hold up nobody's small requests.
const smallAnswer = 64 << 10

// hold counts the bytes of an answer while it is on its way. Call release in any case.
func (l *limiter) hold(id string, bytes int64) (release func(), err error) {
	if bytes <= smallAnswer {
		return func() {}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.allowance(id, l.now())
	switch {
	case a.held > 0 && a.held+bytes > l.limits.Held/2:
		return func() {}, &problem.Error{Code: problem.RateLimited, RetryAfter: 5,
			Detail: "Large answers to this token are on their way and not read yet. Read them first, or ask for smaller pages with limit."}
	case l.held > 0 && l.held+bytes > l.limits.Held:
		return func() {}, &problem.Error{Code: problem.Overloaded, RetryAfter: 5,
			Detail: "Too many large answers are on their way. Try again in a few seconds, or ask for a smaller page with limit."}
	}
	a.held, l.held = a.held+bytes, l.held+bytes
	return func() { l.mu.Lock(); defer l.mu.Unlock(); a.held, l.held = a.held-bytes, l.held-bytes }, nil
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
