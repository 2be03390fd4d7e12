// Package outside carries out the effects of a flow that leave Busbar: requests over HTTP, webhooks and mail. What it says of a failure is what is known: whether the effect may be there. It knows nothing of
// runs and items, and stores nothing.
package outside

import (
	"context"
	"net/http"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
)

// MaxAnswer bounds the body of an answer, in bytes, as it comes and as JSON.
const MaxAnswer = 1 << 20

// Sender carries out effects. Safe for concurrent use.
type Sender struct {
	client *http.Client
	line   *egress.Line
	mail   Mail
	host   string // of this machine, as mail servers are told
	now    func() time.Time
}

// New makes a Sender that goes out through a guard, which waits lang.MaxTimeout for the head of an answer. host is the name of this machine.
func New(g *egress.Guard, m Mail, host string, now func() time.Time) *Sender {
	c := egress.ClientConfig{Deadline: lang.MaxTimeout, IdleTimeout: lang.MaxTimeout}
	return &Sender{client: g.Client(c), line: g.Line(c), mail: m, host: host, now: now}
}

// within bounds an effect by the time that it may take.
func within(ctx context.Context, e machine.Effect) (context.Context, context.CancelFunc, time.Duration) {
	limit := e.Timeout
	if limit <= 0 {
		limit = lang.DefaultTimeout
	}
	limit = min(limit, lang.MaxTimeout)
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, cancel, limit
}
