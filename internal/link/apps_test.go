package link_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/problem"
)

// A project's own registration is sealed and never shown; another project neither sees nor uses it.
func TestAppsAreAProjectsOwn(t *testing.T) {
	w := newWorld(t)
	values := map[string]string{"url": "https://erp.example.com", "client_id": "vendor", "client_secret": password}
	put := must(w.PutApp(w.vendor(), w.project, "plant", "", values))
	if put.AuthMethod != "oauth2" || !slices.Equal(put.Fields, []string{"client_id", "client_secret", "url"}) || len(put.Public) != 2 || put.Public["client_id"] != "vendor" {
		t.Errorf("stored: %+v", put.Fields)
	}
	stored := must(w.store.Apps(t.Context(), w.project))
	if len(stored) != 1 || bytes.Contains(stored[0].Sealed, []byte(password)) || bytes.Contains(fmt.Append(nil, must(w.Apps(t.Context(), w.project))), []byte(password)) {
		t.Error("the secret is stored or shown as it is")
	}
	if apps := must(w.Apps(t.Context(), "another")); len(apps) != 0 {
		t.Errorf("another project sees %d", len(apps))
	}
	theirs := audit.By(t.Context(), audit.Actor{Kind: audit.Key, ID: "key", Name: "other", ProjectID: "another", At: w.clock()})
	w.refused(w.DropApp(theirs, "another", "plant", ""), problem.NotFound)
	for name, wrong := range map[string]map[string]string{"none": nil, "unknown": {"x": "y"}, "empty": {"client_id": ""}} {
		if _, err := w.PutApp(w.vendor(), w.project, "plant", "oauth2", wrong); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	w.ok(w.DropApp(w.vendor(), w.project, "plant", ""))
	w.refused(w.DropApp(w.vendor(), w.project, "plant", ""), problem.NotFound)
}

// A way to log in with a field that is the vendor's alone is the customer's only where the vendor has filled it in; a link for a system without any other is not made.
func TestAFieldOfTheVendorsAloneIsNotTheCustomers(t *testing.T) {
	w := newWorld(t)
	shut := plant()
	shut.Auth[0].Fields[0].Vendor = true
	w.Config.Systems = systems{shut}
	v, _ := w.browse(second(w.make(session())))
	l := login()
	l.Method = "basic"
	_, err := w.Check(t.Context(), v, l)
	if w.refused(err, problem.ValidationFailed); w.driver.probes != 0 {
		t.Error("the system was asked")
	}
	for _, c := range must(w.Systems(t.Context(), v, "")) {
		if len(c.Ways) != 1 || c.Ways[0].Method != "oauth2" {
			t.Errorf("offered: %+v", c.Ways)
		}
	}
	shut.Auth = shut.Auth[:1]
	_, _, err = w.Create(w.vendor(), w.project, session())
	w.refused(err, problem.ValidationFailed)
	must(w.PutApp(w.vendor(), w.project, "plant", "basic", map[string]string{"url": "https://erp.example.com"}))
	v, _ = w.browse(second(w.make(session())))
	if found := must(w.Check(t.Context(), v, login())); !found[0].OK {
		t.Errorf("found %+v", found)
	}
}

func second[A, B any](_ A, b B) B { return b }
