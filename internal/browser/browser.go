// Package browser owns how tests use a real browser: it starts Chromium, lets it do what a script says, and finds on every page what no page may have: errors on the console, breaches of the
// page's policy, requests to other hosts, barriers.
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
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

// Run lets a browser do what a script of this package says, with arguments as JSON, and reads its result into out unless that is nil. The test fails with the script's output.
func Run(t *testing.T, script string, args, out any) {
	t.Helper()
	here, chromium := folder(t)
	in, err := json.Marshal(map[string]any{"args": args, "chromium": chromium, "shots": picturesOf(t), "script": filepath.Join(here, "scripts", script)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	node := exec.CommandContext(ctx, "node", filepath.Join(here, "run.mjs"))
	var result, told bytes.Buffer
	node.Stdin, node.Stdout, node.Stderr = bytes.NewReader(in), &result, &told
	node.Cancel = func() error { return node.Process.Signal(os.Interrupt) }
	node.WaitDelay = 10 * time.Second
	if err := node.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, told.String())
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(result.Bytes(), out); err != nil {
		t.Fatalf("%s gives no result that can be read: %v\n%s", script, err, result.String())
	}
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
