package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Trial is what a connector is to be tried out with.
type Trial struct {
	Folder      fs.FS
	System      string
	Credentials map[string]string
	AuthMethod  string
	Version     string // of the system; empty: not known
	Write       bool
	Entities    []string // nil: all
	Out         io.Writer
}

type connectorTestCmd struct {
	Dir        string `arg:"" help:"The connector's own folder."`
	loginFlags `embed:""`
	AuthMethod string   `name:"auth-method" placeholder:"METHOD" help:"One of the manifest's ways to log in. Default: its first."`
	SystemIs   string   `name:"system-version" placeholder:"VERSION" help:"The version of the system that runs, as the manifest's evidence names it (live VERSION)."`
	Write      bool     `help:"Also try what writes: it makes, changes and deletes records in the system. Give it a test system."`
	Entity     []string `placeholder:"ENTITY" help:"Only this entity. Repeat the flag."`
}

// Help ends the command's help with an example.
func (connectorTestCmd) Help() string {
	return `Needs no running Busbar: it runs one of its own, on a directory that it removes, against the instance that the login leads to, and makes every check that the manifest calls for. It reads only, unless --write is given.
A line for each check tells ok, failed (what, where, and what to do) or not checked (why); then comes the matrix of what can be done, marked by what was exercised. Exit code 1 when a check failed.

Example:

  busbar connector test ./connectors/acme --credentials-file acme.json --entity vendors`
}

// Run tries the connector out.
func (cmd *connectorTestCmd) Run(ctx context.Context, s *Streams, p *Programs) error {
	values, err := cmd.values(s.In)
	if err != nil {
		return err
	}
	base, folder := connectorsOf(cmd.Dir)
	names, err := p.Check(folder)
	var problems manifest.Problems
	if errors.As(err, &problems) {
		for _, one := range problems {
			one.Pos.File = filepath.Join(base, one.Pos.File)
			fmt.Fprintln(s.Out, one)
		}
		return exit(ExitFailed)
	}
	if err != nil {
		return fmt.Errorf("check %s: %w", cmd.Dir, err)
	}
	if len(names) != 1 {
		return usage{fmt.Errorf("%s holds %d connectors (%s); name the folder of one", cmd.Dir, len(names), strings.Join(names, ", "))}
	}
	failed, err := p.Try(ctx, Trial{Folder: folder, System: names[0], Credentials: values, AuthMethod: cmd.AuthMethod, Version: cmd.SystemIs, Write: cmd.Write, Entities: cmd.Entity, Out: s.Out})
	if err == nil && failed {
		return exit(ExitFailed)
	}
	return err
}
