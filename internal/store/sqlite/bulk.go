package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/queries"
)

// bulk does many rows with few statements: each is prepared for a fixed number of rows.
type bulk struct {
	heads                  lists // on the writing pool: its cache holds the heads that are being written
	raws                   lists // on the reading pool
	deleteBodies           lists
	remoteIDs              lists // on the reading pool
	insertBodies, putHeads inserts
	insertItems            inserts

	flowKeys, deleteLookups                       lists // on the writing pool
	insertFlowItems, moveFlowItems, insertLookups inserts
	flowSeen                                      lists
	insertFlowSeen                                inserts
}

func newBulk(ctx context.Context, writer, reader *sql.DB) (*bulk, error) {
	p := preparer{ctx: ctx}
	b := &bulk{
		heads:        p.lists(writer, selectHeads),
		raws:         p.lists(reader, selectRaws),
		deleteBodies: p.lists(writer, deleteBodies),
		remoteIDs:    p.lists(reader, selectRemoteIDs),
		insertItems:  p.inserts(writer, insertItems),
		insertBodies: p.inserts(writer, insertBodies),
		putHeads:     p.inserts(writer, putHeads),

		flowKeys: p.lists(writer, selectFlowKeys), insertFlowItems: p.inserts(writer, insertFlowItems), moveFlowItems: p.inserts(writer, moveFlowItems),
		flowSeen: p.lists(reader, selectFlowSeen), insertFlowSeen: p.inserts(writer, insertFlowSeen),
		deleteLookups: p.lists(writer, deleteLookups), insertLookups: p.inserts(writer, insertLookups),
	}
	return b, p.err
}

const (
	selectHeads = `select id, raw_hash, seq, created_seq, created_at, deleted, remote_updated_at, range_at from heads
where connection = ?1 and stream = ?2 and id in (LIST)`
	selectRemoteIDs = `select h.id, b.remote_id from heads h join bodies b on b.connection = h.connection and b.stream = h.stream and b.seq = h.seq
where h.connection = ?1 and h.stream = ?2 and h.deleted = 0 and h.id in (LIST)`
	selectRaws   = `select seq, raw from bodies where connection = ?1 and stream = ?2 and seq in (LIST)`
	deleteBodies = `delete from bodies where connection = ?1 and stream = ?2 and seq in (LIST)`
)

// Heads is store.Bulk's.
func (b *bulk) Heads(ctx context.Context, tx *sql.Tx, k store.StreamKey, ids []uuid.UUID, each func(store.HeadRow)) error {
	return b.heads.query(ctx, tx, of(k), len(ids), func(i int) any { return ids[i][:] }, func(rows *sql.Rows) error {
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
func (b *bulk) Raws(ctx context.Context, k store.StreamKey, seqs []int64, each func(seq int64, raw []byte)) error {
	return b.raws.query(ctx, nil, of(k), len(seqs), func(i int) any { return seqs[i] }, func(rows *sql.Rows) error {
		var seq int64
		var raw sql.RawBytes
		if err := rows.Scan(&seq, &raw); err != nil {
			return err
		}
		each(seq, raw)
		return nil
	})
}

// RemoteIDs is store.Bulk's.
func (b *bulk) RemoteIDs(ctx context.Context, k store.StreamKey, ids []uuid.UUID, each func(id uuid.UUID, remoteID string)) error {
	return b.remoteIDs.query(ctx, nil, of(k), len(ids), func(i int) any { return ids[i][:] }, func(rows *sql.Rows) error {
		var id sql.RawBytes
		var remoteID string
		if err := rows.Scan(&id, &remoteID); err != nil {
			return err
		}
		each(uuid.UUID(id), remoteID)
		return nil
	})
}

// DeleteBodies is store.Bulk's.
func (b *bulk) DeleteBodies(ctx context.Context, tx *sql.Tx, k store.StreamKey, seqs []int64) error {
	return b.deleteBodies.exec(ctx, tx, of(k), len(seqs), func(i int) any { return seqs[i] })
}

// of is what the rows of a stream share.
func of(k store.StreamKey) []any { return []any{k.Connection, k.Stream} }

// lists are statements with a list of so many values; a shorter list is filled up with its last value, which changes nothing.
type lists [len(listSizes)]*sql.Stmt

var listSizes = [...]int{500, 50, 5}

// pick gives the statement for the next part of n values.
func (l lists) pick(n int) (st *sql.Stmt, size int) {
	switch {
	case n >= listSizes[0]:
		return l[0], listSizes[0]
	case n > listSizes[2]:
		return l[1], listSizes[1]
	}
	return l[2], listSizes[2]
}

// each calls do for every part of a list of n values.
func (l lists) each(shared []any, n int, value func(int) any, do func(st *sql.Stmt, args []any) error) error {
	for start := 0; start < n; {
		st, size := l.pick(n - start)
		args := append(make([]any, 0, size+len(shared)), shared...)
		for i := range size {
			args = append(args, value(min(start+i, n-1)))
		}
		if err := do(st, args); err != nil {
			return err
		}
		start += size
	}
	return nil
}

func (l lists) exec(ctx context.Context, tx *sql.Tx, shared []any, n int, value func(int) any) error {
	return l.each(shared, n, value, func(st *sql.Stmt, args []any) error {
		_, err := tx.StmtContext(ctx, st).ExecContext(ctx, args...)
		return err
	})
}

func (l lists) query(ctx context.Context, tx *sql.Tx, shared []any, n int, value func(int) any, row func(*sql.Rows) error) error {
	return l.each(shared, n, value, func(st *sql.Stmt, args []any) error {
		if tx != nil {
			st = tx.StmtContext(ctx, st)
		}
		return readAll(ctx, st, args, row)
	})
}

func readAll(ctx context.Context, st *sql.Stmt, args []any, row func(*sql.Rows) error) error {
	rows, err := st.QueryContext(ctx, args...)
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

// preparer prepares statements until one fails.
type preparer struct {
	ctx context.Context
	err error
}

func (p *preparer) prepare(db *sql.DB, text string) (st *sql.Stmt) {
	if p.err == nil {
		if st, p.err = db.PrepareContext(p.ctx, text); p.err != nil {
			p.err = fmt.Errorf("prepare %q: %w", text, p.err)
		}
	}
	return st
}

func (p *preparer) lists(db *sql.DB, text string) (l lists) {
	for i, size := range listSizes {
		l[i] = p.prepare(db, strings.Replace(text, "LIST", strings.Repeat("?, ", size-1)+"?", 1))
	}
	return l
}
