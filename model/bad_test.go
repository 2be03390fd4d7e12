package model_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/busbar-dev/busbar/model"
)

// Each archive in testdata/bad holds model files with mistakes, and the file want: every problem, in order. The record and the
// kinds are the real ones unless the archive has its own.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			files, want := unpack(t, name)
			m, err := model.LoadFS(files)
			if m != nil || !errors.As(err, new(model.Problems)) {
				t.Fatalf("LoadFS gave %v and %v; want Problems", m, err)
			}
			if got := err.Error() + "\n"; got != want {
				t.Errorf("problems\n got:\n%swant:\n%s", got, want)
			}
		})
	}
}

func unpack(t *testing.T, name string) (files fstest.MapFS, want string) {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files = fstest.MapFS{}
	for _, common := range []string{"_record.yaml", "_kinds.yaml"} {
		text, err := os.ReadFile(common)
		if err != nil {
			t.Fatal(err)
		}
		files[common] = &fstest.MapFile{Data: text}
	}
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files, want
}
