package store

import (
	"context"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// AbsentFromSweep is the evidence on records that a complete full run did not meet.
const AbsentFromSweep = "absent_from_complete_sweep"

// Sweep compares what a complete full run saw with what is stored.
type Sweep struct {
	s     *Store
	r     *Run
	seen  *roaring64.Bitmap
	after uuid.UUID // heads up to here are done
	spare bool      // records without a history date

	held   heldSet           // when the sweep was opened
	gone   *roaring64.Bitmap // candidates, once counted
	agreed *roaring64.Bitmap // of gone: those held
	kept   *roaring64.Bitmap // of those held: what has not come back
	ranged int64             // live records in the range that the run has not created
}

// SpareUndated leaves records alone that have no history date: a source that is asked for a period may leave them out.
func (w *Sweep) SpareUndated() { w.spare = true }

// OpenSweep loads the seen set of a run and the stream's held deletions. Candidates are live heads with seq <= r.StartSeq that were not seen and whose
// RangeAt is zero or well inside the period that begins with r.HistoryFrom.
func (s *Store) OpenSweep(ctx context.Context, r *Run) (*Sweep, error) {
	seen, _, err := s.Seen(ctx, r, 0)
	if err != nil {
		return nil, err
	}
	held, err := heldSetOf(ctx, s.read, r.key())
	if err != nil {
		return nil, err
	}
	return &Sweep{s: s, r: r, seen: seen.seqs, held: held}, nil
}

// Held gives the stream's held deletions as the sweep found them; nil when there are none, or they were carried out.
func (w *Sweep) Held() *HeldDeletions {
	if !w.held.open() {
		return nil
	}
	return &w.held.HeldDeletions
}

// Agreed is how many of the candidates that Count counted are held deletions.
func (w *Sweep) Agreed() int64 { return int64(w.agreed.GetCardinality()) }

// SeenSet is what a run has seen unchanged: seqs of heads.
type SeenSet struct{ seqs *roaring64.Bitmap }

// NewSeenSet gives an empty set.
func NewSeenSet() *SeenSet { return &SeenSet{roaring64.New()} }

// Add says whether the seq is new to the set.
func (s *SeenSet) Add(seq int64) bool { return s.seqs.CheckedAdd(uint64(seq)) }

// Has says whether the seq is in the set.
func (s *SeenSet) Has(seq int64) bool { return s.seqs.Contains(uint64(seq)) }

// Seen loads what a run has noted so far, without its first notes. notes is how many there are by now.
func (s *Store) Seen(ctx context.Context, r *Run, without int) (seen *SeenSet, notes int, err error) {
	rows, err := s.read.Seen(ctx, r.scope.no, r.ID)
	if err != nil {
		return nil, 0, fmt.Errorf("load what run %s has seen: %w", r.ID, err)
	}
	seen = NewSeenSet()
	for _, packed := range rows[min(without, len(rows)):] {
		part := roaring64.New()
		if err := part.UnmarshalBinary(packed); err != nil {
			return nil, 0, fmt.Errorf("unpack what run %s has seen: %w", r.ID, err)
		}
		seen.seqs.Or(part)
	}
	return seen, len(rows), nil
}

// Count gives how many candidates there are and of how many live records in the range: those that the run has created say nothing of what is missing.
func (w *Sweep) Count(ctx context.Context) (missing, inRange int64, err error) {
	w.gone, w.agreed, w.kept, w.ranged = roaring64.New(), roaring64.New(), roaring64.New(), 0
	err = w.walk(ctx, uuid.Nil, func(h LiveHead) bool {
		w.count(h)
		return true
	})
	missing = int64(w.gone.GetCardinality())
	w.ranged = max(missing, w.ranged-w.r.Counts.Created)
	return missing, w.ranged, err
}

func (w *Sweep) count(h LiveHead) {
	seq := uint64(h.Seq)
	held := w.held.open() && w.held.seqs.Contains(seq)
	if held && !w.seen.Contains(seq) {
		w.kept.Add(seq)
	}
	if w.inRange(h) {
		w.ranged++
	}
	if !w.missing(h) {
		return
	}
	if w.gone.Add(seq); held {
		w.agreed.Add(seq)
	}
}

// Delete marks up to limit candidates deleted with evidence absent_from_complete_sweep, in one transaction; done when none are left. Rejected deletions
// are left out, but by a reset. Safe to repeat after a crash. ErrFenced. ErrDecided.
func (w *Sweep) Delete(ctx context.Context, limit int, now time.Time) (deleted int, done bool, err error) {
	found := make([]LiveHead, 0, limit)
	last := w.after
	err = w.walk(ctx, w.after, func(h LiveHead) bool {
		if w.missing(h) && !w.rejected(h) {
			found = append(found, h)
		}
		last = h.ID
		return len(found) < limit
	})
	if err != nil {
		return 0, false, err
	}
	done = len(found) < limit
	if len(found) > 0 {
		if deleted, err = w.bury(ctx, found, now); err != nil {
			return 0, false, fmt.Errorf("delete records of %s that are gone: %w", w.r.Entity, err)
		}
	}
	w.after = last
	return deleted, done, nil
}

func (w *Sweep) bury(ctx context.Context, found []LiveHead, now time.Time) (deleted int, err error) {
	var after queries.Run
	err = w.s.Write(ctx, func(tx *Tx) error {
		deleted, err = tx.bury(ctx, w.r, found, deletion{evidence: AbsentFromSweep, runID: w.r.ID}, now)
		if err != nil {
			return err
		}
		if err := tx.heldAre(ctx, w.r.key(), &w.held.HeldDeletions); err != nil {
			return err
		}
		after, err = tx.countRun(ctx, w.r, countDeleted(w.r, deleted))
		return err
	})
	if err == nil {
		w.r.Counts = countsFrom(after)
	}
	return deleted, err
}

// zoneSlack is how far a day's edge can lie from another zone's: what is nearer to the edge of the period than that may be outside in the
// source's reading of it.
const zoneSlack = 26 * time.Hour

func (w *Sweep) inRange(h LiveHead) bool {
	switch {
	case w.r.HistoryFrom.IsZero():
		return true
	case h.RangeAt.IsZero():
		return !w.spare
	}
	return !h.RangeAt.Before(w.r.HistoryFrom.Add(zoneSlack))
}

func (w *Sweep) missing(h LiveHead) bool {
	return h.Seq <= w.r.StartSeq && !w.seen.Contains(uint64(h.Seq)) && w.inRange(h)
}

// rejected says that a person wants the record to stay; who asks for a reset wants otherwise.
func (w *Sweep) rejected(h LiveHead) bool {
	return w.r.Mode != Reset && w.held.open() && w.held.Decision == DecisionRejected && w.held.seqs.Contains(uint64(h.Seq))
}

// walk calls each with the live heads after an id, in the order of ids, until it returns false. Memory is bounded.
func (w *Sweep) walk(ctx context.Context, after uuid.UUID, each func(LiveHead) bool) error {
	k := w.r.key()
	for {
		n, stopped := 0, false
		err := w.s.scans.liveHeads(ctx, k, after, func(h LiveHead) bool {
			n, after = n+1, h.ID
			stopped = !each(h)
			return !stopped
		})
		if err != nil {
			return fmt.Errorf("walk the records of %s: %w", w.r.Entity, err)
		}
		if stopped || n < walkStep {
			return nil
		}
	}
}

func countDeleted(r *Run, n int) queries.CountRunParams {
	return queries.CountRunParams{
		Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, Deleted: int64(n), Expected: r.Expected, Checkpoint: string(r.Checkpoint),
	}
}
