package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Heads gives the heads of those ids that exist, aligned with ids (nil where new).
func (s *Store) Heads(ctx context.Context, sc Scope, entity string, ids []uuid.UUID) ([]*Head, error) {
	k, err := s.streamKey(ctx, sc, entity)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]*Head, len(ids))
	err = s.engine.Bulk.Heads(ctx, nil, k, ids, func(h HeadRow) {
		found[h.ID] = &Head{ID: h.ID, RawHash: h.RawHash, Seq: h.Seq, Deleted: h.Deleted, RemoteUpdatedAt: h.RemoteUpdatedAt, RangeAt: h.RangeAt}
	})
	if err != nil {
		return nil, fmt.Errorf("look up %d records of %s: %w", len(ids), entity, err)
	}
	return each(ids, func(id uuid.UUID) *Head { return found[id] }), nil
}

// RawBySeq gives the raw bodies at those seqs, aligned; nil where the record has moved on.
func (s *Store) RawBySeq(ctx context.Context, sc Scope, entity string, seqs []int64) ([][]byte, error) {
	k, err := s.streamKey(ctx, sc, entity)
	if err != nil {
		return nil, err
	}
	found := make(map[int64][]byte, len(seqs))
	err = s.engine.Bulk.Raws(ctx, k, seqs, func(seq int64, raw []byte) { found[seq] = append([]byte(nil), raw...) })
	if err != nil {
		return nil, fmt.Errorf("read raw records of %s: %w", entity, err)
	}
	return each(seqs, func(seq int64) []byte { return found[seq] }), nil
}

// ApplyPage stores one page in one transaction under the stream's lock and the run's fence: records with new seqs, bodies, hashes, seen set, quarantine,
// counts and checkpoint. A change whose head has moved since it was classified is dropped (the stored one is newer) and counts as unchanged; of two
// changes of one record the newer is kept. r.Counts, r.Expected, r.Checkpoint and r.Took are updated. ErrFenced, ErrCancelled, ErrFull; ErrConflict where p.Strict.
func (s *Store) ApplyPage(ctx context.Context, r *Run, p PageResult, now time.Time) error {
	var after queries.Run
	var took SeqRange
	err := s.Write(ctx, func(tx *Tx) (err error) {
		after, took, err = tx.applyPage(ctx, r, p, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("store a page of %s: %w", r.Entity, err)
	}
	r.Counts, r.Expected, r.Took = countsFrom(after), after.Expected, took
	if p.Checkpoint != nil {
		r.Checkpoint = p.Checkpoint
	}
	return nil
}

func (t *Tx) applyPage(ctx context.Context, r *Run, p PageResult, now time.Time) (queries.Run, SeqRange, error) {
	w, err := t.planPage(ctx, r, p, now)
	if err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	after, err := t.countPage(ctx, r, p, w)
	if err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	if err := t.storeRecords(ctx, r, w); err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	if err := t.rehash(ctx, r, p.Rehashed); err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	if err := t.noteSeen(ctx, r, p.SeenSeqs); err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	if err := t.followRecords(ctx, r, p, w); err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	if err := t.quarantine(ctx, r, p); err != nil {
		return queries.Run{}, SeqRange{}, err
	}
	return after, w.took, t.putOutOfRange(ctx, r, p.Unsure)
}

// pageRows are the rows that a page becomes.
type pageRows struct {
	commit           Commit
	bodies           []BodyRow
	heads            []HeadRow
	old              []int64 // seqs of bodies that are replaced
	created, updated int64
	revived          int64 // of created: those that were deleted before
	counted          bool  // the stream counts them already
	anew             bool  // a reset: to a reader, everything is created
	took             SeqRange
}

// planPage takes the stream's lock and seqs, compares every change with the head as it is now, and makes the rows.
func (t *Tx) planPage(ctx context.Context, r *Run, p PageResult, now time.Time) (pageRows, error) {
	changes := latest(p.Changes)
	if len(changes) == 0 {
		return pageRows{}, t.lockFor(ctx, r, p)
	}
	first, commit, err := t.takeSeqs(ctx, r.key(), len(changes), now)
	if err != nil {
		return pageRows{}, err
	}
	heads, err := t.headsOf(ctx, r.key(), changes)
	if err != nil {
		return pageRows{}, err
	}
	w := newPageRows(commit, len(changes))
	w.anew, w.took = r.Mode == Reset, SeqRange{first, first + int64(len(changes)) - 1}
	e := newEnvelope(r, commit, changes)
	for i := range changes {
		head, exists := heads[changes[i].ID]
		if moved(changes[i].Head, head, exists) {
			if p.Strict {
				return pageRows{}, ErrConflict
			}
			continue
		}
		if err := w.add(&changes[i], head, exists, first+int64(i), e); err != nil {
			return pageRows{}, err
		}
	}
	return w, nil
}

// lockFor takes the stream's lock for a page without changes that touches heads or bodies all the same: they change under that lock only.
func (t *Tx) lockFor(ctx context.Context, r *Run, p PageResult) error {
	if len(p.Rehashed)+len(p.Unsure) == 0 {
		return nil
	}
	_, err := t.q.LockStream(ctx, r.scope.no, r.Entity)
	return noRows(err, ErrFenced)
}

// takeSeqs takes the stream's lock and the next n seqs. The lock is held until the transaction ends, so commit order is seq order.
func (t *Tx) takeSeqs(ctx context.Context, k StreamKey, n int, now time.Time) (first int64, c Commit, err error) {
	row, err := t.q.NextSeqs(ctx, queries.NextSeqsParams{N: int64(n), Now: queries.At(now), Connection: k.Connection, Stream: k.Stream})
	if err != nil {
		return 0, Commit{}, fmt.Errorf("take %d seqs: %w", n, noRows(err, ErrFenced))
	}
	return row.Seq - int64(n) + 1, Commit{Epoch: row.Epoch, At: row.ChangedAt.Time}, nil
}

func (t *Tx) headsOf(ctx context.Context, k StreamKey, changes []Change) (map[uuid.UUID]HeadRow, error) {
	found := make(map[uuid.UUID]HeadRow, len(changes))
	ids := each(changes, func(c Change) uuid.UUID { return c.ID })
	err := t.s.engine.Bulk.Heads(ctx, t.tx, k, ids, func(h HeadRow) { found[h.ID] = h })
	return found, err
}

// moved says that the record is not any more as the change was classified against.
func moved(classified *Head, now HeadRow, exists bool) bool {
	if classified == nil {
		return exists
	}
	return !exists || now.Seq != classified.Seq
}
