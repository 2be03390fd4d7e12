// Command busbar is the whole of Busbar in one binary: server, demo and client.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/cli"
	"github.com/busbar-dev/busbar/internal/config"
)

// version is set by the linker in releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	terminal := config.LookAtTerminal(os.Stdin, os.Stdout, os.Stderr)
	code := cli.Main(ctx, os.Args[1:], streams(terminal), programs(terminal))
	stop()
	os.Exit(code)
}

func streams(t config.Terminal) cli.Streams {
	return cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: t, Secret: readSecret, Now: time.Now}
}

// readSecret reads a line of the terminal without echo.
func readSecret() (string, error) {
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	return string(b), err
}

func programs(t config.Terminal) cli.Programs {
	program := func(l config.Log) app.Program {
		return app.Program{Out: os.Stdout, Log: l.Logger(os.Stderr, t), Terminal: t, Version: version, Now: time.Now}
	}
	return cli.Programs{
		Serve:   func(ctx context.Context, c config.Serve) error { return program(c.Log).Serve(ctx, c) },
		Demo:    func(ctx context.Context, c config.Demo) error { return program(c.Log).Demo(ctx, c) },
		Check:   app.CheckConnectors,
		OpenAPI: app.OpenAPI,
		Version: version,
	}
}
