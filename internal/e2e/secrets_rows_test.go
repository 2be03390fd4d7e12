package e2e

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// everythingIn begins to watch a database, and gives what then reads it in all ways that there are: its rows, the files of its server with the log that recovers them, and what its server logs.
func everythingIn(t *testing.T, database string) func(look func(place string, text []byte)) {
	t.Helper()
	server := postgres.Shared(t)
	settings, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	conn := connectTo(t, server.URL(postgres.Admin, settings.Database))
	var folder, tables, since string
	const where = "select current_setting('data_directory'), (select oid from pg_database where datname = current_database())::text, pg_walfile_name(pg_current_wal_lsn())"
	if err := conn.QueryRow(t.Context(), where).Scan(&folder, &tables, &since); err != nil {
		t.Fatal(err)
	}
	return func(look func(place string, text []byte)) {
		look("the rows", allRows(t, database))
		look("the log of PostgreSQL", []byte(server.Log(t)))
		if _, err := conn.Exec(t.Context(), "checkpoint"); err != nil {
			t.Fatal(err)
		}
		shown := map[string]bool{} // where an address stands that is no secret: a place without it was not looked at
		note := func(path string, text []byte) {
			shown[filepath.Base(filepath.Dir(path))] = shown[filepath.Base(filepath.Dir(path))] || bytes.Contains(text, []byte(canaryEmail))
			look(path, text)
		}
		eachFile(t, filepath.Join(folder, "base", tables), note)
		eachFile(t, filepath.Join(folder, "pg_wal"), func(path string, text []byte) {
			if filepath.Base(path) >= since {
				note(path, text)
			}
		})
		if !shown[tables] || !shown["pg_wal"] {
			t.Errorf("the files of PostgreSQL lack what is in them: %v", shown)
		}
	}
}

func connectTo(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// allRows is every row of every table of a database, as JSON: bytes are in hex.
func allRows(t *testing.T, database string) []byte {
	t.Helper()
	conn := connectTo(t, database)
	read := func(query string) []string {
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	var out []byte
	tables := read("select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1")
	for _, table := range tables {
		for _, row := range read("select row_to_json(r)::text from " + table + " r") {
			out = fmt.Appendf(out, "%s %s\n", table, row)
		}
	}
	if len(tables) < 10 || len(out) < 10000 {
		t.Fatalf("the database has %d tables and %d bytes", len(tables), len(out))
	}
	return out
}
