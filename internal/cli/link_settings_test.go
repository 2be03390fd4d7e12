package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinkSettings: what is not given stays, an empty value takes away, and secrets of registrations come from a file or standard input alone.
func TestLinkSettings(t *testing.T) {
	t.Parallel()
	logo := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(logo, []byte("PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	const project = `{"id":"p","link":{"name":"Acme","support":"ask Ada","origins":["https://a.example"],"redirect_uris":["https://a.example/back"]}}`
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		switch {
		case r.method == "DELETE":
			return 204, nil, ""
		case r.method == "GET" && strings.HasPrefix(r.target, "/v1/project/apps/"):
			return 200, nil, `{"data":[{"system":"cloud","auth_method":"oauth2","fields":["client_id","client_secret"],"public":{"client_id":"x"}}]}`
		case r.method == "PUT":
			return 200, nil, `{"system":"cloud","auth_method":"oauth2","fields":["client_id","client_secret"]}`
		}
		return 200, nil, project
	})
	for _, tt := range []struct {
		args             []string
		in               string
		method, target   string
		body, out, wrong string
		code             int
	}{
		{[]string{"settings"}, "", "GET", "/v1/project", "", "https://a.example/back", "", ExitOK},
		{[]string{"settings", "--colour", "#0b5fff", "--redirect-uri", "https://b/1?a=1,2", "--redirect-uri", "https://b/2"}, "", "PATCH", "/v1/project",
			`{"link":{"name":"Acme","colour":"#0b5fff","support":"ask Ada","origins":["https://a.example"],"redirect_uris":["https://b/1?a=1,2","https://b/2"]}}`, "Acme", "", ExitOK},
		{[]string{"settings", "--support", "", "--origin", "", "--logo-file", logo, "--page-language", "de"}, "", "PATCH", "/v1/project",
			`{"link":{"name":"Acme","logo":"data:image/png;base64,UE5H","redirect_uris":["https://a.example/back"],"languages":["de"]}}`, "Acme", "", ExitOK},
		{[]string{"settings", "--logo-file", logo + "x"}, "", "", "", "", "", "read the logo", ExitUsage},
		{[]string{"app", "list", "cloud", "--auth-method", "oauth2"}, "", "GET", "/v1/project/apps/cloud?auth_method=oauth2", "", "client_id client_secret", "", ExitOK},
		{[]string{"app", "set", "cloud", "--fields-file", "-"}, `{"client_id":"x","client_secret":"CANARY"}`, "PUT", "/v1/project/apps/cloud", "", "client_id client_secret", "", ExitOK},
		{[]string{"app", "set", "cloud", "--fields-file", "-"}, `{}`, "", "", "", "", "no fields", ExitUsage},
		{[]string{"app", "set", "cloud"}, "", "", "", "", "", "--fields-file", ExitUsage},
		{[]string{"app", "remove", "cloud"}, "", "DELETE", "/v1/project/apps/cloud", "", "is removed", "", ExitOK},
	} {
		out, errs, code := a.withKey(t.Context(), tt.in, append([]string{"link"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.wrong) || strings.Contains(out+errs, "CANARY") {
			t.Errorf("%v: exit code %d, printed %q and %q", tt.args, code, out, errs)
		}
		if tt.target == "" {
			continue
		}
		if got := a.last(); got.method != tt.method || got.target != tt.target || tt.body != "" && got.body != tt.body {
			t.Errorf("%v: asked %s %s %s", tt.args, got.method, got.target, got.body)
		}
	}
}
