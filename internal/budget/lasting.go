package budget

import (
	"context"
	"slices"
)

// An exchange with a keeper that others share is kept at once, so that a crash of the keeper gives no call twice. Some need not wait for that: those that grant only calls of which
// none goes out before its caller has stored something later at the same place, and tell only what would, when it got lost, make calls rarer.

type followedKey struct{}

// Followed marks calls made with the context: each goes out only when its caller has stored something in the keeper's database after its grant.
func Followed(ctx context.Context) context.Context {
	return context.WithValue(ctx, followedKey{}, true)
}

func isFollowed(ctx context.Context) bool { return ctx.Value(followedKey{}) != nil }

type momentaryKey struct{}

// momentary marks a change that may get lost where the keeper crashes.
func momentary(ctx context.Context) context.Context {
	return context.WithValue(ctx, momentaryKey{}, true)
}

func isMomentary(ctx context.Context) bool { return ctx.Value(momentaryKey{}) != nil }

// matters says of the ask at hand that its exchange must outlast a crash. The caller holds mu.
func (b *Budget) matters() bool {
	for _, line := range b.lines {
		if slices.ContainsFunc(line, func(c *call) bool { return !c.followed }) {
			return true
		}
	}
	return slices.ContainsFunc(b.turn.ask.Outcomes, func(o Outcome) bool { return o.Kind > Answered })
}
