package main

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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
func keysetServer(ctx context.Context, dir string, page []byte) (*keyset, error) {
	var body struct {
		Data []jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(page, &body, json.RejectUnknownMembers(false)); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "keyset.db")+"?_pragma=journal_mode(WAL)&_pragma=mmap_size(1073741824)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `create table bodies (seq integer primary key, record text not null)`); err != nil {
		return nil, err
	}
	for range 50 {
		for _, r := range body.Data {
			if _, err := db.ExecContext(ctx, `insert into bodies (record) values (?)`, string(r)); err != nil {
				return nil, err
			}
		}
	}
	read, err := db.PrepareContext(ctx, `select record from bodies where seq > ? order by seq limit ?`)
	if err != nil {
		return nil, err
	}
	return &keyset{httptest.NewServer(sendRows(read, len(body.Data))), db}, nil
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
