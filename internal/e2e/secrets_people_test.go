package e2e

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

// person is a browser without scripts, whose every answer is heard.
type person struct {
	*heard
	cookies map[string]string
}

// browse asks for a page, with a form when there is one, and follows nothing. What shown finds this answer is meant to show; so is what stands in the address that is asked for, and a cookie that is set.
func (p *person) browse(method, address string, form url.Values, shown ...string) (*http.Response, string) {
	p.t.Helper()
	return p.send(method, address, "application/x-www-form-urlencoded", []byte(form.Encode()), nil, shown...)
}

// api is a member's call of the API from a page.
func (p *person) api(method, path, body string, header map[string]string, shown ...string) (*http.Response, string) {
	p.t.Helper()
	with := map[string]string{"Busbar-Request": "1"}
	for name, value := range header {
		with[name] = value
	}
	return p.send(method, path, "application/json", []byte(body), with, shown...)
}

// send is a request whose answer may show the token of ours that stands in its path, as the page of a link does.
func (p *person) send(method, address, kind string, body []byte, header map[string]string, shown ...string) (*http.Response, string) {
	p.t.Helper()
	if own := regexp.MustCompile(secret.TokenPattern).FindString(address); own != "" {
		shown = append(shown, own)
	}
	return p.sendAs(method, address, kind, body, header, shown...)
}

func (p *person) sendAs(method, address, kind string, body []byte, header map[string]string, shown ...string) (*http.Response, string) {
	p.t.Helper()
	path := strings.TrimPrefix(address, p.url)
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Origin", p.url)
	if method != http.MethodGet {
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	for name, value := range p.cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		p.cookies[c.Name] = c.Value
		p.secrets[fmt.Sprintf("cookie %s %02d", c.Name, len(p.secrets))] = c.Value
		if c.Value != "" {
			shown = append(shown, regexp.QuoteMeta("="+c.Value+";"))
		}
	}
	p.hear(method+" "+path, resp, raw, shown)
	return resp, string(raw)
}

// hear keeps an answer without what it is meant to show.
func (h *heard) hear(asked string, resp *http.Response, raw []byte, shown []string) {
	record := fmt.Appendf(nil, "%v\n%s", resp.Header, raw)
	for _, pattern := range shown {
		record = regexp.MustCompile(pattern).ReplaceAll(record, []byte("(shown)"))
	}
	h.answers[fmt.Sprintf("%s #%d: %d", asked, len(h.answers), resp.StatusCode)] = record
}

// must is browse with the status that is wanted.
func (p *person) must(status int, method, address string, form url.Values, shown ...string) string {
	p.t.Helper()
	resp, text := p.browse(method, address, form, shown...)
	if resp.StatusCode != status {
		p.t.Fatalf("%s %s: %d, not %d: %s", method, address, resp.StatusCode, status, tail(text, 3000))
	}
	if to := resp.Header.Get("Location"); to != "" {
		return to
	}
	return text
}

// keep notes a secret that stands in a text, and gives it.
func (p *person) keep(name, pattern, text string) string {
	p.t.Helper()
	found := regexp.MustCompile(pattern).FindString(text)
	if found == "" {
		p.t.Fatalf("no %s in %s", name, tail(text, 2000))
	}
	p.secrets[name] = found
	return found
}

// hidden is what a page's forms send without being asked.
func hidden(page string) url.Values {
	form := url.Values{}
	for _, one := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(one[1], html.UnescapeString(one[2]))
	}
	return form
}

// away is what a page shows that leads to a login server.
const away = `(state|nonce)=[^&"\s\]]+`

// visit goes from a page of Busbar to the desk, and gives the address that the desk sends back to.
func (p *person) visit(d *desk, page string) string {
	p.t.Helper()
	address := html.UnescapeString(regexp.MustCompile(regexp.QuoteMeta(d.URL) + `/authorize[^"\s]*`).FindString(page))
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, nil)
	if err != nil || address == "" {
		p.t.Fatalf("no way to the login server in %s", tail(page, 3000))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}

// canaryConnector writes the connector of SimERP once more, with a login in a browser.
func canaryConnector(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	raw, err := os.ReadFile("../../connectors/sim-erp/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(raw), "auth:\n")
	_, after, _ := strings.Cut(rest, "\nconnect:")
	text := strings.NewReplacer("system: sim-erp", "system: canary", "name: SimERP", "name: Canary").Replace(before) + `auth:
  - method: oauth2
    fields:
      - {name: url, label: Address, type: url, identity: true, help: "Where it answers."}
      - {name: client_id, label: Client, type: text, help: "As registered."}
      - {name: client_secret, label: Secret, type: password, secret: true, help: "As registered."}

connect:` + strings.Replace(after, `auth: {style: bearer, token: "{api_key}"}`,
		`auth: {style: oauth2, grant: authorization_code, token_url: "{url}/token", authorize_url: "{url}/authorize", client_id: "{client_id}", client_secret: "{client_secret}", scope: "all", issuer: "{url}"}`, 1)
	if err := os.Mkdir(filepath.Join(folder, "canary"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"manifest.yaml": text, "guide.md": "# Canary\n\nNothing to do.\n"} {
		if err := os.WriteFile(filepath.Join(folder, "canary", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
