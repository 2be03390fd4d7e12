// Package migrations holds the schema as goose migrations: one set of files, written in PostgreSQL's words. What only SQLite
// takes stands in a comment of the form /* sqlite: … */, which becomes live there. It knows nothing of what the tables mean.
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
func SQLite() fs.FS { return sqliteFS{files} }

var sqliteOnly = regexp.MustCompile(`/\* sqlite: (.*?) \*/`)

type sqliteFS struct{ fs.FS }

func (s sqliteFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil || path.Ext(name) != ".sql" {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return sqliteFile{f, bytes.NewReader(sqliteOnly.ReplaceAll(text, []byte("$1")))}, nil
}

type sqliteFile struct {
	fs.File
	text *bytes.Reader
}

func (f sqliteFile) Read(p []byte) (int, error) { return f.text.Read(p) }
