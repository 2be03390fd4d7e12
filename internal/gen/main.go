// Command gen writes the pages that come from settings, problems and states. Run it from the top of the repository:
//
//	go run ./internal/gen
package main

import (
	"fmt"
	"os"

	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write() error {
	source, err := os.ReadFile("internal/connection/connection.go")
	if err != nil {
		return err
	}
	states, err := connection.StatesPage(source)
	if err != nil {
		return err
	}
	for _, page := range []struct{ name, text string }{
		{"docs/settings.md", config.Markdown()},
		{"docs/problems/README.md", problem.Index()},
		{"docs/states/connection.md", states},
	} {
		if err := os.WriteFile(page.name, []byte(page.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
