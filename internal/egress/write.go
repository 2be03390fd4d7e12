package egress

import (
	"context"
	"errors"
)

// Sending marks a write.
type Sending struct {
	// Allowed is asked right before the first byte goes out, once a connection stands: an error keeps the write from being sent. nil: always.
	Allowed func() error
	// Fresh wants a connection of its own, which no other call has used: where an unknown outcome cannot be found out, none may come from a connection that the system had
	// closed already.
	Fresh bool
}

type sendingKey struct{}

// AsWrite marks requests made with the context as writes: each is sent at most once, and an error tells by Unsent whether a byte of it went out. Within it, AsRead marks those requests
// that only read all the same.
func AsWrite(ctx context.Context, s Sending) context.Context {
	return context.WithValue(ctx, sendingKey{}, s)
}

// ErrUnsent is in the chain of an error of a write of which no byte went out.
var ErrUnsent = errors.New("nothing was sent")

// Unsent says that no byte of the write went out.
func Unsent(err error) bool { return errors.Is(err, ErrUnsent) }
