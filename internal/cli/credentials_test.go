package cli

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAskMissing(t *testing.T) {
	t.Parallel()
	fields := []credentialField{
		{Name: "url", Label: "Address", Required: true, Example: "https://erp.example.com"},
		{Name: "database", Label: "Database", Required: true, Default: "main"},
		{Name: "username", Label: "User name", Required: true},
		{Name: "password", Label: "Password", Required: true, Secret: true},
		{Name: "note", Label: "Note"},
	}
	var said bytes.Buffer
	s := &Streams{In: strings.NewReader("https://erp\n\n"), Err: &said, Secret: func() (string, error) { return "hunter2", nil }}
	values := map[string]string{"username": "clerk"}
	if err := askMissing(s, fields, values); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"url": "https://erp", "database": "main", "username": "clerk", "password": "hunter2"}
	if !maps.Equal(values, want) {
		t.Errorf("got %v, want %v", values, want)
	}
	if said.String() != "Address (such as https://erp.example.com): Database [main]: Password: \n" {
		t.Errorf("asked %q", said.String())
	}
}

func TestCredentialsFromFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "login.json")
	if err := os.WriteFile(file, []byte(`{"username":"clerk","password":"a=b"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	f := credentialFlags{loginFlags: loginFlags{CredentialsFile: file, Credential: []string{"username=boss"}}}
	got, err := f.read(t.Context(), nil, &Streams{}, "tryton")
	if err != nil || !maps.Equal(got, map[string]string{"username": "boss", "password": "a=b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{`{"password": 1}`, `{"password":"x","password":"y"}`, `nonsense`} {
		f := credentialFlags{loginFlags: loginFlags{CredentialsFile: "-"}}
		_, err := f.read(t.Context(), nil, &Streams{In: strings.NewReader(text)}, "tryton")
		if err == nil || strings.Contains(err.Error(), "hunter2") || exitCode(err) != ExitUsage {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestCredentialFlagKeepsItsValue(t *testing.T) {
	t.Parallel()
	var sent []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"connection":{"id":"c1"},"token":{"token":"bb_con_x"},"runs":[]}`)
	}))
	defer server.Close()
	out, errs, code := busbar(t.Context(), "connection", "create", "tryton", "--credential", "password=a=b;c,d", "--key", "bb_key_x", "--url", server.URL)
	if code != ExitOK || string(sent) != `{"system":"tryton","credentials":{"password":"a=b;c,d"}}` || !strings.Contains(out, "bb_con_x") {
		t.Errorf("exit code %d, sent %s, said %q %q", code, sent, out, errs)
	}
}

// What may be a secret without its name is not repeated.
func TestCredentialFlagWantsAName(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"geheim", "=geheim"} {
		_, errs, code := busbar(t.Context(), "connection", "create", "tryton", "--credential", given, "--key", "bb_key_x", "--url", "http://127.0.0.1:9")
		if code != ExitUsage || strings.Contains(errs, "geheim") || !strings.Contains(errs, "NAME=VALUE") {
			t.Errorf("exit code %d, said %q", code, errs)
		}
	}
}
