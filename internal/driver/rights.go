package driver

import (
	"context"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Permitter is what a Client can do besides where its system tells what a login may do.
type Permitter interface {
	// May asks, by calls that only read, what the login may do with each entity. What the system does not tell is absent. Errors are *Error.
	May(ctx context.Context, entities []*manifest.Entity) (manifest.Rights, error)
}
