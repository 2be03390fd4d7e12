package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/link"
)

// opened gives a Busbar with its first project, and a context in which the vendor acts.
func opened(t *testing.T, o Options) (a *App, project string, vendor context.Context) {
	t.Helper()
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
	vendor = audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", At: time.Now()})
	p, err := a.Connections.EnsureFirstKey(vendor, false, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return a, p.ID, vendor
}

// sharing gives a Busbar that may read directories of its machine, with those of two customers.
func sharing(t *testing.T) (a *App, project string, vendor context.Context) {
	t.Helper()
	dir, old := t.TempDir(), time.Now().Add(-time.Hour)
	for _, name := range []string{"customer-a", "customer-b"} {
		file := filepath.Join(dir, name, "in", "vendors-20261130T090000.csv")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("code,name\nV1,CANARY\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
	o := options(t, t.TempDir())
	o.Files, o.PublicURL = dir, "https://busbar.example.com"
	return opened(t, o)
}

// A customer's link reads directories of Busbar's own machine only where the vendor has named the directory, whatever the customer sends, and with whichever system preset.
func TestACustomersLinkReadsNoDirectoryOfThisMachine(t *testing.T) {
	t.Parallel()
	a, project, vendor := sharing(t)
	visit := func(system string) *link.Visit {
		_, address, err := a.Links.Create(vendor, project, link.New{Kind: link.KindMagic, Settings: link.Settings{System: system}})
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := a.Links.Continue(t.Context(), filepath.Base(address), "")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	theirs := func(dir string) link.Login {
		return link.Login{System: "file-drop", Method: "none", Values: map[string]string{"path": dir}, Entities: []string{"vendors"}}
	}
	for _, preset := range []string{"", "file-drop"} {
		v := visit(preset)
		if found, err := a.Links.Check(t.Context(), v, theirs("customer-b")); err == nil {
			t.Errorf("preset %q: a check looks into the directory: %+v", preset, found)
		}
		if _, err := a.Links.Connect(t.Context(), v, theirs("customer-b")); err == nil {
			t.Errorf("preset %q: connected", preset)
		}
	}
	if _, err := a.Links.PutApp(vendor, project, "file-drop", "none", map[string]string{"delimiter": ";"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Links.Check(t.Context(), visit(""), theirs("customer-b")); err == nil {
		t.Error("a registration that names no directory lets the customer name one")
	}
	if _, err := a.Links.PutApp(vendor, project, "file-drop", "none", map[string]string{"path": "customer-a"}); err != nil {
		t.Fatal(err)
	}
	v := visit("file-drop")
	if _, err := a.Links.Connect(t.Context(), v, theirs("customer-b")); err != nil {
		t.Fatal(err)
	}
	c, err := a.Store.Connection(t.Context(), project, v.Connection.ID)
	if err != nil || c.Public["path"] != "customer-a" {
		t.Errorf("the vendor's own directory: %v, %v", c.Public, err)
	}
}

// The pages of a link do not offer what a customer may not choose.
func TestThePagesOfALinkOfferNoDirectoryOfThisMachine(t *testing.T) {
	t.Parallel()
	a, project, vendor := sharing(t)
	server := httptest.NewTLSServer(a.Handler)
	t.Cleanup(server.Close)
	form := func(query string) string {
		_, address, err := a.Links.Create(vendor, project, link.New{Kind: link.KindMagic})
		if err != nil {
			t.Fatal(err)
		}
		_, cookie, err := a.Links.Continue(t.Context(), filepath.Base(address), "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/link/"+filepath.Base(address)+"/login?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "busbar.example.com"
		r.Header.Set("Cookie", "__Host-busbar-link="+cookie)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("HTTP %d: %v", answer.StatusCode, err)
		}
		return string(text)
	}
	for _, query := range []string{"system=file-drop", "system=file-drop&method=none"} {
		if text := form(query); strings.Contains(text, "method=none") || strings.Contains(text, `name="f_path"`) || !strings.Contains(text, "method=private_key") || !strings.Contains(text, `name="f_host"`) {
			t.Errorf("%s: the form is not that of SFTP alone", query)
		}
	}
	if _, err := a.Links.PutApp(vendor, project, "file-drop", "none", map[string]string{"path": "customer-a"}); err != nil {
		t.Fatal(err)
	}
	if text := form("system=file-drop&method=none"); !strings.Contains(text, "method=none") || strings.Contains(text, `name="f_path"`) || !strings.Contains(text, `name="f_delimiter"`) {
		t.Error("the way that the vendor has filled in is not offered without its directory")
	}
}
