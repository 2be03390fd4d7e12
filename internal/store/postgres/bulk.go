package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/queries"
)

// bulk does many rows with one statement each: columns go as arrays. The driver keeps statements prepared.
type bulk struct {
	reader *sql.DB
	*analyst
}

// Rows are looked up one by one through the primary key: left to choose, the planner of a table without statistics reads the whole stream instead.
const (
	selectHeads = `select h.* from unnest($3::bytea[]) u(id) cross join lateral (
select id, raw_hash, seq, created_seq, created_at, deleted, remote_updated_at, range_at from heads
where connection = $1 and stream = $2 and id = u.id offset 0) h`
	selectRaws = `select b.* from unnest($3::bigint[]) u(seq) cross join lateral (
select seq, raw from bodies where connection = $1 and stream = $2 and seq = u.seq offset 0) b`
	selectRemoteIDs = `select r.* from unnest($3::bytea[]) u(id) cross join lateral (
select h.id, b.remote_id from heads h join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where h.connection = $1 and h.stream = $2 and h.id = u.id and h.deleted = 0 offset 0) r`
	insertItems = `insert into operation_items (connection, operation, updated_at, version, warnings, attempts, looks,
  n, client_ref, op, record, remote_id, data, if_match, mark, status, error)
select $1, $2, $3, '', '', 0, 0, u.* from unnest($4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) u`
	deleteBodies = `delete from bodies where connection = $1 and stream = $2 and seq = any($3::bigint[]) and ctid = any(array(select b.* from unnest($3::bigint[]) u(seq) cross join lateral (
select ctid from bodies where connection = $1 and stream = $2 and seq = u.seq offset 0) b))`
	insertBodies = `insert into bodies (connection, stream, epoch, updated_at, seq, id, deleted, created_seq, remote_id, record, raw)
select $1, $2, $3, $4, u.* from unnest($5::bigint[], $6::bytea[], $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[]) u`
	putHeads = `insert into heads (connection, stream, id, raw_hash, seq, created_seq, created_at, deleted, remote_updated_at, range_at)
select $1, $2, u.* from unnest($3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) u
on conflict (connection, stream, id) do update set raw_hash = excluded.raw_hash, seq = excluded.seq, created_seq = excluded.created_seq,
  created_at = excluded.created_at, deleted = excluded.deleted, remote_updated_at = excluded.remote_updated_at, range_at = excluded.range_at`
)

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Heads is store.Bulk's.
func (b bulk) Heads(ctx context.Context, tx *sql.Tx, k store.StreamKey, ids []uuid.UUID, each func(store.HeadRow)) error {
	var from querier = b.reader
	if tx != nil {
		from = tx
	}
	return query(ctx, from, selectHeads, []any{k.Connection, k.Stream, column(len(ids), func(i int) []byte { return ids[i][:] })}, func(rows *sql.Rows) error {
		var h store.HeadRow
		var id, hash sql.RawBytes
		var created, updated, ranged queries.Time
		if err := rows.Scan(&id, &hash, &h.Seq, &h.CreatedSeq, &created, (*queries.Flag)(&h.Deleted), &updated, &ranged); err != nil {
			return err
		}
		copy(h.ID[:], id)
		copy(h.RawHash[:], hash)
		h.CreatedAt, h.RemoteUpdatedAt, h.RangeAt = created.Time, updated.Time, ranged.Time
		each(h)
		return nil
	})
}

// Raws is store.Bulk's.
func (b bulk) Raws(ctx context.Context, k store.StreamKey, seqs []int64, each func(seq int64, raw []byte)) error {
	return query(ctx, b.reader, selectRaws, []any{k.Connection, k.Stream, seqs}, func(rows *sql.Rows) error {
		var seq int64
		var raw sql.RawBytes
		if err := rows.Scan(&seq, &raw); err != nil {
			return err
		}
		each(seq, raw)
		return nil
	})
}

// DeleteBodies is store.Bulk's.
func (b bulk) DeleteBodies(ctx context.Context, tx *sql.Tx, k store.StreamKey, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, deleteBodies, k.Connection, k.Stream, seqs)
	return err
}

// InsertBodies is store.Bulk's.
func (b bulk) InsertBodies(ctx context.Context, tx *sql.Tx, k store.StreamKey, c store.Commit, rows []store.BodyRow) error {
	n := len(rows)
	_, err := tx.ExecContext(ctx, insertBodies, k.Connection, k.Stream, c.Epoch, c.At.UnixMicro(),
		column(n, func(i int) int64 { return rows[i].Seq }),
		column(n, func(i int) []byte { return rows[i].ID[:] }),
		column(n, func(i int) int64 { return flag(rows[i].Deleted) }),
		column(n, func(i int) int64 { return rows[i].CreatedSeq }),
		column(n, func(i int) string { return rows[i].RemoteID }),
		column(n, func(i int) []byte { return rows[i].Record }),
		column(n, func(i int) []byte { return rows[i].Raw }))
	b.inserted(n)
	return err
}

// PutHeads is store.Bulk's.
func (b bulk) PutHeads(ctx context.Context, tx *sql.Tx, k store.StreamKey, rows []store.HeadRow) error {
	n := len(rows)
	_, err := tx.ExecContext(ctx, putHeads, k.Connection, k.Stream,
		column(n, func(i int) []byte { return rows[i].ID[:] }),
		column(n, func(i int) []byte { return rows[i].RawHash[:] }),
		column(n, func(i int) int64 { return rows[i].Seq }),
		column(n, func(i int) int64 { return rows[i].CreatedSeq }),
		column(n, func(i int) int64 { return rows[i].CreatedAt.UnixMicro() }),
		column(n, func(i int) int64 { return flag(rows[i].Deleted) }),
		column(n, func(i int) *int64 { return micros(rows[i].RemoteUpdatedAt) }),
		column(n, func(i int) *int64 { return micros(rows[i].RangeAt) }))
	return err
}

// RemoteIDs is store.Bulk's.
func (b bulk) RemoteIDs(ctx context.Context, k store.StreamKey, ids []uuid.UUID, each func(id uuid.UUID, remoteID string)) error {
	args := []any{k.Connection, k.Stream, column(len(ids), func(i int) []byte { return ids[i][:] })}
	return query(ctx, b.reader, selectRemoteIDs, args, func(rows *sql.Rows) error {
		var id sql.RawBytes
		var remoteID string
		if err := rows.Scan(&id, &remoteID); err != nil {
			return err
		}
		each(uuid.UUID(id), remoteID)
		return nil
	})
}

// InsertItems is store.Bulk's.
func (b bulk) InsertItems(ctx context.Context, tx *sql.Tx, k store.OperationKey, at time.Time, items []store.Item) error {
	n := len(items)
	_, err := tx.ExecContext(ctx, insertItems, k.Connection, k.Operation, at.UnixMicro(),
		column(n, func(i int) int64 { return items[i].N }),
		column(n, func(i int) string { return items[i].ClientRef }),
		column(n, func(i int) string { return items[i].Op }),
		column(n, func(i int) *[]byte { return record(items[i].Record) }),
		column(n, func(i int) string { return items[i].RemoteID }),
		column(n, func(i int) []byte { return items[i].Data }),
		column(n, func(i int) string { return items[i].IfMatch }),
		column(n, func(i int) string { return items[i].Mark }),
		column(n, func(i int) string { return string(items[i].Status) }),
		column(n, func(i int) string { return string(items[i].Error) }))
	return err
}

// record gives an id, or nothing.
func record(id uuid.UUID) *[]byte {
	if id == uuid.Nil {
		return nil
	}
	b := id[:]
	return &b
}

// column makes the array of one column.
func column[T any](n int, value func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = value(i)
	}
	return out
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// micros gives microseconds, or nothing.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

func query(ctx context.Context, from querier, text string, args []any, row func(*sql.Rows) error) error {
	rows, err := from.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
