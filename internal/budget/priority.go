package budget

import "context"

// Priority orders those who wait: a lower one goes first.
type Priority int

// The priorities. Work without one counts as Incremental. A person waits for the first three.
const (
	InteractiveWrite Priority = iota
	InteractiveRead
	Check // of a login, by a person: it may try the system even while the breaker is open
	Flow
	Incremental
	Backfill
	priorities
)

// names are what people read, in order.
func names() [priorities]string {
	return [priorities]string{"interactive_write", "interactive_read", "check", "flow", "incremental", "backfill"}
}

// interactive says that a person waits.
func (p Priority) interactive() bool { return p <= Check }

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
