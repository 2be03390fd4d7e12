package e2e

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// canaryTyped is a secret that the operator of a machine mistypes.
const canaryTyped = `canary typed"/+&<%91`

// command runs a command of Busbar and keeps what it prints, without what that is meant to show.
func (w *canaries) command(env []string, input string, args []string, shown ...string) (code int, said string) {
	w.t.Helper()
	path, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.t.TempDir(), strings.NewReader(input), &out, &out
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "BUSBAR_URL=" + w.url}, env...)
	_ = cmd.Run()
	text := out.Bytes()
	for _, pattern := range shown {
		text = regexp.MustCompile(pattern).ReplaceAll(text, []byte("(shown)"))
	}
	w.printouts[strings.Join(args, " ")+" with "+strings.Join(env, " ")] = text
	return cmd.ProcessState.ExitCode(), out.String()
}

// commands lets an operator look at everything, make what is shown once, and mistype secrets.
func (w *canaries) commands(token string) {
	w.t.Helper()
	w.secrets["typed secret"] = canaryTyped
	asOwner := []string{"BUSBAR_KEY=" + w.key}
	connection, link := w.ids("/v1/connections")[0], w.ids("/v1/link-sessions")[0]
	for _, args := range []string{
		"connection list", "connection get " + connection, "connection health " + connection, "connection history " + connection, "link list", "link show " + link, "token list -c " + connection, "keys show", "member list", "key list",
		"audit list", "audit verify", "audit checkpoint", "system list", "system get canary", "connection list -o json", "connection get -o json " + connection, "audit list -o json", "key list -o json", "link list -o json",
	} {
		if code, said := w.command(asOwner, "", strings.Fields(args)); code != 0 {
			w.t.Errorf("%s ends with %d: %s", args, code, said)
		}
	}
	for _, args := range []string{"sync status", "sync runs", "sync start vendors", "records list vendors", "operations list", "capabilities", "changes vendors"} {
		if code, said := w.command([]string{"BUSBAR_TOKEN=" + token}, "", strings.Fields(args)); code != 0 {
			w.t.Errorf("%s ends with %d: %s", args, code, said)
		}
	}
	for name, args := range map[string]string{
		"issued key": "key issue --label canary --scope read", "issued token": "token issue --label canary -c " + connection, "invitation by a command": "member invite eve@example.com --role viewer", "link by a command": "link create canary",
	} {
		_, said := w.command(asOwner, "", strings.Fields(args), kinds)
		w.owner.keep(name, kinds, said)
	}
	if w.database == nil { // what is mistyped never gets as far as the database
		w.mistype(asOwner, token, connection)
	}
}

// mistype gives commands secrets in ways in which they do not work.
func (w *canaries) mistype(asOwner []string, token, connection string) {
	w.t.Helper()
	folder := w.t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
		return path
	}
	broken, odd := file("broken.json", `{"url":"http://127.0.0.1:9","api_key":`+quoted(canaryTyped)), file("odd.json", `{"apikey":`+quoted(canaryTyped)+`,"api_key":[`+quoted(canaryTyped)+`]}`)
	create := []string{"connection", "create", "sim-erp", "--credential", "url=http://127.0.0.1:9"}
	for _, args := range [][]string{
		append(create, "--credential", "api_key="+canaryTyped), append(create, "--credential", canaryTyped), append(create, "--credential", "apikey="+canaryTyped), {"connection", "create", "sim-erp", "--credentials-file", broken},
		{"connection", "create", "sim-erp", "--credentials-file", odd}, {"connection", "create", "sim-erp", "--credentials-file", "-"}, {"connection", "reauthorize", connection, "--credential", "apikey=" + canaryTyped},
		{"connection", "get", w.key}, {"connection", "list", "--key", canaryTyped}, {"connection", "list", "--key", w.key + "x"}, {"connection", "list", "--kee=" + canaryTyped}, {"link", "exchange", "--verifier", canaryTyped, canaryTyped}, {"records", "get", "vendors", token},
		{"connection", "list", "--url", "http://user:" + url.PathEscape(canaryTyped) + "@127.0.0.1:9"}, {"connection", "list", "--url", "http://user:" + url.PathEscape(canaryTyped) + "@127.0.0.1:x"}, {"connection", "list", "--url", "ftp://user:" + url.PathEscape(canaryTyped) + "@127.0.0.1"},
		{"connection", "list", "--env-file", file("a.env", "BUSBAR_KEY "+canaryTyped)}, {"connection", "list", "--env-file", file("c.env", canaryTyped)},
	} {
		if code, said := w.command(asOwner, `{"api_key":`+quoted(canaryTyped), args); code == 0 {
			w.t.Errorf("%v is taken: %s", args, said)
		}
	}
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "data")}
	for _, args := range [][]string{
		{"--database", "postgres://busbar:" + url.PathEscape(canaryTyped) + "@127.0.0.1:9/x"}, {"--database", "postgres://busbar:" + url.PathEscape(canaryTyped) + "@127.0.0.1:x/x"}, {"--database", "mysql://busbar:" + url.PathEscape(canaryTyped) + "@127.0.0.1:9/x"},
		{"--database", "host=127.0.0.1 password='" + canaryTyped + "'"}, {"--database", "postgres://busbar:" + canaryTyped + "@127.0.0.1:9/x"}, {"--master-key", canaryTyped}, {"--master-key-file", file("key", canaryTyped)},
		{"--master-key-command", "cat " + file("said", canaryTyped)}, {"--oidc-client-secret", canaryTyped}, {"--oidc-issuer", "https://user:" + url.PathEscape(canaryTyped) + "@127.0.0.1:9", "--oidc-client-id", "x"},
		{"--public-url", "https://user:" + url.PathEscape(canaryTyped) + "@127.0.0.1:9"},
	} {
		if code, said := w.command(nil, "", append(serve, args...)); code == 0 || code == -1 {
			w.t.Errorf("serve %v ends with %d: %s", args, code, said)
		}
	}
}
