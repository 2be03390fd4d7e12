// Package cli owns the busbar command: its words, help texts, tables and exit codes. The commands speak to a running Busbar through its public
// API and nothing else; the server itself is handed in as functions. It knows no storage, no engine and no connection.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/busbar-dev/busbar/internal/config"
)

// Programs is what the binary can run besides asking an API.
type Programs struct {
	Serve   func(context.Context, config.Serve) error
	Demo    func(context.Context, config.Demo) error
	Check   func(fs.FS) (systems []string, err error)             // loads a folder of connectors; manifest.Problems when something is wrong
	Try     func(context.Context, Trial) (failed bool, err error) // runs the suite of connectors
	OpenAPI func() ([]byte, error)                                // the document, as JSON

	Schema  func() ([]byte, error)                                                                                      // of manifests, as JSON
	Starter func(system, driver string) (files map[string][]byte, err error)                                            // of a new connector, by name
	Page    func(fs.FS) (string, error)                                                                                 // the documentation of the one connector in a folder
	Record  func(ctx context.Context, folder fs.FS, credentials map[string]string, most int) (map[string][]byte, error) // what its system answers, as JSON by entity

	Flows fs.FS // documents to begin with: NAME.yaml

	Version string
}

// Streams is where the command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal config.Terminal
	Secret   func() (string, error) // reads a line without echo; called only when Terminal.In
	Now      func() time.Time
}

type clock func() time.Time

// The exit codes.
const (
	ExitOK          = 0
	ExitFailed      = 1   // what was asked for did not succeed
	ExitUsage       = 2   // a flag, argument or setting is wrong
	ExitUnreachable = 3   // no Busbar answers at --url
	ExitDenied      = 4   // key or token missing, refused or not enough
	ExitNotFound    = 5   // no such thing
	ExitInterrupted = 130 // stopped by Ctrl-C
)

const description = `One API in front of every industrial system.

Exit codes: 0 done, 1 failed, 2 wrong flag or setting, 3 no Busbar at --url, 4 key or token refused, 5 not found, 130 interrupted.`

type commands struct {
	config.Common

	Serve        serveCmd        `cmd:"" help:"Run the server."`
	Demo         demoCmd         `cmd:"" help:"Run the server with simulated systems and data, to try everything."`
	Connection   connectionGroup `cmd:"" help:"Connections to customers' systems."`
	Link         linkGroup       `cmd:"" help:"Links by which customers connect their systems."`
	Token        tokenGroup      `cmd:"" help:"Tokens of a connection."`
	Keys         keysGroup       `cmd:"" help:"Rotate the keys that seal logins."`
	Member       memberGroup     `cmd:"" help:"People who work with the project."`
	Key          keyGroup        `cmd:"" help:"Keys of the project."`
	Audit        auditGroup      `cmd:"" help:"What was done by whom."`
	Sync         syncGroup       `cmd:"" help:"Start syncs and look at them."`
	Records      recordsGroup    `cmd:"" help:"Read and write records."`
	Batch        batchCmd        `cmd:"" help:"Write many records from a file."`
	Operations   operationsGroup `cmd:"" help:"What became of writes and batches."`
	Flow         flowGroup       `cmd:"" help:"Flows: work between systems that goes on by itself."`
	Changes      changesCmd      `cmd:"" help:"Read the change feed of an entity."`
	Capabilities capabilitiesCmd `cmd:"" help:"What a connection can deliver."`
	System       systemGroup     `cmd:"" help:"Systems that Busbar can connect to."`
	Connector    connectorGroup  `cmd:"" help:"Write connectors."`
	OpenAPI      openAPICmd      `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
}

// Main runs the command that args name and gives the exit code. It prints every error itself.
func Main(ctx context.Context, args []string, s Streams, p Programs) int {
	err := run(ctx, args, &s, &p)
	if err == nil {
		return ExitOK
	}
	var done exit
	if errors.As(err, &done) { // also --help
		return int(done)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	printError(s.Err, err)
	return exitCode(err)
}

// exit ends a command whose output has said everything already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// usage is an error about flags, arguments or settings.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func run(ctx context.Context, args []string, s *Streams, p *Programs) error {
	k, err := kong.New(&commands{}, kong.Name("busbar"), kong.Description(description), kong.Writers(s.Out, s.Err),
		kong.Exit(func(code int) { panic(exit(code)) }), // kong ends --help by exiting, which must not return
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 110}),
		kong.Bind(s, p, clock(s.Now)), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parse(k, args)
	if err != nil {
		return err
	}
	return parsed.Run()
}

func parse(k *kong.Kong, args []string) (parsed *kong.Context, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			err = p
		default:
			panic(p)
		}
	}()
	if parsed, err = k.Parse(args); err != nil {
		err = usage{elsewhere(k, args, err)}
	}
	return parsed, err
}

// elsewhere adds to an error about an unknown first word which commands of a group bear that name.
func elsewhere(k *kong.Kong, args []string, err error) error {
	if args[0] == "" || !strings.HasPrefix(err.Error(), "unexpected argument "+args[0]) {
		return err
	}
	for _, leaf := range k.Model.Leaves(true) {
		if leaf.Name == args[0] && leaf.Parent != k.Model.Node {
			return fmt.Errorf("there is no command %q; did you mean \"busbar %s %s\"?", leaf.Name, leaf.Parent.Name, leaf.Name)
		}
	}
	return err
}
