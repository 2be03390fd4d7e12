package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Record is one stored record.
type Record struct {
	Seq     int64
	Deleted bool
	JSON    string // the unified record, complete, as served
	Raw     string // only when asked for
}

// HasFields says that the record holds exactly these mapped members (a JSON object without spaces) behind its envelope.
func (r *Record) HasFields(fields []byte) bool {
	return len(fields) > 2 && strings.HasSuffix(r.JSON, `"deletion":null,`+string(fields[1:]))
}

// Range asks for a page of a stream in seq order.
type Range struct {
	After   int64 // seq
	Limit   int
	Bytes   int  // stop after that many bytes of JSON, at least one record; 0: no budget
	Deleted bool // include deleted records
	Raw     bool
	JSON    bool // feed only: include records
}

// Position is where a stream stands, for cursors.
type Position struct {
	Entity        string
	Epoch, Seq    int64
	LastSuccessAt time.Time // zero: never synced to the end
}

// Position gives where a stream stands, in one look-up. ErrNotFound: no such stream.
func (s *Store) Position(ctx context.Context, sc Scope, entity string) (Position, error) {
	row, err := s.read.Position(ctx, sc.no, entity)
	return Position{Entity: entity, Epoch: row.Epoch, Seq: row.Seq, LastSuccessAt: row.LastSuccessAt.Time}, orNotFound(err)
}

// Page reads records in seq order. more says that the range goes on.
func (s *Store) Page(ctx context.Context, sc Scope, entity string, r Range) (recs []Record, more bool, err error) {
	k, err := s.streamKey(ctx, sc, entity)
	if err != nil {
		return nil, false, err
	}
	cut := newCutter(r)
	recs = make([]Record, 0, cut.limit)
	scan := bodyScan{StreamKey: k, After: r.After, Limit: cut.limit + 1, Deleted: r.Deleted, Raw: r.Raw}
	err = s.scans.records(ctx, scan, func(rec Record) bool {
		if cut.full() {
			return false
		}
		cut.took(len(rec.JSON) + len(rec.Raw))
		recs = append(recs, rec)
		return true
	})
	if err != nil {
		return nil, false, fmt.Errorf("read a page of %s: %w", entity, err)
	}
	return recs, cut.more, nil
}

// Get reads one record, deleted ones too. ErrNotFound.
func (s *Store) Get(ctx context.Context, sc Scope, entity string, id uuid.UUID, raw bool) (*Record, error) {
	return getRecord(ctx, s.read, sc, entity, id, raw)
}

func getRecord(ctx context.Context, q *queries.Queries, sc Scope, entity string, id uuid.UUID, raw bool) (*Record, error) {
	row, err := q.RecordByID(ctx, sc.no, entity, id[:])
	if err != nil {
		return nil, orNotFound(err)
	}
	rec := &Record{Seq: row.Seq, Deleted: bool(row.Deleted), JSON: row.Record}
	if raw {
		rec.Raw = row.Raw
	}
	return rec, nil
}

// SeqBefore gives the highest seq whose change was stored at or before t (0 when none): found by bisection, flat in cost, since within a stream
// the times of changes never go back.
func (s *Store) SeqBefore(ctx context.Context, sc Scope, entity string, t time.Time) (int64, error) {
	st, err := s.read.Stream(ctx, sc.no, entity)
	if err != nil {
		return 0, orNotFound(err)
	}
	low, high := int64(0), st.Seq // the answer is in [low, high]
	for low < high {
		middle := low + (high-low+1)/2
		next, err := s.read.ChangeAtOrAfter(ctx, sc.no, st.Stream, middle)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			high = middle - 1
		case err != nil:
			return 0, fmt.Errorf("find changes of %s before %s: %w", entity, t, err)
		case next.UpdatedAt.After(t):
			high = middle - 1
		default:
			low = next.Seq
		}
	}
	return low, nil
}
