package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/config"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"busbar": main})
}

// TestCommandLine runs the scripts that need no server.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: filepath.Join("testdata", "script")})
}

// TestClient runs the scripts that ask a demo, which all of them share.
func TestClient(t *testing.T) {
	t.Parallel()
	env := startDemo(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "demo"),
		Setup: func(e *testscript.Env) error {
			text, err := os.ReadFile(env)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "demo.env"), text, 0o600)
		},
	})
}

// startDemo runs a demo until the test ends, and gives its env file once everything is synced.
func startDemo(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	var log bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		p := app.Program{Out: w, Err: &log, Version: "test", Now: time.Now}
		err := p.Demo(ctx, config.Demo{Listen: "127.0.0.1:0", Data: data, DemoLog: config.DemoLog{LogLevel: "info", LogFormat: "text"}})
		w.CloseWithError(io.EOF)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("the demo's log:\n%s", log.String())
		}
	})
	var said strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Everything is synced") {
			go func() { _, _ = io.Copy(io.Discard, r) }()
			return filepath.Join(data, "demo.env")
		}
	}
	t.Fatalf("the demo ended early; it said:\n%s", said.String())
	return ""
}
