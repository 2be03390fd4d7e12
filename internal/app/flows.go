package app

import (
	"context"

	"github.com/busbar-dev/busbar/internal/store"
)

// operationEnded wakes the flows that wait for an operation. One that is not told looks by itself, later.
func (a *App) operationEnded(ctx context.Context, o *store.Operation) {
	ctx = context.WithoutCancel(ctx)
	err := a.Store.Write(ctx, func(tx *store.Tx) error {
		ids, err := tx.WakeFlowsOfOperation(ctx, o.Scope(), o.ID, a.opts.Now())
		if err != nil || len(ids) == 0 {
			return err
		}
		return a.jobs.Wake(ctx, tx, store.LaneFlows, ids...)
	})
	if err != nil {
		a.opts.Log.Warn("a flow that waits for an operation was not woken; it looks again by itself", "operation", o.ID, "error", err)
	}
}
