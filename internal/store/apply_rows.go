package store

import (
	"context"
	"fmt"
	"time"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

func newPageRows(c Commit, n int) pageRows {
	return pageRows{commit: c, bodies: make([]BodyRow, 0, n), heads: make([]HeadRow, 0, n)}
}

// add makes the rows of one change. A record that comes back after its deletion is created again.
func (w *pageRows) add(c *Change, head HeadRow, exists bool, seq int64, e *envelope) error {
	next := HeadRow{ID: c.ID, RawHash: c.RawHash, Seq: seq, CreatedSeq: seq, CreatedAt: w.commit.At, RemoteUpdatedAt: c.RemoteUpdatedAt, RangeAt: c.RangeAt}
	if exists {
		next.CreatedAt = head.CreatedAt
		w.old = append(w.old, head.Seq)
	}
	if exists && !head.Deleted {
		if !w.anew {
			next.CreatedSeq = head.CreatedSeq
		}
		w.updated++
	} else {
		w.created++
	}
	if exists && head.Deleted {
		w.revived++
	}
	remoteID := Storable(c.RemoteID)
	record, err := e.record(next, remoteID, nil, c.Fields)
	if err != nil {
		return fmt.Errorf("record %s: %w", remoteID, err)
	}
	w.heads = append(w.heads, next)
	w.bodies = append(w.bodies, BodyRow{Seq: seq, CreatedSeq: next.CreatedSeq, ID: c.ID, RemoteID: remoteID, Record: record, Raw: storableBytes(c.Raw)})
	return nil
}

func (t *Tx) storeRecords(ctx context.Context, r *Run, w pageRows) error {
	if len(w.heads) == 0 {
		return nil
	}
	t.changed(ThingRecords, r.scope)
	k, bulk := r.key(), t.s.engine.Bulk
	if err := bulk.DeleteBodies(ctx, t.tx, k, w.old); err != nil {
		return fmt.Errorf("replace bodies: %w", err)
	}
	if err := bulk.InsertBodies(ctx, t.tx, k, w.commit, w.bodies); err != nil {
		return fmt.Errorf("insert bodies: %w", err)
	}
	if err := bulk.PutHeads(ctx, t.tx, k, w.heads); err != nil {
		return fmt.Errorf("put heads: %w", err)
	}
	if w.created == 0 || w.counted {
		return nil
	}
	return t.countRecords(ctx, k, w.created, -w.revived)
}

func (t *Tx) countRecords(ctx context.Context, k StreamKey, live, deleted int64) error {
	return t.q.CountRecords(ctx, queries.CountRecordsParams{Connection: k.Connection, Stream: k.Stream, Live: live, Deleted: deleted})
}

func (t *Tx) rehash(ctx context.Context, r *Run, rehashed []Rehash) error {
	k := r.key()
	for _, h := range rehashed {
		n, err := t.q.Rehash(ctx, queries.RehashParams{Connection: k.Connection, Stream: k.Stream, ID: h.ID[:], Seq: h.Seq, RawHash: h.RawHash[:]})
		if err == nil && n > 0 && h.Raw != nil {
			err = t.q.SetRaw(ctx, queries.SetRawParams{Connection: k.Connection, Stream: k.Stream, Seq: h.Seq, Raw: string(storableBytes(h.Raw))})
		}
		if err != nil {
			return fmt.Errorf("store the hash of %s: %w", h.ID, err)
		}
	}
	return nil
}

// noteSeen records which heads the page found unchanged. What it changed needs no note: its seq is above StartSeq.
func (t *Tx) noteSeen(ctx context.Context, r *Run, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	seen := roaring64.New()
	for _, seq := range seqs {
		seen.Add(uint64(seq))
	}
	seen.RunOptimize()
	packed, err := seen.ToBytes()
	if err != nil {
		return fmt.Errorf("pack what was seen: %w", err)
	}
	return t.q.InsertSeen(ctx, r.scope.no, r.ID, packed)
}

// unsureAt stands for the history date of a record that may have moved out of every period. No source gives it: a date has no microseconds.
var unsureAt = time.UnixMicro(1).UTC()

// Unsure says that the record's latest version is in quarantine, so that its history date is not known.
func (h *Head) Unsure() bool { return h.RangeAt.Equal(unsureAt) }

// putOutOfRange keeps bounded sweeps from deleting a record that may have moved out of their period, until it maps again.
func (t *Tx) putOutOfRange(ctx context.Context, r *Run, heads []*Head) error {
	k := r.key()
	for _, h := range heads {
		err := t.q.PutOutOfRange(ctx, queries.PutOutOfRangeParams{
			RangeAt: queries.At(unsureAt), Connection: k.Connection, Stream: k.Stream, ID: h.ID[:], Seq: h.Seq,
		})
		if err != nil {
			return fmt.Errorf("note that %s is in quarantine: %w", h.ID, err)
		}
	}
	return nil
}

// countPage adds to the run's tallies under its fence, which is held until the transaction ends: nobody else writes for the run meanwhile.
func (t *Tx) countPage(ctx context.Context, r *Run, p PageResult, w pageRows) (queries.Run, error) {
	dropped := int64(len(p.Changes)) - w.created - w.updated
	c := queries.CountRunParams{
		Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, Pages: p.Pages, Fetched: p.Fetched, Unchanged: p.Unchanged + dropped,
		Created: w.created, Updated: w.updated, Quarantined: int64(len(p.Bad)), Expected: p.Expected, Checkpoint: string(p.Checkpoint),
	}
	if p.Expected < 0 {
		c.Expected = r.Expected
	}
	if p.Checkpoint == nil {
		c.Checkpoint = string(r.Checkpoint)
	}
	return t.countRun(ctx, r, c)
}

// countRun also stores the run's range: its first page does, unless PlanRun did.
func (t *Tx) countRun(ctx context.Context, r *Run, c queries.CountRunParams) (queries.Run, error) {
	t.changedRuns(r.scope)
	c.SinceAt, c.HistoryFromAt, c.PagesBefore = queries.At(r.Since), queries.At(r.HistoryFrom), r.Counts.Pages
	row, err := t.q.CountRun(ctx, c)
	if err != nil {
		return row, noRows(err, ErrFenced)
	}
	if row.CancelRequested {
		return row, ErrCancelled
	}
	return row, nil
}
