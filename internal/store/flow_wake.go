package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// WakeFlowsOfOperation lets the items go on that wait for an operation, and gives the ids of their flows, which are to be woken. Takes the locks of the flows, in the order of their ids, and of their runs.
func (t *Tx) WakeFlowsOfOperation(ctx context.Context, sc Scope, operation string, now time.Time) (flows []string, err error) {
	waiters, err := t.q.WaitersOfOperation(ctx, sc.id, operation)
	if err != nil {
		return nil, fmt.Errorf("look who waits for operation %s: %w", operation, err)
	}
	runs := slices.Compact(each(waiters, func(w queries.WaitersOfOperationRow) FlowStepKey { return FlowStepKey{Flow: w.Flow, Run: w.Run} }))
	flows = slices.Compact(each(runs, func(k FlowStepKey) string { return k.Flow }))
	slices.Sort(flows)
	for _, id := range flows {
		if _, err := t.q.WakeFlow(ctx, now.UnixMicro(), id); err != nil {
			return nil, fmt.Errorf("wake flow %s: %w", id, err)
		}
	}
	for _, k := range runs {
		if err := t.wakeFlowRun(ctx, sc, operation, k, now); err != nil {
			return nil, fmt.Errorf("wake run %s: %w", k.Run, err)
		}
	}
	return flows, nil
}

func (t *Tx) wakeFlowRun(ctx context.Context, sc Scope, operation string, k FlowStepKey, now time.Time) error {
	if err := t.q.WakeFlowRun(ctx, now.UnixMicro(), k.Flow, k.Run); err != nil {
		return err
	}
	return t.q.WakeFlowItemsOfOperation(ctx, queries.WakeFlowItemsOfOperationParams{Now: queries.At(now), Connection: sc.id, Operation: operation, Flow: k.Flow, Run: k.Run})
}

// WakeFlowItem lets an item that is not final go on at once, with its run and flow. Takes the flow's lock. ErrNotFound: it is gone or final.
func (t *Tx) WakeFlowItem(ctx context.Context, k FlowItemKey, now time.Time) error {
	if err := t.WakeFlow(ctx, k.Flow, now); err != nil {
		return err
	}
	if err := t.q.WakeFlowRun(ctx, now.UnixMicro(), k.Flow, k.Run); err != nil {
		return fmt.Errorf("wake run %s: %w", k.Run, err)
	}
	n, err := t.q.WakeFlowItem(ctx, queries.WakeFlowItemParams{Now: queries.At(now), Flow: k.Flow, Run: k.Run, Step: k.Step, N: k.N})
	if err := hit(n, err, ErrNotFound); err != nil {
		return fmt.Errorf("wake item %d of step %q of run %s: %w", k.N, k.Step, k.Run, err)
	}
	return nil
}
