package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// applied are records that are stored outside a run, under the lock of their stream.
type applied struct {
	*Tx
	sc     Scope
	entity string
	now    time.Time
	key    StreamKey
	stream queries.StandingRow // and the run that reads it
	heads  map[uuid.UUID]HeadRow
	rows   pageRows
	n      int64 // seqs taken
	live   int64 // records more
	dead   int64
}

// look takes the stream's lock, and reads what stands there. ErrNotFound.
func (a *applied) look(ctx context.Context, ws []WrittenRecord) (err error) {
	if a.key, err = a.s.streamKey(ctx, a.sc, a.entity); err != nil {
		return err
	}
	if err := a.q.LockStreamNumber(ctx, a.key.Connection, a.key.Stream); err != nil {
		return err
	}
	if a.stream, err = a.q.Standing(ctx, ws[0].ID[:], a.key.Connection, a.key.Stream); err != nil {
		return orNotFound(err)
	}
	at := micros(a.now)
	if !a.stream.ChangedAt.Before(at) { // the clock of a stream never stands
		at = a.stream.ChangedAt.Add(time.Microsecond)
	}
	a.rows = newPageRows(Commit{Epoch: a.stream.Epoch, At: at}, len(ws))
	a.rows.counted = true
	if len(ws) > 1 {
		a.heads, err = a.headsOf(ctx, a.key, each(ws, func(w WrittenRecord) Change { return w.Change }))
		return err
	}
	a.heads = map[uuid.UUID]HeadRow{}
	if r := a.stream; r.HeadSeq.Valid {
		h := HeadRow{ID: ws[0].ID, Seq: r.HeadSeq.Int64, CreatedSeq: r.CreatedSeq.Int64, CreatedAt: r.CreatedAt.Time, Deleted: r.Deleted != 0, RemoteUpdatedAt: r.RemoteUpdatedAt.Time, RangeAt: r.RangeAt.Time}
		copy(h.RawHash[:], r.RawHash)
		a.heads[h.ID] = h
	}
	return nil
}

// asRun stands for a run where only the stream is asked for.
func (a *applied) asRun() *Run {
	return &Run{scope: a.sc, stream: a.key.Stream, Entity: a.entity}
}

// add takes in one record, and gives what it becomes; nil: it is what is stored, or gone.
func (a *applied) add(ctx context.Context, w *WrittenRecord) (rec *Record, err error) {
	head, exists := a.heads[w.ID]
	if older, err := w.older(head, exists); older || err != nil {
		return nil, err
	}
	switch {
	case w.same(head, exists) && (!a.stream.Mode.Valid || !w.Wrote || w.Gone != ""):
	case w.Gone != "":
		_, err = a.bury(ctx, a.asRun(), []LiveHead{{ID: w.ID, Seq: head.Seq}}, deletion{evidence: w.Gone}, a.now)
	default:
		rec, err = a.plan(w, head, exists)
	}
	if err != nil {
		return nil, err
	}
	return rec, a.q.SupersedeQuarantined(ctx, a.key.Connection, a.key.Stream, w.ID[:])
}

// older says that what is stored is newer, or that nobody can tell (ErrConflict).
func (w *WrittenRecord) older(head HeadRow, exists bool) (bool, error) {
	if !exists {
		return false, nil
	}
	ours, stored := micros(w.RemoteUpdatedAt), head.RemoteUpdatedAt
	if w.Gone == "" && !head.Deleted && !ours.IsZero() && !stored.IsZero() && !ours.Equal(stored) {
		return ours.Before(stored), nil
	}
	if w.Since > 0 && head.Seq > w.Since && !w.same(head, exists) {
		return false, fmt.Errorf("it was stored meanwhile: %w", ErrConflict)
	}
	return false, nil
}

// same says that the record is stored as it is.
func (w *WrittenRecord) same(head HeadRow, exists bool) bool {
	if w.Gone != "" {
		return !exists || head.Deleted
	}
	return exists && !head.Deleted && head.RawHash == w.RawHash && !head.RangeAt.Equal(unsureAt)
}

// plan makes the rows of a new version.
func (a *applied) plan(w *WrittenRecord, head HeadRow, exists bool) (*Record, error) {
	switch {
	case !exists:
		a.live++
	case head.Deleted:
		a.live, a.dead = a.live+1, a.dead-1
	}
	a.n++
	a.rows.anew = a.stream.Mode.Valid && Mode(a.stream.Mode.String) == Reset && head.Seq <= a.stream.StartSeq.Int64 // a reader who began anew has not met it
	e := newEnvelope(a.asRun(), a.rows.commit, []Change{w.Change})
	if err := a.rows.add(&w.Change, head, exists, a.stream.Seq+a.n, e); err != nil {
		return nil, err
	}
	body := a.rows.bodies[len(a.rows.bodies)-1]
	return &Record{Seq: body.Seq, JSON: string(body.Record)}, nil
}

// put stores the rows.
func (a *applied) put(ctx context.Context) error {
	if a.n == 0 {
		return nil
	}
	err := a.q.TakeSeqs(ctx, queries.TakeSeqsParams{
		Seq: a.stream.Seq + a.n, Live: a.live, Deleted: a.dead, ChangedAt: queries.At(a.rows.commit.At), Connection: a.key.Connection, Stream: a.key.Stream,
	})
	if err != nil {
		return fmt.Errorf("take %d seqs: %w", a.n, err)
	}
	a.changed(ThingRecords, a.sc)
	a.changed(ThingSyncs, a.sc) // which count them
	return a.storeRecords(ctx, a.asRun(), a.rows)
}
