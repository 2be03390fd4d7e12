package engine

import (
	"context"
	"errors"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/store"
)

// keep extends the lease on a run until it ends: when it is lost or a cancel is asked for.
func (w *Worker) keep(l *lease.Lease, run store.Run) {
	l.Keep(func(ctx context.Context) error { return w.Store.RenewRun(ctx, &run, w.Now().Add(lease.For)) }, func(err error) bool {
		return errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrCancelled)
	})
}
