package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// scans are the reads over many rows whose bytes are not copied row by row.
type scans struct {
	statements map[string]*sql.Stmt
}

// bodyScan asks for bodies of a stream after a seq.
type bodyScan struct {
	StreamKey
	After     int64
	Limit     int
	Deleted   bool // tombstones too
	JSON, Raw bool // which of the two texts to read
}

const (
	scanBodies = `select seq, created_seq, epoch, updated_at, id, deleted, remote_id, record, raw from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanFeed = `select seq, created_seq, epoch, updated_at, id, deleted, remote_id, '', '' from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanFeedRecords = `select seq, created_seq, epoch, updated_at, id, deleted, remote_id, record, '' from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanLive = `select seq, created_seq, epoch, updated_at, id, deleted, '', record, '' from bodies
where connection = $1 and stream = $2 and deleted = 0 and seq > $3 order by seq limit $4`
	scanLiveRaw = `select seq, created_seq, epoch, updated_at, id, deleted, '', record, raw from bodies
where connection = $1 and stream = $2 and deleted = 0 and seq > $3 order by seq limit $4`
	scanLiveHeads = `select id, seq, range_at from heads
where connection = $1 and stream = $2 and deleted = 0 and id > $3 order by id limit $4`
)

// walkStep keeps each read of a walk over heads short.
const walkStep = 5000

func prepareScans(ctx context.Context, db *sql.DB) (*scans, error) {
	s := &scans{statements: map[string]*sql.Stmt{}}
	for _, text := range []string{scanBodies, scanFeed, scanFeedRecords, scanLive, scanLiveRaw, scanLiveHeads} {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		s.statements[text] = st
	}
	return s, nil
}

func (b bodyScan) text() string {
	switch {
	case !b.JSON:
		return scanFeed
	case b.Deleted && b.Raw:
		return scanBodies
	case b.Deleted:
		return scanFeedRecords
	case b.Raw:
		return scanLiveRaw
	}
	return scanLive
}

// bodies calls each with bodies in seq order until it returns false. The row is valid during the call only.
func (s *scans) bodies(ctx context.Context, b bodyScan, each func(*BodyRow) (more bool)) (err error) {
	rows, err := s.statements[b.text()].QueryContext(ctx, b.Connection, b.Stream, b.After, b.Limit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var row BodyRow
	var id, record, raw sql.RawBytes
	var at queries.Time
	for rows.Next() {
		if err := rows.Scan(&row.Seq, &row.CreatedSeq, &row.Epoch, &at, &id, (*queries.Flag)(&row.Deleted), &row.RemoteID, &record, &raw); err != nil {
			return err
		}
		copy(row.ID[:], id)
		row.At, row.Record, row.Raw = at.Time, record, raw
		if !each(&row) {
			return nil
		}
	}
	return rows.Err()
}

// liveHeads calls each with up to walkStep live heads after an id, in the order of ids, until it returns false.
func (s *scans) liveHeads(ctx context.Context, k StreamKey, after uuid.UUID, each func(LiveHead) (more bool)) (err error) {
	rows, err := s.statements[scanLiveHeads].QueryContext(ctx, k.Connection, k.Stream, after[:], walkStep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var id sql.RawBytes
	var rangeAt queries.Time
	for rows.Next() {
		var h LiveHead
		if err := rows.Scan(&id, &h.Seq, &rangeAt); err != nil {
			return err
		}
		copy(h.ID[:], id)
		h.RangeAt = rangeAt.Time
		if !each(h) {
			return nil
		}
	}
	return rows.Err()
}
