package web

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Turn lets one caller at a time log in, and the others wait no longer than they want to.
type Turn chan struct{}

// NewTurn makes a Turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Enter waits for the caller's turn until ctx ends. The error is a *driver.Error: nothing was sent.
func (t Turn) Enter(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &driver.Error{Kind: driver.Unreachable, Detail: "The call was cancelled while the login was under way.", Unsent: true, Err: fmt.Errorf("wait for the login: %w", context.Cause(ctx))}
	}
}

// Leave ends the turn.
func (t Turn) Leave() { <-t }
