package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// engine is a kind of database. fresh gives the URL of an empty one, "" for a file in the data directory.
type engine struct {
	name  string
	fresh func() string
}

func (e engine) shared() bool { return e.name == "postgres" }

// openEngines starts what is named; PostgreSQL is left out, with a word, where it is not installed.
func openEngines(names []string) (engines []engine, closeAll func(), err error) {
	b := new(bench)
	if slices.Contains(names, "sqlite") {
		engines = append(engines, engine{"sqlite", func() string { return "" }})
	}
	if slices.Contains(names, "postgres") {
		err = b.guard(func() {
			c := postgres.Start(b, "fsync=on", "synchronous_commit=on", "shared_buffers=512MB", "max_wal_size=4GB")
			engines = append(engines, engine{"postgres", func() string { return c.Database(b) }})
		})
	}
	if errors.Is(err, errSkipped) {
		fmt.Fprintln(os.Stderr, "without PostgreSQL:", err)
		err = nil
	}
	return engines, b.end, err
}

var errSkipped = errors.New("skipped")

// bench stands where the harness of real systems expects a test.
type bench struct {
	testing.TB // what is not here is not called
	cleanups   []func()
}

// stopped is what Fatal and Skip throw.
type stopped struct{ error }

func (b *bench) guard(do func()) (err error) {
	defer func() {
		if s, ok := recover().(stopped); ok {
			err = s.error
		}
	}()
	do()
	return nil
}

func (b *bench) end() {
	for _, f := range slices.Backward(b.cleanups) {
		f()
	}
	b.cleanups = nil
}

func (b *bench) Helper()                      {}
func (b *bench) Name() string                 { return "bench" }
func (b *bench) Cleanup(f func())             { b.cleanups = append(b.cleanups, f) }
func (b *bench) Log(args ...any)              { fmt.Fprintln(os.Stderr, args...) }
func (b *bench) Logf(text string, a ...any)   { fmt.Fprintf(os.Stderr, text+"\n", a...) }
func (b *bench) Error(args ...any)            { b.Fatal(args...) }
func (b *bench) Errorf(text string, a ...any) { b.Fatalf(text, a...) }
func (b *bench) Fatal(args ...any)            { panic(stopped{errors.New(fmt.Sprint(args...))}) }
func (b *bench) Fatalf(text string, a ...any) { panic(stopped{fmt.Errorf(text, a...)}) }
func (b *bench) Skip(args ...any) {
	panic(stopped{fmt.Errorf("%w: %s", errSkipped, fmt.Sprint(args...))})
}
func (b *bench) Skipf(text string, a ...any) {
	panic(stopped{fmt.Errorf("%w: "+text, append([]any{errSkipped}, a...)...)})
}

func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp("", "busbar-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
