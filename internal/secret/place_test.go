package secret_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

// What is sealed for a project opens with that project's key at that place only.
func TestProjectValues(t *testing.T) {
	t.Parallel()
	k := keeper(t)
	key, err := k.NewKey(secret.Owner{Project: "one"})
	if err != nil {
		t.Fatal(err)
	}
	home := secret.Place{Table: "project_apps", Column: "sealed", Row: "odoo oauth", Project: "one"}
	sealed, err := k.SealValues(key, home, map[string]string{"client_secret": "hunter2"})
	if err != nil || bytes.Contains(sealed, []byte("hunter2")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if got, err := k.OpenValues(key, home, sealed); err != nil || got.Get("client_secret") != "hunter2" {
		t.Fatalf("opened %v, %v", got.Names(), err)
	}
	for name, p := range map[string]secret.Place{
		"another project":    {Table: "project_apps", Column: "sealed", Row: "odoo oauth", Project: "two"},
		"another row":        {Table: "project_apps", Column: "sealed", Row: "sap oauth", Project: "one"},
		"another column":     {Table: "project_apps", Column: "public_fields", Row: "odoo oauth", Project: "one"},
		"a connection's":     {Table: "project_apps", Column: "sealed", Row: "odoo oauth", Connection: "one"},
		"also a connection":  {Table: "project_apps", Column: "sealed", Row: "odoo oauth", Connection: "one", Project: "one"},
		"nobody's":           {Table: "project_apps", Column: "sealed", Row: "odoo oauth"},
		"the project itself": {Table: "projects", Column: "sealed", Row: "one", Project: "one"},
	} {
		if _, err := k.OpenValues(key, p, sealed); !errors.Is(err, secret.ErrNotOpened) {
			t.Errorf("%s: opened (%v)", name, err)
		}
	}
	other, _ := k.NewKey(secret.Owner{Project: "one"})
	if _, err := k.OpenValues(other, home, sealed); !errors.Is(err, secret.ErrNotOpened) {
		t.Errorf("opened with another key (%v)", err)
	}
}

// What belongs to the deployment opens at its place only, also after a restart.
func TestOwnValues(t *testing.T) {
	t.Parallel()
	k := keeper(t)
	home := secret.Place{Table: "login_attempts", Column: "sealed", Row: "a"}
	sealed, err := k.SealOwn(home, []byte("verifier"))
	if err != nil || bytes.Contains(sealed, []byte("verifier")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, err := secret.FromText(master, k.Check(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.OpenOwn(home, sealed); err != nil || string(got) != "verifier" {
		t.Fatalf("opened %q, %v", got, err)
	}
	for _, p := range []secret.Place{
		{Table: "x", Column: "sealed", Row: "a"}, {Table: "login_attempts", Column: "x", Row: "a"}, {Table: "login_attempts", Column: "sealed", Row: "b"},
		{Table: "login_attempts", Column: "sealed", Row: "a", Project: "p"}, {Table: "login_attempts", Column: "sealed", Row: "a", Connection: "c"},
	} {
		if got, err := k.OpenOwn(p, sealed); !errors.Is(err, secret.ErrNotOpened) || got != nil {
			t.Errorf("%+v: opened %q, %v", p, got, err)
		}
	}
}
