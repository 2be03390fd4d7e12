package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the reference writes to SQLite as Busbar does
)

// openReference makes a reference on an empty database that done closes.
func openReference(ctx context.Context, e engine, source, key string) (r *reference, done func(), err error) {
	r = &reference{source: source, key: key, space: uuid.New()}
	if e.shared() {
		r.rows, done, err = openPostgresRows(ctx, e.fresh())
		return r, done, err
	}
	r.rows, done, err = openSQLiteRows(ctx)
	return r, done, err
}

type sqliteRows struct{ db *sql.DB }

func openSQLiteRows(ctx context.Context) (referenceRows, func(), error) {
	dir, err := os.MkdirTemp("", "busbar-bench-")
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "reference.db")+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, `create table records (id blob primary key, hash blob not null, unified text not null, raw text not null)`)
	return sqliteRows{db}, func() { _ = db.Close(); _ = os.RemoveAll(dir) }, err
}

func (s sqliteRows) hashes(ctx context.Context, ids []uuid.UUID) (map[[16]byte]bool, error) {
	args := make([]any, len(ids))
	for i := range ids {
		args[i] = ids[i][:]
	}
	rows, err := s.db.QueryContext(ctx, "select hash from records where id in (?"+strings.Repeat(",?", len(ids)-1)+")", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := make(map[[16]byte]bool, len(ids))
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, err
		}
		known[[16]byte(h)] = true
	}
	return known, rows.Err()
}

const upsertRows = 50

func (s sqliteRows) upsert(ctx context.Context, rows []row) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for len(rows) > 0 {
		n := min(upsertRows, len(rows))
		args := make([]any, 0, 4*n)
		for i := range rows[:n] {
			args = append(args, rows[i].id[:], rows[i].hash[:], rows[i].uni, rows[i].raw)
		}
		_, err := tx.ExecContext(ctx, "insert into records (id, hash, unified, raw) values (?,?,?,?)"+strings.Repeat(",(?,?,?,?)", n-1)+
			" on conflict (id) do update set hash = excluded.hash, unified = excluded.unified, raw = excluded.raw where hash <> excluded.hash", args...)
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return tx.Commit()
}

// postgresRows uses one connection and no layer above the driver.
type postgresRows struct{ conn *pgx.Conn }

func openPostgresRows(ctx context.Context, url string) (referenceRows, func(), error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	_, err = conn.Exec(ctx, `create table records (id bytea primary key, hash bytea not null, unified text not null, raw text not null)`)
	return postgresRows{conn}, func() { _ = conn.Close(context.WithoutCancel(ctx)) }, err
}

func (p postgresRows) hashes(ctx context.Context, ids []uuid.UUID) (map[[16]byte]bool, error) {
	keys := make([][]byte, len(ids))
	for i := range ids {
		keys[i] = ids[i][:]
	}
	rows, err := p.conn.Query(ctx, `select hash from records where id = any($1::bytea[])`, keys)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	known := make(map[[16]byte]bool, len(ids))
	for _, h := range found {
		known[[16]byte(h)] = true
	}
	return known, err
}

func (p postgresRows) upsert(ctx context.Context, rows []row) error {
	ids, hashes := make([][]byte, len(rows)), make([][]byte, len(rows))
	unified, raw := make([]string, len(rows)), make([]string, len(rows))
	for i := range rows {
		ids[i], hashes[i], unified[i], raw[i] = rows[i].id[:], rows[i].hash[:], string(rows[i].uni), string(rows[i].raw)
	}
	_, err := p.conn.Exec(ctx, `insert into records (id, hash, unified, raw) select * from unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[])
on conflict (id) do update set hash = excluded.hash, unified = excluded.unified, raw = excluded.raw where records.hash <> excluded.hash`, ids, hashes, unified, raw)
	return err
}
