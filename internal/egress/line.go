package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Line is the way out for protocols other than HTTP, such as those of databases and of SFTP: dials are judged like any other, calls keep to the budget, a write
// goes out at most once. Its methods may be called concurrently.
type Line struct {
	guard  *Guard
	budget *budget.Budget
	limit  time.Duration
	trust  trust.Trust
}

// Line makes one; of c it takes the budget, the deadline of a call and the trust.
func (g *Guard) Line(c ClientConfig) *Line {
	return &Line{guard: g, budget: c.Budget, limit: orDefault(c.Deadline, 5*time.Minute), trust: c.Trust}
}

// Dial opens a TCP connection; it may rest as long as its user likes, so it holds no place in the budget. An address that may not be reached is ErrBlocked.
func (l *Line) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return l.guard.dialer.DialContext(ctx, network, address)
}

// TLS gives the configuration with which a client speaks TLS to that host. Its error is a *trust.FieldError.
func (l *Line) TLS(host string) (*tls.Config, error) {
	c, err := l.trust.Config(l.guard.roots)
	if err != nil {
		return nil, err
	}
	c.ServerName = host
	return c, nil
}

// Call makes one call that changes nothing, within the budget and its time. silent tells of do's error whether it means that the system did not answer. A
// *budget.Refusal says that it was not made.
func (l *Line) Call(ctx context.Context, do func(context.Context) error, silent func(error) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.limit, ErrDeadline)
	defer cancel()
	if l.budget == nil {
		return do(ctx)
	}
	return l.budget.Do(ctx, do, func(err error) budget.Kind {
		switch {
		case err == nil:
			return budget.Answered
		case errors.Is(context.Cause(ctx), ErrDeadline):
			return budget.Silent
		case ctx.Err() != nil:
			return budget.Abandoned
		case unanswered(err) && silent(err):
			return budget.Silent
		}
		return budget.Answered
	})
}

// Send makes the one call of a write within a context of AsWrite. do asks pass right before the step that has the effect, such as a commit or a rename, and takes that step only
// when pass lets it. An error of do before that is ErrUnsent.
func (l *Line) Send(ctx context.Context, do func(ctx context.Context, pass func() error) error, silent func(error) bool) error {
	s, _ := writing(ctx)
	if s.Stores {
		ctx = budget.Followed(ctx)
	}
	passed := false
	err := l.Call(ctx, func(ctx context.Context) error {
		g := &gate{over: ctx.Err, allowed: s.Allowed}
		return do(ctx, func() error {
			if passed {
				return errPassed
			}
			if err := g.leave(); err != nil {
				return err
			}
			passed = true
			return nil
		})
	}, silent)
	if err != nil && !passed && !errors.Is(err, ErrUnsent) {
		return fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return err
}
