package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// keyset is a plain server that reads a page's stored records with one select and sends them.
type keyset struct {
	*httptest.Server
	db *sql.DB
}

func (k *keyset) close() {
	k.Server.Close()
	_ = k.db.Close()
}

// keysetServer stores the records of a page of Busbar's, many times over, and serves the page from there.
func keysetServer(ctx context.Context, e engine, dir string, page []byte) (*keyset, error) {
	var body struct {
		Data []jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(page, &body, json.RejectUnknownMembers(false)); err != nil {
		return nil, err
	}
	db, err := openKeyset(e, dir)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `create table keyset_bodies (seq bigint primary key, record text not null)`); err != nil {
		return nil, err
	}
	seq := 0
	for range 50 {
		for _, r := range body.Data {
			seq++
			if _, err := db.ExecContext(ctx, `insert into keyset_bodies (seq, record) values ($1, $2)`, seq, string(r)); err != nil {
				return nil, err
			}
		}
	}
	read, err := db.PrepareContext(ctx, `select record from keyset_bodies where seq > $1 order by seq limit $2`)
	if err != nil {
		return nil, err
	}
	return &keyset{httptest.NewServer(sendRows(read, len(body.Data))), db}, nil
}

// openKeyset opens a database of the same kind as the measured one's.
func openKeyset(e engine, dir string) (*sql.DB, error) {
	if url := e.fresh(); url != "" {
		return sql.Open("pgx", url)
	}
	return sql.Open("sqlite", "file:"+filepath.Join(dir, "keyset.db")+"?_pragma=journal_mode(WAL)&_pragma=mmap_size(1073741824)")
}

func sendRows(read *sql.Stmt, limit int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rows, err := read.QueryContext(r.Context(), 1000, limit)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer rows.Close()
		out := []byte(`{"data":[`)
		for record := ""; rows.Next(); {
			if err := rows.Scan(&record); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			out = append(append(out, record...), ',')
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(out[:len(out)-1], "]}"...))
	})
}
