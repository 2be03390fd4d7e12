package login_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/graphql"
	"github.com/busbar-dev/busbar/internal/driver/odata"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/driver/soap"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

const acme = `
system: acme
name: Acme
summary: A system with tokens.
categories: [erp]
driver: %s
versions: ["1"]
auth:
  - method: basic
    fields: [{name: url, label: Address, type: url}, {name: user, label: User, type: text}, {name: password, label: Password, type: password, secret: true}]
connect:
  url: "{url}/api"
  auth: {style: oauth2, token_url: "{url}/token", grant: client_credentials, client_id: "{user}", client_secret: "{password}"}
%s
    id: id
    fields: {name: name}
    operations: {create: {required: [name], send: %s}}
    evidence: {read: documented, create: documented}
`

// TestEveryDriverOfHTTPLogsInAlike: a token that the system does not take any more is replaced once and the read made again; a write was not looked at, went out once, and can be sent again.
func TestEveryDriverOfHTTPLogsInAlike(t *testing.T) {
	t.Parallel()
	const xml = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><R><id>1</id><name>x</name></R></s:Body></s:Envelope>`
	for name, c := range map[string]struct {
		driver        driver.Driver
		connect, send string
		good          string
	}{
		"rest":    {rest.New(), "  probe: {path: ping}\nentities:\n  vendors:\n    read: {path: vendors, paging: {style: none}}", "{path: vendors}", `{"id":"1","name":"x"}`},
		"odata":   {odata.New(), "  probe: {service: s, set: Vendors}\nentities:\n  vendors:\n    read: {service: s, set: Vendors}", "{}", `{"value":[],"id":"1","name":"x"}`},
		"graphql": {graphql.New(), "  probe: {query: \"{ me }\"}\nentities:\n  vendors:\n    read: {query: \"{ v }\", records: v, one: {query: 'query ($i: ID!) { v(id: $i) { id } }', variables: {i: '{id}'}, record: v}}", "{query: 'mutation ($m: M!) { c(m: $m) { id name } }', variables: {m: '{members}'}, record: c}", `{"data":{"me":"x","c":{"id":"1","name":"x"}}}`},
		"soap":    {soap.New(), "  probe: {action: P, body: <P/>}\nentities:\n  vendors:\n    read: {action: L, body: <L/>, records: R, one: {action: O, body: '<O>{id}</O>', record: R}}", "{action: C, body: '<C>{members}</C>', record: R}", xml},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued, good := 0, 2
			w := start(t, `{auth: {style: none}}`, func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/token":
					issued++
					fmt.Fprintf(rw, `{"access_token":"token-%d"}`, issued)
				case r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", good):
					rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
					rw.WriteHeader(http.StatusUnauthorized)
				default:
					rw.Header().Set("Content-Type", map[bool]string{true: "text/xml", false: "application/json"}[name == "soap"])
					_, _ = io.WriteString(rw, c.good)
				}
			})
			m, err := model.Load()
			if err != nil {
				t.Fatal(err)
			}
			folder := fstest.MapFS{"acme/manifest.yaml": {Data: fmt.Appendf(nil, acme, name, c.connect, c.send)}, "acme/guide.md": {Data: []byte("# Acme\n")}}
			s, err := manifest.LoadSystem(folder, "acme", m, map[string]manifest.Checker{name: c.driver})
			if err != nil {
				t.Fatal(err)
			}
			client, err := c.driver.Open(s, w.config)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Probe(t.Context()); err != nil || issued != 2 {
				t.Fatalf("%v after %d tokens", err, issued)
			}
			good, w.calls = 3, nil
			w.pass(replaced)
			write := func() error {
				_, err := client.(driver.Writer).Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: s.Entity("vendors"), Op: manifest.Create, Body: []byte(`{"name":"x"}`)})
				return err
			}
			err = write()
			if e, _ := err.(*driver.Error); e == nil || driver.FateOf(err) != driver.NotSent || !e.Again || len(w.calls) != 1 { //nolint:errorlint // the contract
				t.Fatalf("%+v after %q", err, w.calls)
			}
			if err := write(); err != nil || len(w.calls) != 3 {
				t.Errorf("%v after %q", err, w.calls)
			}
			if _, ok := c.driver.(driver.Authorizer); !ok {
				t.Error("nobody can log in to it in a browser")
			}
			if err := client.Close(); err != nil || strings.Contains(fmt.Sprint(w.calls), password) {
				t.Error(err)
			}
		})
	}
}
