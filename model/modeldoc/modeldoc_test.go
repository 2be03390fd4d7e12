package modeldoc

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/busbar-dev/busbar/model"
)

// The committed pages are those that the model gives; none is missing and none is left over.
func TestPagesAreCurrent(t *testing.T) {
	t.Parallel()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", filepath.FromSlash(Dir))
	pages := Pages(m)
	for _, p := range pages {
		committed, err := os.ReadFile(filepath.Join(dir, p.Name))
		if err != nil || !bytes.Equal(committed, p.Text) {
			t.Errorf("%s/%s is not what the model gives (%v); run: go run ./model/modeldoc/gen", Dir, p.Name, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil || len(files) != len(pages) {
		t.Errorf("%s holds %d pages, the model gives %d (%v); run: go run ./model/modeldoc/gen", Dir, len(files), len(pages), err)
	}
}
