package store

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ClaimForFlowItem gives an item the claim on what it is about to make in a connection, unless another item that is not final has it; one that has it keeps it. The caller has the lock of the
// item's flow, and takes several claims in the order of their texts.
func (t *Tx) ClaimForFlowItem(ctx context.Context, sc Scope, claim string, k FlowItemKey) (bool, error) {
	n, err := t.q.ClaimForFlowItem(ctx, queries.ClaimForFlowItemParams{Connection: sc.no, Claim: claim, Flow: k.Flow, Run: k.Run, Step: Storable(k.Step), N: k.N})
	if err != nil {
		return false, fmt.Errorf("claim what item %d of run %s makes: %w", k.N, k.Run, err)
	}
	return n == 1, nil
}

// LeaveFlowClaim gives a claim back.
func (t *Tx) LeaveFlowClaim(ctx context.Context, sc Scope, claim string, k FlowItemKey) error {
	err := t.q.LeaveFlowClaim(ctx, queries.LeaveFlowClaimParams{Connection: sc.no, Claim: claim, Flow: k.Flow, Run: k.Run, Step: Storable(k.Step), N: k.N})
	if err != nil {
		return fmt.Errorf("give back the claim of item %d of run %s: %w", k.N, k.Run, err)
	}
	return nil
}
