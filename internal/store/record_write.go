package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
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
	recs, err := t.ApplyRecords(ctx, sc, entity, []WrittenRecord{w}, now)
	if err != nil {
		return nil, err
	}
	return recs[0], nil
}

// ApplyRecords does so with several records, each another one and none of several gone, and gives them in the same order.
func (t *Tx) ApplyRecords(ctx context.Context, sc Scope, entity string, ws []WrittenRecord, now time.Time) ([]*Record, error) {
	if len(ws) > 1 && slices.ContainsFunc(ws, func(w WrittenRecord) bool { return w.Gone != "" }) {
		return nil, fmt.Errorf("store %d records of %s: one of them is gone, which is stored by itself", len(ws), entity)
	}
	a := &applied{Tx: t, sc: sc, entity: entity, now: now}
	if err := a.look(ctx, ws); err != nil {
		return nil, fmt.Errorf("store %d records of %s: %w", len(ws), entity, err)
	}
	recs := make([]*Record, len(ws))
	for i := range ws {
		var err error
		if recs[i], err = a.add(ctx, &ws[i]); err != nil {
			return nil, fmt.Errorf("store record %s of %s: %w", ws[i].RemoteID, entity, err)
		}
	}
	if err := a.put(ctx); err != nil {
		return nil, fmt.Errorf("store %d records of %s: %w", len(ws), entity, err)
	}
	for i := range ws {
		if recs[i] != nil {
			continue
		}
		rec, err := getRecord(ctx, t.q, sc, entity, ws[i].ID, false)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		recs[i] = rec
	}
	return recs, nil
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
