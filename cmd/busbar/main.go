// Command busbar is the whole of Busbar in one binary: server, demo and client.
package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/busbar-dev/busbar/internal/cli"
	"github.com/busbar-dev/busbar/internal/config"
)

// version is set by the linker in releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], streams(), programs())
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

func programs() cli.Programs {
	missing := errors.New("this build has no server yet")
	return cli.Programs{
		Serve:   func(context.Context, config.Serve) error { return missing },
		Demo:    func(context.Context, config.Demo) error { return missing },
		Check:   func(fs.FS) ([]string, error) { return nil, missing },
		OpenAPI: func() ([]byte, error) { return nil, missing },
		Version: version,
	}
}
