package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// scans are the reads over many rows, which copy no more than they must.
type scans struct {
	db         *sql.DB
	statements map[string]*sql.Stmt // none where the driver keeps them
}

// bodyScan asks for bodies of a stream after a seq.
type bodyScan struct {
	StreamKey
	After   int64
	Limit   int
	Deleted bool // lists only: tombstones too
	Record  bool // feed only: with the record
	Raw     bool // lists only: with the raw record
}

const (
	scanFeed = `select seq, created_seq, epoch, updated_at, id, deleted, remote_id, '' from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanFeedRecords = `select seq, created_seq, epoch, updated_at, id, deleted, remote_id, record from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanAll = `select seq, deleted, record, '' from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanAllRaw = `select seq, deleted, record, raw from bodies
where connection = $1 and stream = $2 and seq > $3 order by seq limit $4`
	scanLive = `select seq, 0, record, '' from bodies
where connection = $1 and stream = $2 and deleted = 0 and seq > $3 order by seq limit $4`
	scanLiveRaw = `select seq, 0, record, raw from bodies
where connection = $1 and stream = $2 and deleted = 0 and seq > $3 order by seq limit $4`
	scanLiveHeads = `select id, seq, range_at from heads
where connection = $1 and stream = $2 and deleted = 0 and id > $3 order by id limit $4`
)

// walkStep keeps each read of a walk over heads short.
const walkStep = 5000

func prepareScans(ctx context.Context, db *sql.DB) (*scans, error) {
	s := &scans{db: db, statements: map[string]*sql.Stmt{}}
	for _, text := range []string{scanFeed, scanFeedRecords, scanAll, scanAllRaw, scanLive, scanLiveRaw, scanLiveHeads} {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		s.statements[text] = st
	}
	return s, nil
}

func (s *scans) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if st := s.statements[text]; st != nil {
		return st.QueryContext(ctx, args...)
	}
	return s.db.QueryContext(ctx, text, args...)
}

func (b bodyScan) feed() string {
	if b.Record {
		return scanFeedRecords
	}
	return scanFeed
}

func (b bodyScan) list() string {
	switch {
	case b.Deleted && b.Raw:
		return scanAllRaw
	case b.Deleted:
		return scanAll
	case b.Raw:
		return scanLiveRaw
	}
	return scanLive
}

// records calls each with what a list shows, in seq order, until it returns false. Lists are the most frequent read, and every
// column costs.
func (s *scans) records(ctx context.Context, b bodyScan, each func(Record) (more bool)) (err error) {
	rows, err := s.query(ctx, b.list(), b.Connection, b.Stream, b.After, b.Limit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Record
		if err := rows.Scan(&r.Seq, (*queries.Flag)(&r.Deleted), &r.JSON, &r.Raw); err != nil {
			return err
		}
		if !each(r) {
			return nil
		}
	}
	return rows.Err()
}

// changes calls each with what the feed shows, in seq order, until it returns false. The row is valid during the call only.
func (s *scans) changes(ctx context.Context, b bodyScan, each func(row *BodyRow, record string) (more bool)) (err error) {
	rows, err := s.query(ctx, b.feed(), b.Connection, b.Stream, b.After, b.Limit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var row BodyRow
	var id sql.RawBytes
	var record string
	var at queries.Time
	for rows.Next() {
		if err := rows.Scan(&row.Seq, &row.CreatedSeq, &row.Epoch, &at, &id, (*queries.Flag)(&row.Deleted), &row.RemoteID, &record); err != nil {
			return err
		}
		copy(row.ID[:], id)
		row.At = at.Time
		if !each(&row, record) {
			return nil
		}
	}
	return rows.Err()
}

// liveHeads calls each with up to walkStep live heads after an id, in the order of ids, until it returns false.
func (s *scans) liveHeads(ctx context.Context, k StreamKey, after uuid.UUID, each func(LiveHead) (more bool)) (err error) {
	rows, err := s.query(ctx, scanLiveHeads, k.Connection, k.Stream, after[:], walkStep)
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
