// Command busbar is the whole of Busbar in one binary: server, demo and client.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/busbar-dev/busbar/examples/flows"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/cli"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/conformance"
)

// version is set by the linker in releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	s := streams()
	code := cli.Main(ctx, os.Args[1:], s, programs(s))
	stop()
	os.Exit(code)
}

func streams() cli.Streams {
	return cli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: config.LookAtTerminal(os.Stdin, os.Stdout, os.Stderr),
		Secret: func() (string, error) {
			b, err := term.ReadPassword(int(os.Stdin.Fd()))
			return string(b), err
		},
		Now: time.Now,
	}
}

func programs(s cli.Streams) cli.Programs {
	p := app.Program{Out: s.Out, Err: s.Err, Terminal: s.Terminal, Version: version, Now: s.Now}
	return cli.Programs{
		Serve: p.Serve, Demo: p.Demo, Check: app.CheckConnectors, Try: try, OpenAPI: app.OpenAPI, Version: version,
		Schema: app.Schema, Starter: app.Starter, Page: app.ConnectorPage, Record: p.Record, Flows: flows.FS,
	}
}

// try runs the suite on a directory that is removed behind it.
func try(ctx context.Context, t cli.Trial) (failed bool, err error) {
	dir, err := os.MkdirTemp("", "busbar-connector-test-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stand := conformance.Stand{Folder: t.Folder, System: t.System, Credentials: t.Credentials, AuthMethod: t.AuthMethod, Version: t.Version, Allow: conformance.Anywhere(), Writes: t.Write, Entities: t.Entities}
	report, err := conformance.Try(ctx, stand, dir, func(rows []conformance.Row) { fmt.Fprint(t.Out, conformance.Lines(rows)) })
	if err != nil {
		return false, err
	}
	fmt.Fprintf(t.Out, "\n%s", report)
	return report.Failed(), nil
}
