package odoorpc_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/odoorpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
	"github.com/busbar-dev/busbar/internal/secret"
)

// entity makes a mapped entity of a `read:` section.
func entity(t testing.TB, name, read string) *manifest.Entity {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read), &doc); err != nil {
		t.Fatal(err)
	}
	return &manifest.Entity{Name: name, Cursor: &manifest.Cursor{Precision: time.Second},
		Read: manifest.Options{Node: doc.Content[0], File: "manifest.yaml", Path: "entities." + name + ".read"}}
}

// loopback lets clients reach one server of the test.
func loopback(t testing.TB, address string) *egress.Guard {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Port: uint16(port)}}})
	t.Cleanup(g.Close)
	return g
}

func open(t testing.TB, login map[string]string, entities ...*manifest.Entity) driver.Client {
	t.Helper()
	return openOn(t, loopback(t, login["url"]).Client(egress.ClientConfig{}), login, &manifest.System{Name: "Odoo", Entities: entities})
}

func openOn(t testing.TB, wire *http.Client, login map[string]string, s *manifest.System) driver.Client {
	t.Helper()
	c, err := odoorpc.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(login).Public("url", "database", "username"), HTTP: wire, Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// wireConfig is that of every client here.
var wireConfig = egress.ClientConfig{}

func user(s *odoo.Server) map[string]string {
	return map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "api_key": s.Key}
}

// drain follows a listing to its end and gives every record by id, with the pages.
func drain(t testing.TB, c driver.Client, q driver.Request) (map[int]map[string]any, []*driver.Page) {
	t.Helper()
	records, pages := map[int]map[string]any{}, []*driver.Page{}
	for {
		p, err := c.Fetch(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p)
		for _, raw := range p.Records {
			var r map[string]any
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			id := int(r["id"].(float64))
			if records[id] != nil {
				t.Fatalf("record %d came twice", id)
			}
			records[id] = r
		}
		if q.Token = p.Next; q.Token == nil {
			return records, pages
		}
	}
}

func ids(records map[int]map[string]any) []int {
	var out []int
	for id := range records {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
