package budget

import "context"

// Priority orders those who wait: a lower one goes first.
type Priority int

// The priorities. Work without one counts as Incremental.
const (
	InteractiveWrite Priority = iota
	InteractiveRead
	Flow
	Incremental
	Backfill
	priorities
)

type priorityKey struct{}

// WithPriority gives calls made with the context this priority.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

func priorityOf(ctx context.Context) Priority {
	if p, ok := ctx.Value(priorityKey{}).(Priority); ok && p >= 0 && p < priorities {
		return p
	}
	return Incremental
}
