package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// lookupStep is how many changes one transaction takes into an index.
const lookupStep = 1000

// lookupNews are changes of a stream that an index of a field has not taken in.
type lookupNews struct {
	before queries.LookupHeadRow // where the index stood
	anew   bool                  // what it holds is of another epoch
	epoch  int64
	seq    int64 // where it stands behind them
	ids    []uuid.UUID
	rows   []LookupRow
}

// followLookups brings the index of a field up to what is stored now.
func (s *Store) followLookups(ctx context.Context, sc Scope, entity string, k StreamKey, field string) error {
	for first := int64(-1); ; {
		at, err := s.Position(ctx, sc, entity)
		if err != nil {
			return err
		}
		if first < 0 {
			first = at.Seq
		}
		head, err := lookupHead(ctx, s.read, k, field)
		if err != nil || head.Epoch == at.Epoch && head.Seq >= first {
			return err
		}
		news, err := s.lookupNews(ctx, k, field, at, head)
		if err != nil {
			return err
		}
		if err := s.Write(ctx, func(tx *Tx) error { return tx.takeLookups(ctx, sc, entity, k, field, news) }); err != nil {
			return err
		}
	}
}

func lookupHead(ctx context.Context, q *queries.Queries, k StreamKey, field string) (queries.LookupHeadRow, error) {
	head, err := q.LookupHead(ctx, k.Connection, k.Stream, lookupText(field))
	if errors.Is(err, sql.ErrNoRows) {
		return queries.LookupHeadRow{Epoch: -1}, nil
	}
	return head, err
}

// lookupNews reads the next changes. Since the stream's position was read before, all that it counts has been read when no more come.
func (s *Store) lookupNews(ctx context.Context, k StreamKey, field string, at Position, head queries.LookupHeadRow) (lookupNews, error) {
	n := lookupNews{before: head, anew: head.Epoch != at.Epoch, epoch: at.Epoch}
	if !n.anew {
		n.seq = head.Seq
	}
	scan := bodyScan{StreamKey: k, After: n.seq, Limit: lookupStep, Record: true}
	err := s.scans.changes(ctx, scan, func(row *BodyRow, record string) bool {
		n.seq, n.ids = row.Seq, append(n.ids, row.ID)
		if value, ok := valueAt([]byte(record), field); ok && !row.Deleted {
			n.rows = append(n.rows, LookupRow{Value: lookupText(value), ID: row.ID})
		}
		return true
	})
	if len(n.ids) < lookupStep {
		n.seq = max(n.seq, at.Seq)
	}
	return n, err
}

// takeLookups stores the changes under the stream's lock, unless somebody else has done so. ErrNotFound: the stream is gone.
func (t *Tx) takeLookups(ctx context.Context, sc Scope, entity string, k StreamKey, field string, n lookupNews) error {
	if _, err := t.q.LockStream(ctx, sc.no, entity); err != nil {
		return orNotFound(err)
	}
	if head, err := lookupHead(ctx, t.q, k, field); err != nil || head != n.before {
		return err
	}
	name := lookupText(field)
	if n.anew {
		if err := t.q.ForgetLookups(ctx, k.Connection, k.Stream, name); err != nil {
			return err
		}
	} else if err := t.s.engine.Bulk.DeleteLookups(ctx, t.tx, k, name, n.ids); err != nil {
		return err
	}
	if err := t.s.engine.Bulk.InsertLookups(ctx, t.tx, k, name, n.rows); err != nil {
		return err
	}
	return t.q.PutLookupHead(ctx, queries.PutLookupHeadParams{Connection: k.Connection, Stream: k.Stream, Field: name, Epoch: n.epoch, Seq: n.seq})
}
