// Command gen writes the pages of docs/model/ from the model. Run it from the top of the repository:
//
//	go run ./model/modeldoc/gen
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/busbar-dev/busbar/model"
	"github.com/busbar-dev/busbar/model/modeldoc"
)

func main() {
	if err := write(modeldoc.Dir); err != nil {
		panic(err)
	}
}

// write replaces every page in dir and removes those of entities that are gone.
func write(dir string) error {
	m, err := model.Load()
	if err != nil {
		return fmt.Errorf("load the model: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range modeldoc.Pages(m) {
		if err := os.WriteFile(filepath.Join(dir, p.Name), p.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
