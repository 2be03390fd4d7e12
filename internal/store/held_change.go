package store

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// HeldChange is what a sweep makes of its stream's held deletions. It is stored with the end of the run.
type HeldChange struct {
	before HeldDeletions // as the sweep found them
	after  heldSet
}

// Hold holds back everything that is missing, in the place of what was held before.
func (w *Sweep) Hold(now time.Time) *HeldChange {
	return w.change(heldSet{HeldDeletions{
		Run: w.r.ID, Missing: int64(w.gone.GetCardinality()), InRange: w.ranged, HeldAt: micros(now), Decision: DecisionPending,
	}, w.gone})
}

// Confirm keeps holding what was held before and is missing again. A stream that has grown since makes it no smaller part of what there was.
func (w *Sweep) Confirm(now time.Time) *HeldChange {
	h := heldSet{w.held.HeldDeletions, w.agreed}
	h.Missing, h.InRange, h.ConfirmedRun, h.ConfirmedAt = w.Agreed(), min(w.ranged, h.InRange), w.r.ID, micros(now)
	return w.change(h)
}

// CarryOut notes that the run has deleted what was approved.
func (w *Sweep) CarryOut(now time.Time) *HeldChange {
	h := heldSet{w.held.HeldDeletions, roaring64.New()}
	h.CarriedRun, h.CarriedAt = w.r.ID, micros(now)
	return w.change(h)
}

// KeepRejected leaves the rejected records in the set that have not come back.
func (w *Sweep) KeepRejected() *HeldChange {
	if w.kept.IsEmpty() {
		return w.Dissolve()
	}
	h := heldSet{w.held.HeldDeletions, w.kept}
	h.Missing, h.InRange = int64(w.kept.GetCardinality()), w.ranged
	return w.change(h)
}

// Dissolve ends the hold: what was missing came back, or was deleted in an ordinary way. nil when nothing is held.
func (w *Sweep) Dissolve() *HeldChange {
	if !w.held.open() {
		return nil
	}
	return w.change(heldSet{})
}

func (w *Sweep) change(after heldSet) *HeldChange {
	return &HeldChange{before: w.held.HeldDeletions, after: after}
}

// changeHeld stores what a sweep made of the held deletions, under the stream's lock. ErrDecided.
func (t *Tx) changeHeld(ctx context.Context, r *Run, c *HeldChange) error {
	if err := t.heldAre(ctx, r.key(), &c.before); err != nil {
		return err
	}
	return t.putHeld(ctx, r.key(), c.after)
}

// heldAre makes sure that held deletions are as they were. ErrDecided.
func (t *Tx) heldAre(ctx context.Context, k StreamKey, before *HeldDeletions) error {
	now, err := heldSetOf(ctx, t.q, k)
	if err == nil && !now.sameAs(before) {
		err = ErrDecided
	}
	return err
}
