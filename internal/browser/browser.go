// Package browser owns how tests use a real browser: it starts Chromium, lets it do what a script says, and finds on every page what no page may have: errors on the console, breaches of the
// page's policy, requests to other hosts, barriers.
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

var shots = flag.String("shots", "", "directory for pictures of every page that tests with a browser see")

// longest is how long one script may take before it is taken to hang.
const longest = 4 * time.Minute

// Browser is a Chromium that does what scripts say, one after the other.
type Browser struct {
	here    string
	node    *exec.Cmd
	scripts io.WriteCloser
	results *json.Decoder
	told    bytes.Buffer // what node says of itself
}

// Open starts one. It ends with the test, which is skipped where something that it needs is not installed.
func Open(t *testing.T) *Browser {
	t.Helper()
	here, chromium := folder(t)
	b := &Browser{here: here}
	b.node = exec.CommandContext(context.WithoutCancel(t.Context()), "node", filepath.Join(here, "run.mjs"), chromium, picturesOf(t))
	b.node.Stderr, b.node.WaitDelay = &b.told, 10*time.Second
	var results io.Reader
	var err error
	if b.scripts, err = b.node.StdinPipe(); err == nil {
		results, err = b.node.StdoutPipe()
	}
	if err == nil {
		err = b.node.Start()
	}
	check(t, err)
	b.results = json.NewDecoder(results)
	t.Cleanup(func() {
		_ = b.scripts.Close()
		_ = b.node.Wait()
	})
	return b
}

// Run lets it do what a script of this package says, with arguments as JSON, and reads its result into out unless that is nil. The test fails with what the script says.
func (b *Browser) Run(t *testing.T, script string, args, out any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = b.node.Process.Signal(os.Interrupt) })
	defer stop()
	check(t, json.NewEncoder(b.scripts).Encode(map[string]any{"args": args, "script": filepath.Join(b.here, "scripts", script)}))
	var done struct {
		Result json.RawMessage `json:"result"`
		Told   string          `json:"told"` // what went wrong
	}
	if err := b.results.Decode(&done); err != nil {
		t.Fatalf("%s does not end: %v\n%s", script, err, b.told.String())
	}
	if done.Told != "" {
		t.Fatalf("%s: %s", script, done.Told)
	}
	if out != nil {
		check(t, json.Unmarshal(done.Result, out))
	}
}

// Run lets a browser of its own do what a script says.
func Run(t *testing.T, script string, args, out any) {
	t.Helper()
	Open(t).Run(t, script, args, out)
}

func picturesOf(t *testing.T) string {
	t.Helper()
	if *shots == "" {
		return ""
	}
	dir, err := filepath.Abs(*shots)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// folder is where this package is, and Chromium. The test is skipped where something that it needs is not installed.
func folder(t *testing.T) (here, chromium string) {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	here = filepath.Dir(file)
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed; scripts/setup-test installs it")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed; scripts/setup-test installs it")
	}
	if _, err := os.Stat(filepath.Join(here, "node_modules", "playwright-core")); err != nil {
		t.Skip("the npm packages of internal/browser are not installed; scripts/setup-test installs them")
	}
	return here, chromium
}
