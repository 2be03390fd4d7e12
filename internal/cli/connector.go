package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
)

type connectorGroup struct {
	New    connectorNewCmd    `cmd:"" help:"Begin a connector: a manifest and a guide to fill in."`
	Check  connectorCheckCmd  `cmd:"" help:"Check manifests: every problem with its line and what to write instead."`
	Docs   connectorDocsCmd   `cmd:"" help:"Print the documentation of a connector, as Markdown."`
	Record connectorRecordCmd `cmd:"" help:"Record what a system answers, to check the mapping against it."`
	Schema connectorSchemaCmd `cmd:"" help:"Print the JSON Schema of manifests, for editors."`
	Test   connectorTestCmd   `cmd:"" help:"Try a connector out against a running system: every check that its manifest calls for."`
}

type connectorCheckCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of connectors: each holds one folder a connector. A connector's own folder will do too."`
}

// Help ends the command's help with an example.
func (connectorCheckCmd) Help() string {
	return "Needs no running Busbar. Exit code 1 when something is wrong.\n\nExample:\n\n  busbar connector check ./connectors"
}

// Run checks every folder before it fails.
func (cmd *connectorCheckCmd) Run(s *Streams, p *Programs) error {
	wrong := 0
	for _, dir := range cmd.Dirs {
		n, err := checkDir(s, p, dir)
		if err != nil {
			return err
		}
		wrong += n
	}
	if wrong > 0 {
		fmt.Fprintf(s.Err, "%d problems\n", wrong)
		return exit(ExitFailed)
	}
	return nil
}

// checkDir prints the problems of a folder and counts them.
func checkDir(s *Streams, p *Programs, dir string) (int, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return 0, usage{fmt.Errorf("there is no folder %s", dir)}
	}
	base, fsys := connectorsOf(dir)
	names, err := p.Check(fsys)
	var problems manifest.Problems
	if errors.As(err, &problems) {
		for _, one := range problems {
			one.Pos.File = filepath.Join(base, one.Pos.File)
			fmt.Fprintln(s.Out, one)
		}
		return len(problems), nil
	}
	if err != nil {
		return 0, fmt.Errorf("check %s: %w", dir, err)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("%s holds no connector: a connector is a folder with a manifest.yaml", dir)
	}
	for _, name := range names {
		fmt.Fprintf(s.Out, "%s: ok\n", name)
	}
	return 0, nil
}

// connectorsOf gives the folder that holds the connectors, and a view of it; of a connector's own folder that is its parent, with that one connector.
func connectorsOf(dir string) (string, fs.FS) {
	if _, err := os.Stat(filepath.Join(dir, "manifest.yaml")); err != nil {
		return dir, os.DirFS(dir)
	}
	base, name := filepath.Split(filepath.Clean(dir))
	if base == "" {
		base = "."
	}
	return base, only{os.DirFS(base), name}
}

// only shows one folder of a file system.
type only struct {
	fs.FS
	name string
}

// ReadDir hides the other folders at the top.
func (o only) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	if name != "." {
		return entries, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() != o.name }), err
}
