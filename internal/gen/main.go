// Command gen writes the pages that come from settings, problems, states, routes and connectors, and the schemas of manifests and flows. Run it from the top of the repository:
//
//	go run ./internal/gen
package main

import (
	"fmt"
	"os"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/model"
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
	schema, err := app.Schema()
	if err != nil {
		return err
	}
	flows, err := lang.Schema()
	if err != nil {
		return err
	}
	m, err := model.Load()
	if err != nil {
		return err
	}
	access, err := api.AccessPage(m)
	if err != nil {
		return err
	}
	files := map[string]string{
		"docs/access.md":                         access,
		"docs/settings.md":                       config.Markdown(),
		"docs/problems/README.md":                problem.Index(),
		"docs/states/connection.md":              states,
		"docs/states/flow-run.md":                flow.StatesPage(),
		"docs/connectors/" + manifest.SchemaFile: string(schema),
		"docs/flows/" + lang.SchemaFile:          string(flows),
	}
	systems, err := app.SystemPages()
	if err != nil {
		return err
	}
	for name, text := range systems {
		files["docs/systems/"+name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
