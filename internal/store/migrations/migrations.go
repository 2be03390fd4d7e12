// Package migrations holds the schema as goose migrations: one set of files, written in words that both engines take. What only
// one takes stands in a comment of the form /* sqlite: … */ or /* postgres: … */, which becomes live there. It knows nothing of what the tables mean.
package migrations

import (
	"bytes"
	"embed"
	"io"
	"io/fs"
	"path"
	"regexp"
)

//go:embed *.sql
var files embed.FS

// SQLite gives the migrations as SQLite runs them.
func SQLite() fs.FS { return dialectFS{files, forSQLite} }

// Postgres gives the migrations as PostgreSQL runs them.
func Postgres() fs.FS { return dialectFS{files, forPostgres} }

var (
	sqliteOnly   = regexp.MustCompile(`/\* sqlite: (.*?) \*/`)
	postgresOnly = regexp.MustCompile(`(?s)/\* postgres: (.*?) \*/`)
)

func forSQLite(text []byte) []byte {
	return sqliteOnly.ReplaceAll(postgresOnly.ReplaceAll(text, nil), []byte("$1"))
}

func forPostgres(text []byte) []byte { return postgresOnly.ReplaceAll(text, []byte("$1")) }

// dialectFS gives SQL files as one dialect takes them.
type dialectFS struct {
	fs.FS
	dialect func([]byte) []byte
}

func (d dialectFS) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || path.Ext(name) != ".sql" {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return dialectFile{f, bytes.NewReader(d.dialect(text))}, nil
}

type dialectFile struct {
	fs.File
	text *bytes.Reader
}

func (f dialectFile) Read(p []byte) (int, error) { return f.text.Read(p) }
