package link

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Bounds on the logins that one link may try: whoever holds it names the address that is called, and the login that is tried there.
const (
	checksSaved  = 20
	checkEvery   = 15 * time.Second
	checksAtOnce = 3
	linksCounted = 10_000
)

// checks counts the logins that links try. Safe for concurrent use.
type checks struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[string]*tried
}

type tried struct {
	bucket *rate.Limiter
	busy   int
}

func newChecks(now func() time.Time) *checks { return &checks{now: now, by: map[string]*tried{}} }

// begin counts one login that a link tries. Call end in any case. Errors: *problem.Error rate-limited.
func (c *checks) begin(link string) (end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.of(link)
	if t.busy >= checksAtOnce || !t.bucket.AllowN(c.now(), 1) {
		return func() {}, problem.New(problem.RateLimited, "This link has tried many logins in a short time. Wait a minute, and try again.").After(checkEvery)
	}
	t.busy++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.busy--
	}, nil
}

// of gives what a link has tried. When too many are remembered, those go first that tell nothing.
func (c *checks) of(link string) *tried {
	if t := c.by[link]; t != nil {
		return t
	}
	if len(c.by) >= linksCounted {
		now := c.now()
		for id, t := range c.by {
			if t.busy == 0 && t.bucket.TokensAt(now) >= checksSaved {
				delete(c.by, id)
			}
		}
	}
	for id, t := range c.by {
		if len(c.by) < linksCounted {
			break
		}
		if t.busy == 0 {
			delete(c.by, id)
		}
	}
	t := &tried{bucket: rate.NewLimiter(rate.Every(checkEvery), checksSaved)}
	c.by[link] = t
	return t
}
