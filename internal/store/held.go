package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Decision is what a person decided on held deletions.
type Decision string

// The decisions.
const (
	DecisionPending  Decision = "pending"
	DecisionApproved Decision = "approved"
	DecisionRejected Decision = "rejected"
)

// HeldDeletions are deletions that a complete sweep found and did not carry out, because they are suspiciously many. A stream has at most one such set;
// it holds records that every sweep since missed, and a record that comes back or changes is no longer in it.
type HeldDeletions struct {
	Entity       string
	Run          string // that found them
	Missing      int64  // records
	InRange      int64  // records that the sweeps spoke of
	HeldAt       time.Time
	ConfirmedRun string // the latest sweep that misses them too; "" while there is none
	ConfirmedAt  time.Time
	Decision     Decision
	DecidedAt    time.Time
	CarriedRun   string // that deleted the approved ones; "" before
	CarriedAt    time.Time
}

// heldSet is a stream's held deletions with the seqs of their heads.
type heldSet struct {
	HeldDeletions
	seqs *roaring64.Bitmap
}

// open says that the set still bears on sweeps.
func (h *HeldDeletions) open() bool { return h.Run != "" && h.CarriedRun == "" }

// HeldDeletions lists a connection's, carried out ones too; a later hold takes the place of the one before.
func (s *Store) HeldDeletions(ctx context.Context, sc Scope) ([]HeldDeletions, error) {
	return heldOf(ctx, s.read, sc)
}

func heldOf(ctx context.Context, q *queries.Queries, sc Scope) ([]HeldDeletions, error) {
	rows, err := q.HeldOfConnection(ctx, sc.no)
	if err != nil {
		return nil, fmt.Errorf("read held deletions: %w", err)
	}
	return each(rows, func(r queries.HeldOfConnectionRow) HeldDeletions {
		return HeldDeletions{
			Entity: r.Entity, Run: r.Run, Missing: r.MissingCount, InRange: r.RangeCount, HeldAt: r.HeldAt.Time, ConfirmedRun: r.ConfirmedRun,
			ConfirmedAt: r.ConfirmedAt.Time, Decision: Decision(r.Decision), DecidedAt: r.DecidedAt.Time, CarriedRun: r.CarriedRun, CarriedAt: r.CarriedAt.Time,
		}
	}), nil
}

// heldSetOf reads a stream's set; the zero set when there is none.
func heldSetOf(ctx context.Context, q *queries.Queries, k StreamKey) (heldSet, error) {
	h := heldSet{seqs: roaring64.New()}
	r, err := q.Held(ctx, k.Connection, k.Stream)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("read held deletions: %w", err)
	}
	h.HeldDeletions = HeldDeletions{
		Run: r.Run, Missing: r.MissingCount, InRange: r.RangeCount, HeldAt: r.HeldAt.Time, ConfirmedRun: r.ConfirmedRun, ConfirmedAt: r.ConfirmedAt.Time,
		Decision: Decision(r.Decision), DecidedAt: r.DecidedAt.Time, CarriedRun: r.CarriedRun, CarriedAt: r.CarriedAt.Time,
	}
	if err := h.seqs.UnmarshalBinary(r.Seqs); err != nil {
		return h, fmt.Errorf("unpack held deletions: %w", err)
	}
	return h, nil
}

// sameAs says that nobody decided or swept between two looks.
func (h *HeldDeletions) sameAs(other *HeldDeletions) bool {
	return h.Run == other.Run && h.ConfirmedRun == other.ConfirmedRun && h.Decision == other.Decision && h.CarriedRun == other.CarriedRun
}

// putHeld stores the set, or takes it away when no run found it.
func (t *Tx) putHeld(ctx context.Context, k StreamKey, h heldSet) error {
	if h.Run == "" {
		return t.q.DropHeld(ctx, k.Connection, k.Stream)
	}
	packed, err := pack(h.seqs)
	if err != nil {
		return err
	}
	return t.q.PutHeld(ctx, queries.PutHeldParams{
		Connection: k.Connection, Stream: k.Stream, Run: h.Run, Seqs: packed, MissingCount: h.Missing, RangeCount: h.InRange, HeldAt: queries.At(h.HeldAt),
		ConfirmedRun: h.ConfirmedRun, ConfirmedAt: queries.At(h.ConfirmedAt), Decision: string(h.Decision), DecidedAt: queries.At(h.DecidedAt),
		CarriedRun: h.CarriedRun, CarriedAt: queries.At(h.CarriedAt),
	})
}

func pack(seqs *roaring64.Bitmap) ([]byte, error) {
	seqs.RunOptimize()
	packed, err := seqs.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("pack seqs: %w", err)
	}
	return packed, nil
}

// DecideHeld stores a person's decision on the deletions that a run holds: the run that found them or the latest one that confirmed them. It gives
// them as they are then; the same decision again changes nothing. ErrNotFound: the run holds none (any more). ErrConflict: they were carried out,
// and the decision is another one; they are given too.
func (t *Tx) DecideHeld(ctx context.Context, r *Run, d Decision, now time.Time) (HeldDeletions, error) {
	t.changedRuns(r.scope)
	st, err := t.q.LockStream(ctx, r.scope.no, r.Entity)
	if err != nil {
		return HeldDeletions{}, orNotFound(err)
	}
	h, err := heldSetOf(ctx, t.q, r.key())
	h.Entity = r.Entity
	switch {
	case err != nil:
		return HeldDeletions{}, err
	case h.Run == "" || h.Run != r.ID && h.ConfirmedRun != r.ID:
		return HeldDeletions{}, fmt.Errorf("run %s holds no deletions: %w", r.ID, ErrNotFound)
	case h.Decision == d:
		return h.HeldDeletions, nil
	case h.CarriedRun != "":
		return h.HeldDeletions, fmt.Errorf("decide on the deletions of run %s: %w", r.ID, ErrConflict)
	}
	h.Decision, h.DecidedAt = d, micros(now)
	err = t.q.DecideHeld(ctx, queries.DecideHeldParams{Decision: string(d), DecidedAt: queries.At(now), Connection: r.scope.no, Stream: st.Stream})
	if err != nil {
		return h.HeldDeletions, fmt.Errorf("decide on the deletions of run %s: %w", r.ID, err)
	}
	return h.HeldDeletions, nil
}

// Forgive takes an error off a stream, if it is the one that it has: a person has decided what to do about it.
func (t *Tx) Forgive(ctx context.Context, r *Run, reasonCode string) error {
	t.changedRuns(r.scope)
	return t.q.ForgiveStream(ctx, r.scope.no, r.stream, reasonCode)
}

// moveHeld lets held deletions follow records that were mapped anew: that is no news of the source.
func (t *Tx) moveHeld(ctx context.Context, k StreamKey, w pageRows) error {
	if len(w.heads) == 0 || len(w.old) != len(w.heads) {
		return nil
	}
	h, err := heldSetOf(ctx, t.q, k)
	if err != nil || !h.open() {
		return err
	}
	moved := false
	for i, old := range w.old {
		if h.seqs.CheckedRemove(uint64(old)) {
			h.seqs.Add(uint64(w.heads[i].Seq))
			moved = true
		}
	}
	if !moved {
		return nil
	}
	packed, err := pack(h.seqs)
	if err != nil {
		return err
	}
	return t.q.SetHeldSeqs(ctx, packed, k.Connection, k.Stream)
}
