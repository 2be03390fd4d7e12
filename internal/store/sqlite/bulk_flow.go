package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/queries"
)

const selectFlowKeys = `select item_key from flow_items where flow = ?1 and run = ?2 and step = ?3 and item_key in (LIST)`

var (
	insertFlowItems = insert{
		head: `insert into flow_items (flow, run, step, updated_at, status, attempts, output, error, waits, operation, operation_n, connection,
  n, item_key, thread, input, due_at) values `,
		row: `(?1, ?2, ?3, ?4, 'pending', 0, '', '', '', '', 0, '', ?, ?, ?, ?, ?)`,
	}
	// Columns are numbered as the row has them, and what all share comes first. Rows are looked up one by one: left to choose, the planner reads the whole run for each.
	moveFlowItems = insert{
		head: `with shared (flow, run, at) as (values (?1, ?2, ?3)), m as materialized (select v.*, f.rowid as row from (values `,
		row:  `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		tail: `) v cross join flow_items f on f.flow = ?1 and f.run = ?2 and f.step = v.column1 and f.n = v.column2 and f.status = v.column3)
update flow_items set status = m.column4, attempts = m.column5, thread = m.column6, input = coalesce(m.column7, input), output = m.column8, error = m.column9,
  due_at = m.column10, waits = m.column11, operation = m.column12, operation_n = m.column13, connection = m.column14, updated_at = ?3
from m where flow_items.rowid = m.row`,
	}
)

// FlowKeys is store.Bulk's.
func (b *bulk) FlowKeys(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, keys []string, each func(key string)) error {
	return b.flowKeys.query(ctx, tx, []any{k.Flow, k.Run, k.Step}, len(keys), func(i int) any { return keys[i] }, func(rows *sql.Rows) error {
		var key string
		if err := rows.Scan(&key); err != nil {
			return err
		}
		each(key)
		return nil
	})
}

// InsertFlowItems is store.Bulk's.
func (b *bulk) InsertFlowItems(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, at time.Time, items []store.FlowItem) error {
	shared := []any{k.Flow, k.Run, k.Step, queries.At(at)}
	_, err := b.insertFlowItems.exec(ctx, tx, shared, len(items), func(args []any, i int) []any {
		it := &items[i]
		return append(args, it.N, it.Key, string(it.Thread), string(it.Input), queries.At(it.DueAt))
	})
	return err
}

// MoveFlowItems is store.Bulk's.
func (b *bulk) MoveFlowItems(ctx context.Context, tx *sql.Tx, k store.FlowStepKey, at time.Time, moves []store.FlowItemMove) (int64, error) {
	return b.moveFlowItems.exec(ctx, tx, []any{k.Flow, k.Run, queries.At(at)}, len(moves), func(args []any, i int) []any {
		m := &moves[i]
		var input any
		if m.Input != nil {
			input = string(m.Input)
		}
		return append(args, m.Step, m.N, string(m.From), string(m.To), m.Attempts, string(m.Thread), input, string(m.Output), string(m.Error), queries.At(m.DueAt), m.Waits, m.Operation,
			m.OperationN, m.Connection)
	})
}

const selectFlowSeen = `select id, created_seq from flow_seen where connection = ?1 and flow = ?2 and pass = ?3 and id in (LIST)`

var insertFlowSeen = insert{
	head: `insert into flow_seen (connection, flow, pass, id, created_seq) values `, row: `(?1, ?2, ?3, ?, ?)`, tail: ` on conflict do nothing`,
}

// FlowSeen is store.Bulk's.
func (b *bulk) FlowSeen(ctx context.Context, k store.FlowPassKey, seen []store.FlowSeenRow, each func(id uuid.UUID)) error {
	wanted := make(map[store.FlowSeenRow]bool, len(seen))
	for _, s := range seen {
		wanted[s] = true
	}
	return b.flowSeen.query(ctx, nil, []any{k.Connection, k.Flow, k.Pass}, len(seen), func(i int) any { return seen[i].ID[:] }, func(rows *sql.Rows) error {
		var id []byte
		var created int64
		if err := rows.Scan(&id, &created); err != nil {
			return err
		}
		if wanted[store.FlowSeenRow{ID: uuid.UUID(id), CreatedSeq: created}] {
			each(uuid.UUID(id))
		}
		return nil
	})
}

// InsertFlowSeen is store.Bulk's.
func (b *bulk) InsertFlowSeen(ctx context.Context, tx *sql.Tx, k store.FlowPassKey, seen []store.FlowSeenRow) error {
	_, err := b.insertFlowSeen.exec(ctx, tx, []any{k.Connection, k.Flow, k.Pass}, len(seen), func(args []any, i int) []any { return append(args, seen[i].ID[:], seen[i].CreatedSeq) })
	return err
}

const deleteLookups = `delete from lookups where connection = ?1 and stream = ?2 and field = ?3 and id in (LIST)`

var insertLookups = insert{head: `insert into lookups (connection, stream, field, value, id) values `, row: `(?1, ?2, ?3, ?, ?)`}

// InsertLookups is store.Bulk's.
func (b *bulk) InsertLookups(ctx context.Context, tx *sql.Tx, k store.StreamKey, field string, rows []store.LookupRow) error {
	_, err := b.insertLookups.exec(ctx, tx, append(of(k), field), len(rows), func(args []any, i int) []any { return append(args, rows[i].Value, rows[i].ID[:]) })
	return err
}

// DeleteLookups is store.Bulk's.
func (b *bulk) DeleteLookups(ctx context.Context, tx *sql.Tx, k store.StreamKey, field string, ids []uuid.UUID) error {
	return b.deleteLookups.exec(ctx, tx, append(of(k), field), len(ids), func(i int) any { return ids[i][:] })
}
