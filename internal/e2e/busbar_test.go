// Package e2e tests the real binary from outside: started as a process, asked over HTTP, killed without warning, beside a simulated ERP
// or the real Tryton. It holds tests only.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary builds cmd/busbar once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "busbar-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "busbar")
	out, err := exec.Command("go", "build", "-o", path, "../../cmd/busbar").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build busbar: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// busbar is one data directory and the process that runs on it.
type busbar struct {
	t    *testing.T
	args []string
	env  []string // besides the test's own
	url  string
	data string
	cmd  *exec.Cmd
	log  *said
}

// startBusbar starts `busbar serve` on a free port, allowed to reach the given loopback addresses (host:port).
func startBusbar(t *testing.T, reach ...string) *busbar {
	t.Helper()
	b := prepareBusbar(t, reach...)
	b.start()
	return b
}

// prepareBusbar is startBusbar without the start, for a test that adds arguments.
func prepareBusbar(t *testing.T, reach ...string) *busbar {
	t.Helper()
	address := freeAddress(t)
	b := &busbar{t: t, url: "http://" + address, data: filepath.Join(t.TempDir(), "data"), log: new(said)}
	b.args = []string{"serve", "--listen", address, "--data", b.data, "--log-format", "json"}
	for _, r := range reach {
		host, port, _ := net.SplitHostPort(r)
		b.args = append(b.args, "--allow", host+"/32:"+port)
	}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("the process said:\n%s", tail(b.log.String(), 8000))
		}
	})
	return b
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs the process and waits until it answers.
func (b *busbar) start() {
	b.t.Helper()
	b.launch()
	b.awaitReady()
}

// launch runs the process.
func (b *busbar) launch() {
	b.t.Helper()
	path, err := binary()
	if err != nil {
		b.t.Fatal(err)
	}
	b.cmd = exec.Command(path, b.args...)
	b.cmd.Env = append(os.Environ(), b.env...)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *busbar) awaitReady() {
	b.t.Helper()
	b.await("an answer to /readyz", func() bool {
		resp, err := http.Get(b.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends the process with SIGKILL and waits until it is gone.
func (b *busbar) kill() {
	if b.cmd != nil && b.cmd.Process != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
		b.cmd = nil
	}
}

// await polls until ok, and fails the test when that takes absurdly long.
func (b *busbar) await(what string, ok func() bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			b.t.Fatalf("no %s within two minutes; the process said:\n%s", what, tail(b.log.String(), 8000))
		case <-tick.C:
		}
	}
}

// key reads the project key of the first start.
func (b *busbar) key() string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.data, "busbar.env"))
	if err != nil {
		b.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "BUSBAR_KEY="); ok {
			return v
		}
	}
	b.t.Fatal("busbar.env has no BUSBAR_KEY")
	return ""
}

// call asks the API and decodes the answer into a generic object; the status must be want.
func (b *busbar) call(method, path, bearer string, body any, want int) map[string]any {
	b.t.Helper()
	answer, status, err := b.try(method, path, bearer, body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	if status != want {
		b.t.Fatalf("%s %s: %d, want %d: %v", method, path, status, want, answer)
	}
	return answer
}

func (b *busbar) try(method, path, bearer string, body any) (map[string]any, int, error) {
	var send io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, 0, err
		}
		send = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, send)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+bearer)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	text, err := io.ReadAll(resp.Body)
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &answer)
	}
	return answer, resp.StatusCode, err
}

// list follows next_cursor and gives every object of a list.
func (b *busbar) list(path, bearer string) []map[string]any {
	b.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	var all []map[string]any
	for cursor := ""; ; {
		page := b.call("GET", path+sep+"limit=500"+cursor, bearer, nil, http.StatusOK)
		for _, o := range page["data"].([]any) {
			all = append(all, o.(map[string]any))
		}
		next, _ := page["next_cursor"].(string)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + next
	}
}

// syncAndWait asks for a sync of the entities and waits until its runs have ended; it gives them by entity.
func (b *busbar) syncAndWait(token, mode string, entities ...string) map[string]map[string]any {
	b.t.Helper()
	answer := b.call("POST", "/v1/syncs", token, map[string]any{"entities": entities, "mode": mode}, http.StatusAccepted)
	runs := map[string]map[string]any{}
	for _, o := range answer["data"].([]any) {
		id := o.(map[string]any)["id"].(string)
		run := b.awaitRun(token, id)
		runs[run["entity"].(string)] = run
	}
	return runs
}

func (b *busbar) awaitRun(token, id string) (run map[string]any) {
	b.t.Helper()
	b.await("end of sync run "+id, func() bool {
		run = b.call("GET", "/v1/sync-runs/"+id, token, nil, http.StatusOK)
		return run["state"] != "queued" && run["state"] != "running"
	})
	return run
}

// startServer serves h on a free loopback port and gives its host:port.
func startServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// said is what a process wrote, readable while it writes.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
