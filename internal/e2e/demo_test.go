package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// startDemo starts `busbar demo` on the data directory and waits for its closing lines.
func startDemo(t *testing.T, data string) (*busbar, map[string]string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out := new(said)
	b := &busbar{t: t, log: new(said), data: data}
	b.cmd = exec.Command(path, "demo", "--listen", "127.0.0.1:0", "--data", data)
	b.cmd.Stdout, b.cmd.Stderr = out, b.log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.kill)
	b.await("end of the demo's first sync", func() bool { return strings.Contains(out.String(), "Stop with Ctrl-C") })
	env := map[string]string{"said": out.String()}
	text, err := os.ReadFile(filepath.Join(data, "demo.env"))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		env[name] = value
	}
	b.url = env["BUSBAR_URL"]
	return b, env
}

var curlLine = regexp.MustCompile(`curl -s -H 'Authorization: Bearer (bb_con_\w+)' '(http://[^']+)'`)

// The demo prints lines that work as printed, and goes on with the same connection, token and simulated data when it is started again, also
// after kill -9.
func TestDemo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "demo")
	b, first := startDemo(t, data)
	if info, err := os.Stat(filepath.Join(data, "demo.env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo.env: %v, %v; want mode 0600", info.Mode(), err)
	}
	lines := curlLine.FindAllStringSubmatch(first["said"], -1)
	if len(lines) != 4 {
		t.Fatalf("%d curl lines, want 4:\n%s", len(lines), first["said"])
	}
	for _, l := range lines {
		path := strings.TrimPrefix(l[2], b.url)
		if data := b.call("GET", path, l[1], nil, http.StatusOK)["data"].([]any); len(data) == 0 {
			t.Errorf("%s answers nothing", l[2])
		}
	}
	renameVendor(t, first)
	ask(t, first["SIM_CMMS_URL"]+"/cmms/v2/work-orders", "POST", "X-Api-Key", first["SIM_CMMS_KEY"], `{"title": "Lasts over a restart"}`, http.StatusCreated)
	b.kill()

	b, second := startDemo(t, data)
	for _, name := range []string{"BUSBAR_TOKEN", "BUSBAR_KEY", "BUSBAR_CONNECTION", "BUSBAR_CMMS_TOKEN", "BUSBAR_CMMS_CONNECTION"} {
		if first[name] == "" || first[name] != second[name] {
			t.Errorf("%s was %q and is %q after a restart", name, first[name], second[name])
		}
	}
	run := b.syncAndWait(second["BUSBAR_TOKEN"], "incremental", "vendors")["vendors"]
	if run["state"] != "complete" || run["counts"].(map[string]any)["updated"] != float64(1) {
		t.Errorf("the sync after the restart: %v; want the renamed vendor", run)
	}
	run = b.syncAndWait(second["BUSBAR_CMMS_TOKEN"], "incremental", "work-orders")["work-orders"]
	if run["state"] != "complete" || run["counts"].(map[string]any)["created"] != float64(1) {
		t.Errorf("the sync after the restart: %v; want the new work order", run)
	}
	all := b.list("/v1/connections", second["BUSBAR_KEY"])
	if len(all) != 2 {
		t.Errorf("%d connections after a restart", len(all))
	}
	orders := b.list("/v1/purchase-orders", second["BUSBAR_TOKEN"])
	if len(orders) < 2000 {
		t.Errorf("%d purchase orders", len(orders))
	}
}

// renameVendor changes a vendor in the simulated ERP, as its users would.
func renameVendor(t *testing.T, env map[string]string) {
	t.Helper()
	to, key := env["SIM_ERP_URL"]+"/api/v1/vendors", "Bearer "+env["SIM_ERP_KEY"]
	vendor := ask(t, to+"?limit=1", "GET", "Authorization", key, "", http.StatusOK)["data"].([]any)[0].(map[string]any)
	ask(t, to+"/"+vendor["id"].(string), "PATCH", "Authorization", key, `{"name": "Renamed Ltd"}`, http.StatusOK)
}

// ask calls a simulated system, which must answer with that status.
func ask(t *testing.T, url, method, header, key, body string, status int) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(header, key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != status {
		t.Fatalf("%s %s: %d, %v", method, url, resp.StatusCode, err)
	}
	return answer
}
