package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// remembered is how many transactions back the keeper knows which records changed: more than the pipeline can be ahead.
const remembered = 4

// coalescePages is how many pages without any change may share one transaction: there is nothing in them to lose.
const coalescePages = 8

// pageKeeper stores batches in order. Pages without a change wait for company; a page with one is stored at once, together
// with what waits.
type pageKeeper struct {
	slice   *runSlice
	waiting *store.PageResult
	since   int64                              // the stream's seq before the oldest page that waits was asked for
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
	k.add(b.result, b.since)
	if !last && len(b.result.Changes)+len(b.result.Rehashed)+len(b.result.Bad) == 0 && k.waiting.Pages < coalescePages {
		return nil
	}
	return k.flush(ctx)
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

// add joins a batch to what waits. What waits holds no changes, so order among them does not matter.
func (k *pageKeeper) add(r store.PageResult, since int64) {
	if k.waiting == nil {
		k.waiting, k.since = &r, since
		return
	}
	w := k.waiting
	k.since = min(k.since, since)
	w.Changes, w.Rehashed, w.Bad, w.Unsure = r.Changes, r.Rehashed, r.Bad, r.Unsure
	w.SeenSeqs = append(w.SeenSeqs, r.SeenSeqs...)
	w.Pages, w.Fetched, w.Unchanged = w.Pages+r.Pages, w.Fetched+r.Fetched, w.Unchanged+r.Unchanged
}

// flush stores what waits, with the checkpoint behind it.
func (k *pageKeeper) flush(ctx context.Context) error {
	s := k.slice
	for k.waiting != nil {
		r := *k.waiting
		r.Checkpoint, r.Expected, r.Strict = s.cp.encode(), s.cp.Total, true
		err := s.worker.Store.ApplyPage(ctx, s.run, r, s.worker.Now())
		if errors.Is(err, store.ErrConflict) {
			err = k.judgeAnew(ctx)
			if err == nil {
				continue
			}
		}
		if err != nil {
			k.waiting = nil
			return err
		}
		k.stored()
	}
	return s.tooManyBad()
}

// stored notes what the latest transaction changed.
func (k *pageKeeper) stored() {
	s, ids := k.slice, make(map[uuid.UUID]struct{}, len(k.waiting.Changes))
	for i := range k.waiting.Changes {
		ids[k.waiting.Changes[i].ID] = struct{}{}
	}
	n := s.applied.Load()
	k.changed[n%remembered] = ids
	k.waiting, s.own = nil, s.own.with(s.run.Took)
	s.applied.Store(n + 1)
}

// judgeAnew compares what waits with the heads as they are now: others have stored one of the records since it was classified.
func (k *pageKeeper) judgeAnew(ctx context.Context) error {
	s, w := k.slice, k.waiting
	ids := make([]uuid.UUID, len(w.Changes))
	for i := range w.Changes {
		ids[i] = w.Changes[i].ID
	}
	heads, err := s.worker.Store.Heads(ctx, s.conn.Scope(), s.run.Entity, ids)
	if err != nil {
		return fmt.Errorf("look up the heads of a page of %s: %w", s.run.Entity, err)
	}
	kept := w.Changes[:0]
	for i, c := range w.Changes {
		c.Head = heads[i]
		switch {
		case c.Head != nil && !c.Head.Deleted && c.Head.RawHash == c.RawHash && !s.rewrites(c.Head):
			unchanged(w, c.Head)
		case s.mayBeOlder(&c, k.since, false):
			s.leave(w, &c)
		default:
			kept = append(kept, c)
		}
	}
	w.Changes = kept
	return nil
}

// startPhaseAnew stores what waits with a checkpoint at the phase's first page: the source no longer takes the token. What the phase has seen
// so far stays seen.
func (k *pageKeeper) startPhaseAnew(ctx context.Context) error {
	k.slice.cp.enter(k.slice.cp.Phase)
	k.add(store.PageResult{}, 0)
	if err := k.flush(ctx); err != nil {
		return err
	}
	return k.slice.worker.Store.ForgetBad(ctx, k.slice.run)
}
