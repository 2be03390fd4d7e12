package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b", "data?x=1#%41")
	s := open(t, dir)
	if err := s.SetMeta(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 3 {
		t.Errorf("only %v in the data directory", files)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v (%v)", info.Mode(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		arrange func(t *testing.T, dir string)
		want    string
	}{
		"a directory that is a file": {func(t *testing.T, dir string) { write(t, dir, "x") }, "choose a directory"},
		"a file that is no database": {func(t *testing.T, dir string) {
			mkdir(t, dir)
			write(t, filepath.Join(dir, "busbar.db"), strings.Repeat("no database ", 1000))
		}, "restore a backup"},
		"a database that is a directory": {func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "busbar.db")) }, "read and write it"},
		"a newer schema": {func(t *testing.T, dir string) {
			s, err := sqlite.Open(t.Context(), dir)
			must(t, err)
			_, err = s.DB().ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (99999, true)")
			must(t, errors.Join(err, s.Close()))
		}, "start the newer busbar"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			tt.arrange(t, dir)
			for range 2 { // the first refusal must not leave the lock behind
				s, err := sqlite.Open(t.Context(), dir)
				if err == nil {
					s.Close()
					t.Fatal("it was opened")
				}
				if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir) || errors.Is(err, store.ErrInUse) {
					t.Errorf("the error does not say %q of %s: %v", tt.want, dir, err)
				}
			}
		})
	}
}

func TestReadOnlyDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o500))
	if s, err := sqlite.Open(t.Context(), filepath.Join(dir, "x")); err == nil {
		s.Close()
		t.Error("it was opened")
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	_, err := sqlite.Open(t.Context(), dir)
	if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "stop the other busbar") {
		t.Errorf("got %v", err)
	}
	must(t, s.Close())
	open(t, dir)
}

// A full disk refuses writes by name, keeps what was there, and is forgotten when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	limit := func(pages string) {
		_, err := s.DB().ExecContext(t.Context(), "pragma max_page_count = "+pages)
		must(t, err)
	}
	must(t, s.SetMeta(t.Context(), "before", "x"))
	limit("1") // as many as there are
	big := strings.Repeat("x", 1<<20)
	if err := s.SetMeta(t.Context(), "big", big); !errors.Is(err, store.ErrFull) {
		t.Errorf("got %v", err)
	}
	for key, want := range map[string]string{"before": "x", "big": ""} {
		if got, err := s.Meta(t.Context(), key); err != nil || got != want {
			t.Errorf("%s is %.10q (%v)", key, got, err)
		}
	}
	limit("1000000")
	must(t, s.SetMeta(t.Context(), "big", big))
}

// A cancelled caller leaves nothing half done and no lock behind.
func TestCancelledWrite(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx *store.Tx) error {
		err := tx.InsertConnection(ctx, &store.Connection{ID: "c", ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch})
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := s.ConnectionForWork(t.Context(), "c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	must(t, s.SetMeta(t.Context(), "k", "v"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, dir string) { t.Helper(); must(t, os.MkdirAll(dir, 0o700)) }

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}
