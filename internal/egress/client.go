package egress

import (
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/trust"
)

// ClientConfig says how one connection's client behaves. Zero values mean the defaults.
type ClientConfig struct {
	Budget      *budget.Budget // nil: none
	MaxBody     int64          // bytes of one response, decompressed; default 24 MiB
	IdleTimeout time.Duration  // between two reads of a body; default 30s
	Deadline    time.Duration  // of one attempt, header and body; default 5m
	Attempts    int            // of a read, the first included; default 3
	MaxWait     time.Duration  // longest wait between attempts that a Retry-After may ask for; default 30s
	Trust       trust.Trust    // of the connection's own; unusable: every call fails with a *trust.FieldError
}

// defaultMaxBody holds a page of records many times over, and lets nobody fill the memory.
const defaultMaxBody = 24 << 20

// Client makes an HTTP client: a read is tried a few times, each attempt within the budget, each response within limits, each
// dial judged. Redirects come back as responses. Requests not marked with AsRead are sent at most once; those marked with AsWrite also tell whether they were.
func (g *Guard) Client(c ClientConfig) *http.Client {
	t := g.lanes(c.Trust)
	t = &limits{next: t, maxBody: orDefault(c.MaxBody, defaultMaxBody), idle: orDefault(c.IdleTimeout, 30*time.Second),
		deadline: orDefault(c.Deadline, 5*time.Minute)}
	t = &once{next: t}
	if c.Budget != nil {
		t = &budget.Transport{Budget: c.Budget, Next: t, Unanswered: unanswered}
	}
	t = newRetry(t, orDefault(c.Attempts, 3), orDefault(c.MaxWait, 30*time.Second))
	t = &writes{next: t}
	return &http.Client{Transport: t, CheckRedirect: followNone}
}

func followNone(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
