package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestAWriteWhoseTokenIsRefused: the system did not look at it, in whatever words it says so. It can be sent again at once, with another token; a refusal of that one is one of
// the login. A write before which no token could be had was not sent.
func TestAWriteWhoseTokenIsRefused(t *testing.T) {
	t.Parallel()
	unauthorized := func(header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if header != "" {
				w.Header().Set("WWW-Authenticate", header)
			}
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, c := range map[string]struct {
		api  http.HandlerFunc
		fate driver.Fate
	}{
		"in the system's words":    {unauthorized("", `{"error":{"code":"expired"}}`), driver.NotSent},
		"without a word":           {unauthorized("", ""), driver.NotSent},
		"in the protocol's words":  {unauthorized(`Bearer error="invalid_token"`, `{"message":"Unauthorized"}`), driver.NotSent},
		"and with a page":          {unauthorized(`bearer`, `<html>`), driver.NotSent},
		"by a page that says none": {unauthorized("", `<html>`), driver.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued := 0
			l := logIn(t, secretClient, "ann", driver.Asking{}, func(w http.ResponseWriter, _ *http.Request) {
				issued++
				fmt.Fprintf(w, `{"access_token":"token-%d"}`, issued)
			}, c.api)
			e := &manifest.Entity{Name: "vendors", ID: []manifest.Path{{"id"}}, Operations: map[manifest.Op]manifest.Operation{manifest.Create: {Send: options(t, "{path: vendors}", "send")}}}
			write := func() *driver.Error {
				_, err := l.client.(driver.Writer).Write(t.Context(), driver.Command{Entity: e, Op: manifest.Create, Body: []byte("{}")})
				var e *driver.Error
				if !errors.As(err, &e) || driver.FateOf(err) != c.fate {
					t.Fatalf("%v, fate %s", err, driver.FateOf(err))
				}
				return e
			}
			if first := write(); first.Again != (c.fate == driver.NotSent) {
				t.Errorf("%+v", first)
			}
			if second := write(); c.fate == driver.NotSent && (second.Again || second.Kind != driver.Credentials || len(l.seen) != 2 || l.seen[1] != "Bearer token-2") {
				t.Errorf("%+v after %q", second, l.seen)
			}
		})
	}
	l := logIn(t, secretClient, "ann", driver.Asking{}, answering(500, ""), answering(200, "{}"))
	e := &manifest.Entity{Name: "vendors", ID: []manifest.Path{{"id"}}, Operations: map[manifest.Op]manifest.Operation{manifest.Create: {Send: options(t, "{path: vendors}", "send")}}}
	if _, err := l.client.(driver.Writer).Write(t.Context(), driver.Command{Entity: e, Op: manifest.Create, Body: []byte("{}")}); driver.FateOf(err) != driver.NotSent || len(l.seen) != 0 {
		t.Errorf("without a token: %v after %q", err, l.seen)
	}
}

// TestTheExampleOfALoginIsTrue checks the login that the driver's page shows.
func TestTheExampleOfALoginIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connectors/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```yaml\nauth:\n  - method: oauth2\n")
	example, _, _ = strings.Cut("auth:\n  - method: oauth2\n"+example, "```")
	var shown struct {
		Auth    []manifest.AuthMethod
		Connect yaml.Node
	}
	if err := yaml.Unmarshal([]byte(example), &shown); err != nil || len(shown.Auth) != 1 {
		t.Fatal(err, len(shown.Auth))
	}
	s, _ := system(t, plainConnect, noPaging)
	s.Auth, s.Options = shown.Auth, manifest.Options{Node: &shown.Connect, File: "rest.md", Path: "connect"}
	if problems := rest.New().Check(s); len(problems) > 0 {
		t.Error(problems)
	}
}
