package engine

import (
	"context"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// remembered is how many transactions back the keeper knows which records changed: more than the pipeline can be ahead.
const remembered = 4

// pageKeeper stores batches in order. Pages without a change wait for company; a page with one is stored at once, together
// with what waits.
type pageKeeper struct {
	slice   *runSlice
	waiting *store.PageResult
	changed [remembered]map[uuid.UUID]struct{} // ids changed by the latest transactions, by number modulo
}

// current gives the batch as it is classified now: again, when a page stored meanwhile held one of its records.
func (k *pageKeeper) current(ctx context.Context, b batch) batch {
	if k.overtaken(b) {
		return k.slice.classifyPage(ctx, b.fetchedPage)
	}
	return b
}

// keep stores the batch or lets it wait; the phase's last page never waits.
func (k *pageKeeper) keep(ctx context.Context, b batch, last bool) error {
	k.add(b.result)
	if !last && len(b.result.Changes)+len(b.result.Rehashed)+len(b.result.Bad) == 0 && k.waiting.Pages < coalescePages {
		return nil
	}
	if err := k.flush(ctx); err != nil {
		return err
	}
	k.remember(b.result.Changes)
	return k.slice.tooManyBad()
}

// overtaken says that a record of the batch was changed by a transaction that its classification did not know of: the
// source gave the record on two pages.
func (k *pageKeeper) overtaken(b batch) bool {
	for n := b.applied; n < k.slice.applied.Load(); n++ {
		changed := k.changed[n%remembered]
		for _, id := range b.ids {
			if _, ok := changed[id]; ok {
				return true
			}
		}
	}
	return false
}

func (k *pageKeeper) remember(changes []store.Change) {
	ids := make(map[uuid.UUID]struct{}, len(changes))
	for i := range changes {
		ids[changes[i].ID] = struct{}{}
	}
	n := k.slice.applied.Load()
	k.changed[n%remembered] = ids
	k.slice.applied.Store(n + 1)
}

// add joins a batch to what waits. What waits holds no changes, so order among them does not matter.
func (k *pageKeeper) add(r store.PageResult) {
	if k.waiting == nil {
		k.waiting = &r
		return
	}
	w := k.waiting
	w.Changes, w.Rehashed, w.Bad, w.Unsure = r.Changes, r.Rehashed, r.Bad, r.Unsure
	w.SeenSeqs = append(w.SeenSeqs, r.SeenSeqs...)
	w.Pages, w.Fetched, w.Unchanged = w.Pages+r.Pages, w.Fetched+r.Fetched, w.Unchanged+r.Unchanged
}

// flush stores what waits, with the checkpoint behind it.
func (k *pageKeeper) flush(ctx context.Context) error {
	if k.waiting == nil {
		return nil
	}
	s, r := k.slice, *k.waiting
	k.waiting = nil
	r.Checkpoint, r.Expected = s.cp.encode(), s.cp.Total
	return s.worker.Store.ApplyPage(ctx, s.run, r, s.worker.Now())
}

// startPhaseAnew stores what waits with a checkpoint at the phase's first page: the source no longer takes the token. What the phase has seen
// so far stays seen.
func (k *pageKeeper) startPhaseAnew(ctx context.Context) error {
	k.slice.cp.enter(k.slice.cp.Phase)
	k.add(store.PageResult{})
	if err := k.flush(ctx); err != nil {
		return err
	}
	return k.slice.worker.Store.ForgetBad(ctx, k.slice.run)
}
