package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/store"
)

// claim is what an upsert has for itself from before it looks for its record until its write is final: whoever goes by the same key looks after that, and finds what it made.
type claim struct {
	Step string `json:"step"`
	Role string `json:"role"`
	Text string `json:"text"`
}

func (c *claim) equal(other *claim) bool { return other != nil && *c == *other }

// claimOf gives the claim that the effect at hand needs; nil: none.
func claimOf(th *thread) *claim {
	e := &th.effect
	if e.Kind != machine.Find || e.Step.Kind != lang.StepWrite {
		return nil
	}
	by := slices.SortedFunc(slices.Values(e.By), func(a, b machine.Field) int { return cmp.Compare(a.Name, b.Name) })
	key := sha256.Sum256(fmt.Appendf(nil, "%q", by))
	return &claim{Step: e.Step.ID, Role: e.Role, Text: e.Entity + " " + hex.EncodeToString(key[:])}
}

// holding is a claim with the thread that has it or wants it.
type holding struct {
	*claim
	th *thread
}

// inOrder is the order in which claims are taken and left everywhere, so that nobody waits in a circle.
func inOrder(all []holding) []holding {
	slices.SortStableFunc(all, func(a, b holding) int {
		return cmp.Or(strings.Compare(a.Role, b.Role), strings.Compare(a.Text, b.Text), cmp.Compare(a.th.item.N, b.th.item.N))
	})
	return all
}

// claim takes the claims that threads need. held are the threads that have them now; the others look again later.
func (w *work) claim(threads []*thread) (held []*thread, err error) {
	var wanted []holding
	var before []holding
	for _, th := range threads {
		if c := claimOf(th); c != nil {
			if wanted = append(wanted, holding{c, th}); th.state.Claim != nil {
				before = append(before, holding{th.state.Claim, th})
			}
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	got := make([]bool, len(wanted))
	err = w.commit(func(ctx context.Context, tx *store.Tx) (err error) {
		if err := w.leave(ctx, tx, inOrder(before)); err != nil {
			return err
		}
		for i, c := range inOrder(wanted) {
			if got[i], err = tx.ClaimForFlowItem(ctx, w.conns[c.Role].Scope(), c.Text, w.itemKey(c.th)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, c := range wanted {
		if c.th.state.Claim = nil; got[i] {
			c.th.state.Claim = c.claim
			held = append(held, c.th)
		}
		c.th.later = !got[i]
	}
	return held, nil
}

// left takes from threads the claims that what they are stored with needs no more. leave gives them back in the transaction that stores it.
func (w *work) left(threads []*thread) (all []holding) {
	for _, th := range threads {
		if c := th.state.Claim; c != nil && (th.effect.Kind != machine.Write || th.effect.Step.ID != c.Step) {
			all = append(all, holding{c, th})
			th.state.Claim = nil
		}
	}
	return inOrder(all)
}

func (w *work) leave(ctx context.Context, tx *store.Tx, all []holding) error {
	for _, c := range all {
		conn := w.conns[c.Role]
		if conn == nil { // it is gone; whoever wants the claim of an item that has ended gets it
			continue
		}
		if err := tx.LeaveFlowClaim(ctx, conn.Scope(), c.Text, w.itemKey(c.th)); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) itemKey(th *thread) store.FlowItemKey {
	return store.FlowItemKey{Flow: w.flow.ID, Run: w.run.ID, Step: th.item.Step, N: th.item.N}
}
