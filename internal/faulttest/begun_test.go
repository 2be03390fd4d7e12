package faulttest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/jobs"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// begun is the file of a database with all tables and nothing in them, as the program makes it at its first start.
var begun = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "begun")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	st, err := sqlite.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err := jobs.New(ctx, jobs.Config{Store: st, Now: time.Now}); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "busbar.db"))
})

// begin puts such a database into a directory that has none, which costs less than making the tables anew. How they are made is tested by package sqlite and by the whole program.
func begin(dir string) error {
	file := filepath.Join(dir, "busbar.db")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	text, err := begun()
	if err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o700)); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}
