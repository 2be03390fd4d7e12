package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// A project sees the directory of its own name below --files and nothing beside it; only the first project sees all.
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
	for _, name := range []string{"secret", "aa-second/own"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openShares(dir, st)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	sees := func(root *os.Root, name string) bool {
		if root == nil {
			return false
		}
		_, err := root.Stat(name)
		return err == nil
	}
	for _, c := range []struct {
		project, name string
		want          bool
	}{
		{"zz-first", "secret", true}, {"zz-first", "aa-second/own", true},
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
