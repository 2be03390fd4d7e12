package store

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ClaimForFlowItem gives an item the claim on what it is about to make in a connection, unless another item that is not final has it: then it says which. One that has it keeps it. The caller has
// the lock of the item's flow, and takes several claims in the order of their texts.
func (t *Tx) ClaimForFlowItem(ctx context.Context, sc Scope, claim string, k FlowItemKey) (holder *FlowItemKey, err error) {
	k.Step = Storable(k.Step)
	row, err := t.q.LockFlowClaim(ctx, queries.LockFlowClaimParams{Connection: sc.no, Claim: claim, Flow: k.Flow, Run: k.Run, Step: k.Step, N: k.N})
	has := FlowItemKey{Flow: row.Flow, Run: row.Run, Step: row.Step, N: row.N}
	if err == nil && has != k {
		var open int64 // looked for behind the lock: what its holder has stored meanwhile is seen
		if open, err = t.q.FlowItemsOpen(ctx, queries.FlowItemsOpenParams{Flow: has.Flow, Run: has.Run, Step: has.Step, N: has.N}); err == nil && open > 0 {
			return &has, nil
		}
		if err == nil {
			err = t.q.TakeFlowClaim(ctx, queries.TakeFlowClaimParams{Flow: k.Flow, Run: k.Run, Step: k.Step, N: k.N, Connection: sc.no, Claim: claim})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("claim what item %d of run %s makes: %w", k.N, k.Run, err)
	}
	return nil, nil
}

// LeaveFlowClaim gives a claim back.
func (t *Tx) LeaveFlowClaim(ctx context.Context, sc Scope, claim string, k FlowItemKey) error {
	err := t.q.LeaveFlowClaim(ctx, queries.LeaveFlowClaimParams{Connection: sc.no, Claim: claim, Flow: k.Flow, Run: k.Run, Step: Storable(k.Step), N: k.N})
	if err != nil {
		return fmt.Errorf("give back the claim of item %d of run %s: %w", k.N, k.Run, err)
	}
	return nil
}
