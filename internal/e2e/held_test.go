package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// More vendors than the brake lets go vanish from the simulated ERP: the command line shows the hold, and carries out what a person approves.
func TestHeldDeletionsByCommandLine(t *testing.T) {
	t.Parallel()
	b, env := startDemo(t, filepath.Join(t.TempDir(), "demo"))
	token := env["BUSBAR_TOKEN"]
	before := len(b.list("/v1/vendors", token))
	var made []string
	for i := range before/3 + 11 {
		v := askERP(t, env, "POST", "/api/v1/vendors", fmt.Sprintf(`{"name": "Short-lived %d", "currencyCode": "EUR"}`, i))
		made = append(made, v["id"].(string))
	}
	if run := b.syncAndWait(token, "incremental", "vendors")["vendors"]; run["state"] != "complete" {
		t.Fatalf("run %v", run)
	}
	for _, id := range made {
		askERP(t, env, "DELETE", "/api/v1/vendors/"+id, "")
	}
	held := b.syncAndWait(token, "full", "vendors")["vendors"]
	if held["state"] != "incomplete" || len(b.list("/v1/vendors", token)) != before+len(made) {
		t.Fatalf("the run ended %v; %d vendors", held, len(b.list("/v1/vendors", token)))
	}
	id := held["id"].(string)
	if out := b.command(0, "sync", "held"); !strings.Contains(out, id) || !strings.Contains(out, fmt.Sprint(len(made))) || !strings.Contains(out, "pending") {
		t.Errorf("sync held says:\n%s", out)
	}
	if out := b.command(2, "sync", "approve", id); !strings.Contains(out, "--yes") {
		t.Errorf("approving without a person to ask says:\n%s", out)
	}
	b.command(0, "sync", "reject", id)
	var run map[string]any
	if out := b.command(0, "sync", "approve", id, "--yes", "--output", "json"); json.Unmarshal([]byte(out), &run) != nil {
		t.Fatalf("sync approve says:\n%s", out)
	}
	if done := b.awaitRun(token, run["id"].(string)); done["state"] != "complete" || done["counts"].(map[string]any)["deleted"] != float64(len(made)) {
		t.Errorf("the run that carries out: %v", done)
	}
	if out := b.command(0, "sync", "held"); !strings.Contains(out, "No deletions are held.") {
		t.Errorf("sync held says:\n%s", out)
	}
	if n := len(b.list("/v1/vendors", token)); n != before {
		t.Errorf("%d vendors are left, want %d", n, before)
	}
	if out := b.command(0, "sync", "quarantine", id, "--retry"); !strings.Contains(out, "tried:") {
		t.Errorf("sync quarantine --retry says:\n%s", out)
	}
}

// command runs busbar with the demo's settings and gives what it prints; it must exit with that code.
func (b *busbar) command(code int, args ...string) string {
	b.t.Helper()
	path, err := binary()
	if err != nil {
		b.t.Fatal(err)
	}
	cmd := exec.CommandContext(b.t.Context(), path, append(args, "--env-file", filepath.Join(b.data, "demo.env"))...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		b.t.Fatalf("busbar %s: exit code %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return string(out)
}

// askERP asks the simulated ERP, as its users would.
func askERP(t *testing.T, env map[string]string, method, path, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, env["SIM_ERP_URL"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+env["SIM_ERP_KEY"])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d", method, path, resp.StatusCode)
	}
	var answer map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return answer
}
