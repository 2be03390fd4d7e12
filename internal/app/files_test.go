package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// A project sees the directory of its own name below --files and nothing beside it; only the first project sees all, but for the directories of others.
func TestProjectsShareNoDirectory(t *testing.T) {
	t.Parallel()
	st, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	now := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	if _, _, err := st.EnsureProject(t.Context(), "zz-first", "First", now); err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertProject(t.Context(), store.Project{ID: "aa-second", Name: "Second", CreatedAt: now.Add(time.Minute)})
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"secret/deep", "aa-second/own", "AA-second/own", "zz-first"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openShares(dir, st)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	sees := func(files driver.Files, name string) bool {
		if files == nil {
			return false
		}
		root, err := files.OpenRoot(name)
		return err == nil && root.Close() == nil
	}
	for _, c := range []struct {
		project, name string
		want          bool
	}{
		{"zz-first", "secret", true}, {"zz-first", "secret/deep", true}, {"zz-first", ".", true}, {"zz-first", "other", false}, {"zz-first", "zz-first", true},
		{"zz-first", "aa-second", false}, {"zz-first", "aa-second/own", false}, {"zz-first", "./AA-second/own", false}, {"zz-first", "secret/../aa-second/own", false},
		{"aa-second", "own", true}, {"aa-second", "secret", false}, {"aa-second", "../secret", false}, {"third", "secret", false}, {"..", "secret", false}, {"", "secret", false}, {"secret", ".", true},
	} {
		if got := sees(s.of(c.project), c.name); got != c.want {
			t.Errorf("%s sees %s: %v", c.project, c.name, got)
		}
	}
	none, err := openShares("", st)
	if err != nil || none.of("zz-first") != nil {
		t.Errorf("without --files: %v", err)
	}
}
