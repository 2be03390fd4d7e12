package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// claim is what an upsert has for itself from before it looks for its record until its write is final and the store has what it made: whoever goes by the same key looks after that, and finds what it made.
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
	holders := make([]*store.FlowItemKey, len(wanted))
	err = w.commit(func(ctx context.Context, tx *store.Tx) (err error) {
		if err := w.leave(ctx, tx, inOrder(before)); err != nil {
			return err
		}
		for i, c := range inOrder(wanted) {
			if holders[i], err = tx.ClaimForFlowItem(ctx, w.conns[c.Role].Scope(), c.Text, w.itemKey(c.th)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	told := map[string]string{}
	for i, c := range wanted {
		th := c.th
		if holders[i] == nil {
			th.state.Claim, th.state.Looks, th.later = c.claim, 0, nil
			held = append(held, th)
			continue
		}
		th.state.Claim = nil
		th.state.Looks++
		run, err := w.holder(told, holders[i])
		if err != nil {
			return nil, err
		}
		th.later = problem.Newf(problem.OperationInProgress, "Item %d of step %s of %s makes the record with the same key. This one looks again when that is over.", holders[i].N, shownStep(holders[i].Step), run)
	}
	return held, nil
}

// holder says which run has a claim, and whether it is paused. told are those that are known.
func (w *work) holder(told map[string]string, k *store.FlowItemKey) (string, error) {
	if k.Flow == w.flow.ID && k.Run == w.run.ID {
		return "this run", nil
	}
	if text := told[k.Run]; text != "" {
		return text, nil
	}
	text := "run " + k.Run
	r, err := w.Store.FlowRun(w.turn.work, k.Flow, k.Run)
	if err == nil {
		var f *store.Flow
		if f, err = w.Store.FlowByID(w.turn.work, k.Flow); err == nil {
			text += " of the flow " + f.Name
			if r.Paused || f.Paused {
				text += ", which is paused,"
			}
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", err
	}
	told[k.Run] = text
	return text, nil
}

// arrived says that the record which an upsert has made is in the store, where whoever upserts by the same key finds it. Until then the thread waits with its claim, and says so.
func (w *work) arrived(entity string, it *store.Item, th *thread) (bool, error) {
	c := th.state.Claim
	if c == nil || it.Op != string(manifest.Create) || it.Version != "" || w.conns[c.Role] == nil {
		return true, nil
	}
	_, err := w.Store.Get(w.turn.work, w.conns[c.Role].Scope(), entity, it.Record, false)
	if errors.Is(err, store.ErrNotFound) {
		th.waits = store.FlowWaitsRecord
		th.fault = problem.Newf(problem.OperationInProgress, "The record %s of %s is made, and Busbar could not read it behind the write. This goes on when a sync of %s has brought it; skip the item if it shall not wait.", it.RemoteID, entity, entity).
			With("operation", "/v1/operations/"+th.item.Operation)
		return false, nil
	}
	return err == nil, err
}

// left takes from threads the claims that what they are stored with needs no more; one with no effect at hand waits for its write as before. leave gives them back in the transaction that stores it.
func (w *work) left(threads []*thread) (all []holding) {
	for _, th := range threads {
		if c := th.state.Claim; c != nil && th.effect.Kind != "" && (th.effect.Kind != machine.Write || th.effect.Step.ID != c.Step) {
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
