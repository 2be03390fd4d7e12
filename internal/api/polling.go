package api

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

const pollInterval = 250 * time.Millisecond

// polling waits for changes by asking the store where the stream stands.
type polling struct {
	store *store.Store
	every time.Duration
}

// Wait implements Changes.
func (p polling) Wait(ctx context.Context, sc store.Scope, entity string, after int64) {
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		at, err := p.store.Position(ctx, sc, entity)
		if err != nil || at.Seq > after {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
