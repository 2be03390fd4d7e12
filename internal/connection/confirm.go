package connection

import (
	"context"
	"fmt"
	"sync"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// refusal is what is known of a login that was refused. Credentials that were refused twice are not sent again, by however many callers: systems
// lock accounts.
type refusal struct {
	mu    sync.Mutex
	final error // nil: not refused, or not confirmed
}

func (r *refusal) known() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.final
}

// settle confirms a refusal, one caller at a time; those who come while it is confirmed get what came out.
func (r *refusal) settle(ctx context.Context, refused error, confirm func(context.Context, error) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.final != nil {
		return r.final
	}
	err := confirm(ctx, refused)
	if driver.KindOf(err) == driver.Credentials {
		r.final = err
	}
	return err
}

// confirm logs in anew, once, after the system refused the login in the middle of work, and says what that means: the refusal when it is
// confirmed, else what the system says now. A system in trouble may refuse anything.
func (s *Service) confirm(ctx context.Context, c *store.Connection, refused error) error {
	err := s.look(budget.WithPriority(ctx, budget.Check), c)
	switch {
	case err == nil:
		return &driver.Error{Kind: driver.Fault, Err: refused,
			Detail: fmt.Sprintf("%s refused the login once and accepted it right after. It is tried again.", s.systemName(c.System))}
	case driver.KindOf(err) == driver.Credentials:
		return refused
	case driver.KindOf(err) == "":
		return fmt.Errorf("confirm that the login is refused: %w", err)
	default:
		return err
	}
}
