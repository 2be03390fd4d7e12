package app

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
)

// acting says that the test acts.
func acting(ctx context.Context) context.Context { return audit.Myself(ctx, "test", time.Unix(1, 0)) }
