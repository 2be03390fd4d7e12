package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/queries"
)

// insert is a statement with a row of values for each record; ?1, ?2 … are shared by all rows.
type insert struct {
	head, row, tail string
}

var (
	insertBodies = insert{
		head: `insert into bodies (connection, stream, epoch, updated_at, seq, id, deleted, created_seq, remote_id, record, raw) values `,
		row:  `(?1, ?2, ?3, ?4, ?, ?, ?, ?, ?, ?, ?)`,
	}
	putHeads = insert{
		head: `insert into heads (connection, stream, id, raw_hash, seq, created_seq, created_at, deleted, remote_updated_at, range_at) values `,
		row:  `(?1, ?2, ?, ?, ?, ?, ?, ?, ?, ?)`,
		tail: ` on conflict (connection, stream, id) do update set raw_hash = excluded.raw_hash, seq = excluded.seq, created_seq = excluded.created_seq,
  created_at = excluded.created_at, deleted = excluded.deleted, remote_updated_at = excluded.remote_updated_at, range_at = excluded.range_at`,
	}
	insertItems = insert{
		head: `insert into operation_items (connection, operation, updated_at, version, warnings, attempts, looks,
  n, client_ref, op, record, remote_id, data, if_match, mark, status, error) values `,
		row: `(?1, ?2, ?3, '', '', 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	}
)

// InsertBodies is store.Bulk's.
func (b *bulk) InsertBodies(ctx context.Context, tx *sql.Tx, k store.StreamKey, c store.Commit, rows []store.BodyRow) error {
	shared := []any{k.Connection, k.Stream, c.Epoch, queries.At(c.At)}
	_, err := b.insertBodies.exec(ctx, tx, shared, len(rows), func(args []any, i int) []any {
		r := &rows[i]
		return append(args, r.Seq, r.ID[:], flag(r.Deleted), r.CreatedSeq, r.RemoteID, string(r.Record), string(r.Raw))
	})
	return err
}

// PutHeads is store.Bulk's.
func (b *bulk) PutHeads(ctx context.Context, tx *sql.Tx, k store.StreamKey, rows []store.HeadRow) error {
	_, err := b.putHeads.exec(ctx, tx, []any{k.Connection, k.Stream}, len(rows), func(args []any, i int) []any {
		r := &rows[i]
		return append(args, r.ID[:], r.RawHash[:], r.Seq, r.CreatedSeq, queries.At(r.CreatedAt), flag(r.Deleted), queries.At(r.RemoteUpdatedAt), queries.At(r.RangeAt))
	})
	return err
}

// InsertItems is store.Bulk's.
func (b *bulk) InsertItems(ctx context.Context, tx *sql.Tx, k store.OperationKey, at time.Time, items []store.Item) error {
	shared := []any{k.Connection, k.Operation, queries.At(at)}
	_, err := b.insertItems.exec(ctx, tx, shared, len(items), func(args []any, i int) []any {
		it := &items[i]
		var record any
		if it.Record != uuid.Nil {
			record = it.Record[:]
		}
		return append(args, it.N, it.ClientRef, it.Op, record, it.RemoteID, string(it.Data), it.IfMatch, it.Mark, string(it.Status), string(it.Error))
	})
	return err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// inserts are one statement of this kind prepared for each of the sizes.
type inserts [len(sizes)]*sql.Stmt

var sizes = [...]int{50, 10, 1}

func (in inserts) exec(ctx context.Context, tx *sql.Tx, shared []any, n int, row func(args []any, i int) []any) (touched int64, err error) {
	args := make([]any, 0, 512)
	done := 0
	for i, size := range sizes {
		if n-done < size {
			continue
		}
		st := tx.StmtContext(ctx, in[i])
		for ; n-done >= size; done += size {
			args = append(args[:0], shared...)
			for j := range size {
				args = row(args, done+j)
			}
			r, err := st.ExecContext(ctx, args...)
			if err != nil {
				return touched, err
			}
			k, err := r.RowsAffected()
			if err != nil {
				return touched, err
			}
			touched += k
		}
	}
	return touched, nil
}

func (p *preparer) inserts(db *sql.DB, in insert) (out inserts) {
	for i, size := range sizes {
		out[i] = p.prepare(db, in.head+strings.Repeat(in.row+", ", size-1)+in.row+in.tail)
	}
	return out
}
