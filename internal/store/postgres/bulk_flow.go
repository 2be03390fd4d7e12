package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

const (
	selectFlowKeys = `select i.item_key from unnest($4::text[]) u(key) cross join lateral (
select item_key from flow_items where flow = $1 and run = $2 and step = $3 and item_key = u.key offset 0) i`
	insertFlowItems = `insert into flow_items (flow, run, step, updated_at, status, attempts, output, error, waits, operation, operation_n, connection,
  n, item_key, thread, input, due_at)
select $1, $2, $3, $4, 'pending', 0, '', '', '', '', 0, '', u.* from unnest($5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[]) u`
	moveFlowItems = `update flow_items i set status = m.status, attempts = m.attempts, thread = m.thread, input = coalesce(m.input, i.input), output = m.output, error = m.error,
  due_at = m.due_at, waits = m.waits, operation = m.operation, operation_n = m.operation_n, connection = m.connection, updated_at = $3
from (select u.*, f.ctid as row from unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[],
  $14::text[], $15::text[], $16::bigint[], $17::text[])
  u(step, n, was, status, attempts, thread, input, output, error, due_at, waits, operation, operation_n, connection) cross join lateral (
select ctid from flow_items where flow = $1 and run = $2 and step = u.step and n = u.n and status = u.was offset 0) f) m
where i.ctid = m.row and i.flow = $1 and i.run = $2`
)

// FlowKeys is store.Bulk's.
func (b bulk) FlowKeys(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, keys []string, each func(key string)) error {
	return query(ctx, tx, selectFlowKeys, []any{k.Flow, k.Run, k.Step, keys}, func(rows *sql.Rows) error {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		each(key)
		return nil
	})
}

// InsertFlowItems is store.Bulk's.
func (b bulk) InsertFlowItems(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, at time.Time, items []store.FlowItem) error {
	n := len(items)
	_, err := tx.ExecContext(ctx, insertFlowItems, k.Flow, k.Run, k.Step, at.UnixMicro(),
		column(n, func(i int) int64 { return items[i].N }),
		column(n, func(i int) string { return items[i].Key }),
		column(n, func(i int) []byte { return items[i].Thread }),
		column(n, func(i int) []byte { return items[i].Input }),
		column(n, func(i int) *int64 { return micros(items[i].DueAt) }))
	return err
}

// MoveFlowItems is store.Bulk's.
func (b bulk) MoveFlowItems(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, at time.Time, moves []store.FlowItemMove) (int64, error) {
	n := len(moves)
	r, err := tx.ExecContext(ctx, moveFlowItems, k.Flow, k.Run, at.UnixMicro(),
		column(n, func(i int) string { return moves[i].Step }),
		column(n, func(i int) int64 { return moves[i].N }),
		column(n, func(i int) string { return string(moves[i].From) }),
		column(n, func(i int) string { return string(moves[i].To) }),
		column(n, func(i int) int64 { return moves[i].Attempts }),
		column(n, func(i int) []byte { return moves[i].Thread }),
		column(n, func(i int) *string { return text(moves[i].Input) }),
		column(n, func(i int) []byte { return moves[i].Output }),
		column(n, func(i int) []byte { return moves[i].Error }),
		column(n, func(i int) *int64 { return micros(moves[i].DueAt) }),
		column(n, func(i int) string { return moves[i].Waits }),
		column(n, func(i int) string { return moves[i].Operation }),
		column(n, func(i int) int64 { return moves[i].OperationN }),
		column(n, func(i int) string { return moves[i].Connection }))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// text gives bytes as text, or nothing.
func text(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

const (
	selectFlowSeen = `select s.id from unnest($4::bytea[], $5::bigint[]) u(id, created_seq) cross join lateral (
select id from flow_seen where connection = $1 and flow = $2 and pass = $3 and id = u.id and created_seq = u.created_seq offset 0) s`
	insertFlowSeen = `insert into flow_seen (connection, flow, pass, id, created_seq) select $1, $2, $3, u.* from unnest($4::bytea[], $5::bigint[]) u on conflict do nothing`
)

// FlowSeen is store.Bulk's.
func (b bulk) FlowSeen(ctx context.Context, k store.FlowPassKey, seen []store.FlowSeenRow, each func(id uuid.UUID)) error {
	ids, created := seenColumns(seen)
	return query(ctx, b.reader, selectFlowSeen, []any{k.Connection, k.Flow, k.Pass, ids, created}, func(rows *sql.Rows) error {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return err
		}
		each(uuid.UUID(id))
		return nil
	})
}

// InsertFlowSeen is store.Bulk's.
func (b bulk) InsertFlowSeen(ctx context.Context, tx *sql.Tx, k store.FlowPassKey, seen []store.FlowSeenRow) error {
	ids, created := seenColumns(seen)
	_, err := tx.ExecContext(ctx, insertFlowSeen, k.Connection, k.Flow, k.Pass, ids, created)
	return err
}

func seenColumns(seen []store.FlowSeenRow) (ids, created any) {
	return column(len(seen), func(i int) []byte { return seen[i].ID[:] }), column(len(seen), func(i int) int64 { return seen[i].CreatedSeq })
}

const (
	insertLookups = `insert into lookups (connection, stream, field, value, id) select $1, $2, $3, u.* from unnest($4::text[], $5::bytea[]) u`
	deleteLookups = `delete from lookups where connection = $1 and stream = $2 and field = $3 and id = any($4::bytea[]) and ctid = any(array(select l.* from unnest($4::bytea[]) u(id)
cross join lateral (select ctid from lookups where connection = $1 and stream = $2 and field = $3 and id = u.id offset 0) l))`
)

// InsertLookups is store.Bulk's.
func (b bulk) InsertLookups(ctx context.Context, tx *sql.Tx, k store.StreamKey, field string, rows []store.LookupRow) error {
	n := len(rows)
	_, err := tx.ExecContext(ctx, insertLookups, k.Connection, k.Stream, field,
		column(n, func(i int) string { return rows[i].Value }),
		column(n, func(i int) []byte { return rows[i].ID[:] }))
	return err
}

// DeleteLookups is store.Bulk's.
func (b bulk) DeleteLookups(ctx context.Context, tx *sql.Tx, k store.StreamKey, field string, ids []uuid.UUID) error {
	_, err := tx.ExecContext(ctx, deleteLookups, k.Connection, k.Stream, field, column(len(ids), func(i int) []byte { return ids[i][:] }))
	return err
}
