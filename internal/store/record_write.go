package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// WrittenRecord is a record as the system shows it after a write, or when it was read by itself.
type WrittenRecord struct {
	Change        // Head is looked up anew
	Gone   string // with a value: the record is gone, and this is the evidence (explicit, not_found)

	// Since is the stream's seq (Position) when the system was asked for the record. With it a record that others stored since then is not replaced by what may be
	// older: unless the source's stamps tell, ErrConflict, and the record is to be read again. 0: what is stored counts as older.
	Since int64
	// Wrote says that a write of ours went before. While a run reads the stream, its result is stored anew even if it is as it is stored: a page that was asked for
	// before it cannot take its place.
	Wrote bool
}

// ApplyRecord stores one record outside a run, under the stream's lock: a new version with a new seq, nothing when its bytes are what is stored or when the source's stamps
// show it to be older than what is stored, a deletion when it is gone. What is in quarantine of the record is settled. It gives the record as stored, nil when there is
// none. In one transaction it comes before MoveItem: locks are taken in the order connection, stream, operation. ErrNotFound: the connection has no such stream. ErrConflict: see Since.
func (t *Tx) ApplyRecord(ctx context.Context, sc Scope, entity string, w WrittenRecord, now time.Time) (*Record, error) {
	st, err := t.q.LockStream(ctx, sc.no, entity)
	if err != nil {
		return nil, fmt.Errorf("store a record of %s: %w", entity, orNotFound(err))
	}
	a := &applied{Tx: t, sc: sc, stream: st, entity: entity, w: &w, now: now}
	if err := a.store(ctx); err != nil {
		return nil, fmt.Errorf("store record %s of %s: %w", w.RemoteID, entity, err)
	}
	if a.result != nil {
		return a.result, nil
	}
	rec, err := getRecord(ctx, t.q, sc, entity, w.ID, false)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return rec, err
}

// applied is one record that is stored outside a run.
type applied struct {
	*Tx
	sc     Scope
	stream queries.Stream
	entity string
	w      *WrittenRecord
	now    time.Time
	head   HeadRow
	exists bool
	result *Record // what it became; nil: look
}

func (a *applied) key() StreamKey { return StreamKey{Connection: a.sc.no, Stream: a.stream.Stream} }

// asRun stands for a run where only the stream is asked for.
func (a *applied) asRun() *Run {
	return &Run{scope: a.sc, stream: a.stream.Stream, Entity: a.entity}
}

func (a *applied) store(ctx context.Context) error {
	heads, err := a.headsOf(ctx, a.key(), []Change{a.w.Change})
	if err != nil {
		return err
	}
	a.head, a.exists = heads[a.w.ID]
	older, err := a.older()
	if err != nil || older {
		return err
	}
	if err := a.put(ctx); err != nil {
		return err
	}
	return a.q.SupersedeQuarantined(ctx, a.sc.no, a.stream.Stream, a.w.ID[:])
}

// older says that what is stored is newer, or that nobody can tell (ErrConflict).
func (a *applied) older() (bool, error) {
	if !a.exists {
		return false, nil
	}
	ours, stored := micros(a.w.RemoteUpdatedAt), a.head.RemoteUpdatedAt
	if a.w.Gone == "" && !a.head.Deleted && !ours.IsZero() && !stored.IsZero() && !ours.Equal(stored) {
		return ours.Before(stored), nil
	}
	if a.w.Since > 0 && a.head.Seq > a.w.Since && !a.same() {
		return false, fmt.Errorf("it was stored meanwhile: %w", ErrConflict)
	}
	return false, nil
}

// same says that the record is stored as it is.
func (a *applied) same() bool {
	if a.w.Gone != "" {
		return !a.exists || a.head.Deleted
	}
	return a.exists && !a.head.Deleted && a.head.RawHash == a.w.RawHash && !a.head.RangeAt.Equal(unsureAt)
}

func (a *applied) put(ctx context.Context) error {
	run, err := a.running(ctx)
	if err != nil {
		return err
	}
	if a.same() && (run == nil || !a.w.Wrote || a.w.Gone != "") {
		return nil
	}
	if a.w.Gone != "" {
		_, err := a.bury(ctx, a.asRun(), []LiveHead{{ID: a.w.ID, Seq: a.head.Seq}}, deletion{evidence: a.w.Gone}, a.now)
		return err
	}
	seqs := queries.NextSeqsParams{N: 1}
	switch {
	case !a.exists:
		seqs.Live = 1
	case a.head.Deleted:
		seqs.Live, seqs.Deleted = 1, -1
	}
	first, commit, err := a.nextSeqs(ctx, a.key(), seqs, a.now)
	if err != nil {
		return err
	}
	rows := newPageRows(commit, 1)
	rows.anew = run != nil && Mode(run.Mode) == Reset && a.head.Seq <= run.StartSeq // a reader who began anew has not met it
	if err := rows.add(&a.w.Change, a.head, a.exists, first, newEnvelope(a.asRun(), commit, []Change{a.w.Change})); err != nil {
		return err
	}
	rows.counted = true
	body := rows.bodies[0]
	a.result = &Record{Seq: body.Seq, JSON: string(body.Record)}
	return a.storeRecords(ctx, a.asRun(), rows)
}

// running gives the run that reads the stream now; nil: none.
func (a *applied) running(ctx context.Context) (*queries.Run, error) {
	active, err := a.q.ActiveRunsOfStream(ctx, a.sc.no, a.stream.Stream)
	running, _ := split(active)
	return running, err
}

// RecordForWrite is a stored record with what a write needs of it.
type RecordForWrite struct {
	Record
	RemoteID string
	Version  string
}

// RecordForWrite gives a record with its raw body, remote id and version, deleted ones too. ErrNotFound.
func (s *Store) RecordForWrite(ctx context.Context, sc Scope, entity string, id uuid.UUID) (*RecordForWrite, error) {
	r, err := s.read.RecordForWrite(ctx, sc.no, Storable(entity), id[:])
	if err != nil {
		return nil, fmt.Errorf("record %s of %s: %w", id, entity, orNotFound(err))
	}
	return &RecordForWrite{
		Record: Record{Seq: r.Seq, Deleted: bool(r.Deleted), JSON: r.Record, Raw: r.Raw}, RemoteID: r.RemoteID, Version: version(r.Epoch, r.Seq),
	}, nil
}

// RecordVersion gives the present version of a record within the transaction; who holds the record for a write (ItemMove.Lock) sees what the write before has made of it. ErrNotFound.
func (t *Tx) RecordVersion(ctx context.Context, sc Scope, entity string, id uuid.UUID) (string, error) {
	r, err := t.q.RecordVersion(ctx, sc.no, Storable(entity), id[:])
	if err != nil {
		return "", fmt.Errorf("version of record %s of %s: %w", id, entity, orNotFound(err))
	}
	return version(r.Epoch, r.Seq), nil
}

// RemoteIDs gives the remote ids of live records by id; missing ones are left out. ErrNotFound: no such stream.
func (s *Store) RemoteIDs(ctx context.Context, sc Scope, entity string, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	found := make(map[uuid.UUID]string, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	k, err := s.streamKey(ctx, sc, entity)
	if err != nil {
		return nil, err
	}
	err = s.engine.Bulk.RemoteIDs(ctx, k, ids, func(id uuid.UUID, remoteID string) { found[id] = remoteID })
	if err != nil {
		return nil, fmt.Errorf("look up the remote ids of %d records of %s: %w", len(ids), entity, err)
	}
	return found, nil
}
