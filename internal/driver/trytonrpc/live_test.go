package trytonrpc_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
	"github.com/busbar-dev/busbar/internal/secret"
)

// entity makes a mapped entity of a `read:` section.
func entity(t testing.TB, name, read string) *manifest.Entity {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read), &doc); err != nil {
		t.Fatal(err)
	}
	return &manifest.Entity{Name: name, History: "purchase_date", Cursor: &manifest.Cursor{Precision: time.Microsecond},
		Read: manifest.Options{Node: doc.Content[0], File: "manifest.yaml", Path: "entities." + name + ".read"}}
}

func orders(t testing.TB) *manifest.Entity {
	return entity(t, "purchase-orders", `{model: purchase.purchase, fields: [number, state, purchase_date, total_amount, "party.name", "lines.product", "lines.quantity"],
  changes_with: [{field: lines, model: purchase.line}], with: {"company.": {model: company.company, id: company, fields: [currency.code]}}}`)
}

func stock(t testing.TB) *manifest.Entity {
	e := entity(t, "stock-levels", `{model: product.product, fields: [quantity, "default_uom.symbol"], domain: [[quantity, "!=", 0]], archived: true,
  partition: {model: stock.location, domain: [[type, "=", storage]], archived: true, context: {locations: [$id], with_childs: false}, member: location}}`)
	e.Cursor, e.History = nil, ""
	return e
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
	return openOn(t, loopback(t, login["url"]).Client(egress.ClientConfig{}), login, entities...)
}

func openOn(t testing.TB, wire *http.Client, login map[string]string, entities ...*manifest.Entity) driver.Client {
	t.Helper()
	c, err := trytonrpc.New().Open(&manifest.System{Name: "Tryton", Entities: entities}, driver.Config{
		Credentials: secret.NewCredentials(login).Public("url", "database", "username"), HTTP: wire, Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func admin(s *tryton.Server) map[string]string {
	return map[string]string{"url": s.URL, "database": s.Database, "username": s.User, "password": s.Password}
}

// drain follows a listing to its end and gives every record by id, with the pages.
func drain(t testing.TB, c driver.Client, q driver.Request) (map[string]map[string]any, []*driver.Page) {
	t.Helper()
	records, pages := map[string]map[string]any{}, []*driver.Page{}
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
			id := fmt.Sprint(r["id"], ":", r["location"])
			if records[id] != nil {
				t.Fatalf("record %s came twice", id)
			}
			records[id] = r
		}
		if q.Token = p.Next; q.Token == nil {
			return records, pages
		}
	}
}

func ids(records map[string]map[string]any) []int {
	var out []int
	for _, r := range records {
		out = append(out, int(r["id"].(float64)))
	}
	slices.Sort(out)
	return out
}

// TestLive reads from a real server; the order of the cases is part of the test, as some write.
func TestLive(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *tryton.Server)
	}{
		{"probe", probe},
		{"refusals", refusals},
		{"pages to the end", pagesToTheEnd},
		{"partitions", partitions},
		{"deleted between pages", deletedBetweenPages},
		{"changes since", changesSince},
		{"history keeps orders without date", historyKeepsOrdersWithoutDate},
		{"session is renewed", sessionIsRenewed},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s) })
	}
}

func pagesToTheEnd(t *testing.T, s *tryton.Server) {
	e := orders(t)
	for _, limit := range []int{7, 50, 100, 500} {
		records, pages := drain(t, open(t, admin(s), e), driver.Request{Entity: e, Limit: limit})
		if len(records) != 100 || pages[0].Total != 100 {
			t.Errorf("limit %d: %d records, total %d", limit, len(records), pages[0].Total)
		}
		if pages[0].HighWater.IsZero() || len(pages) > 1 && !pages[1].HighWater.IsZero() {
			t.Errorf("limit %d: the high water belongs on the first page", limit)
		}
		if got := records["1:<nil>"]["company."].(map[string]any)["currency."].(map[string]any)["code"]; got != "USD" {
			t.Errorf("company currency: %v", got)
		}
	}
}

// A deletion between two pages takes one record from the count, and none else from the pages.
func deletedBetweenPages(t *testing.T, s *tryton.Server) {
	e := entity(t, "vendors", `{model: party.party, fields: [name]}`)
	c := open(t, admin(s), e)
	made := s.Create("party.party", map[string]any{"name": "Short-lived"})
	total := len(s.Search("party.party"))
	first, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 100})
	if err != nil || first.Total != int64(total) || first.Next == nil {
		t.Fatalf("first page of %d: %+v, %v", total, first, err)
	}
	s.Delete("party.party", made)
	last, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 100, Token: first.Next})
	if err != nil || last.Next != nil || last.Total != int64(total-1) || len(first.Records)+len(last.Records) != total-1 {
		t.Errorf("last page: %d records, total %d, %v; want %d in all", len(last.Records), last.Total, err, total-1)
	}
}

func changesSince(t *testing.T, s *tryton.Server) {
	e := orders(t)
	c := open(t, admin(s), e)
	_, pages := drain(t, c, driver.Request{Entity: e})
	since := pages[0].HighWater.Add(time.Microsecond)
	if records, _ := drain(t, c, driver.Request{Entity: e, Since: since}); len(records) != 0 {
		t.Fatalf("nothing changed, yet these came: %v", ids(records))
	}
	made := s.Order(1, time.Now(), tryton.Line{Product: 1, Quantity: 2, Price: "3.50"})
	line := s.Search("purchase.line", []any{"purchase", "=", 3})[0]
	s.Write("purchase.purchase", 2, map[string]any{"comment": "new"})
	s.Write("purchase.line", line, map[string]any{"quantity": 99.0})
	records, pages := drain(t, c, driver.Request{Entity: e, Since: since})
	if got := ids(records); !slices.Equal(got, []int{2, 3, made}) || pages[0].Total != 3 {
		t.Errorf("changed: %v, total %d; want the written header 2, the header 3 of a written line, and the new %d", got, pages[0].Total, made)
	}
	if again, _ := drain(t, c, driver.Request{Entity: e, Since: pages[0].HighWater}); len(again) == 0 {
		t.Error("the high water itself is not included: a record of that instant would be lost")
	}
}

func historyKeepsOrdersWithoutDate(t *testing.T, s *tryton.Server) {
	e := orders(t)
	c := open(t, admin(s), e)
	undated := s.Create("purchase.purchase", map[string]any{"party": 2, "invoice_address": s.Search("party.address", []any{"party", "=", 2})[0]})
	day := time.Now().UTC().AddDate(0, 0, -30)
	records, _ := drain(t, c, driver.Request{Entity: e, HistoryFrom: time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)})
	want := s.Search("purchase.purchase", []any{"purchase_date", ">=", tryton.Date(day)})
	if got := ids(records); !slices.Equal(got, append(want, undated)) {
		t.Errorf("got %v, want %v and %d", got, want, undated)
	}
}

func partitions(t *testing.T, s *tryton.Server) {
	e := stock(t)
	c := open(t, admin(s), e)
	all, _ := drain(t, c, driver.Request{Entity: e, Limit: 500})
	some, _ := drain(t, c, driver.Request{Entity: e, Limit: 9})
	if len(all) == 0 || len(all) != len(some) {
		t.Fatalf("%d records in big pages, %d in small ones", len(all), len(some))
	}
	if got := all["2:3"]; got == nil || got["quantity"] != 2.0 {
		t.Errorf("product 2 in the Storage Zone: %v, want 2 pieces", got)
	}
	for _, token := range []string{`{"after":0,"part":4}`, `{"after":5,"part":999}`} { // 4 is no storage location
		if _, err := c.Fetch(t.Context(), driver.Request{Entity: e, Token: json.RawMessage(token), Limit: 500}); err != nil {
			t.Errorf("token %s: %v", token, err)
		}
	}
}

func probe(t *testing.T, s *tryton.Server) {
	p, err := open(t, admin(s)).Probe(t.Context())
	if err != nil || p.Version == "" || p.Account != "admin at Dunder Mifflin" {
		t.Errorf("%+v, %v", p, err)
	}
	for name, test := range map[string]struct {
		field, value string
		want         driver.Kind
	}{
		"wrong password": {"password", "nope", driver.Credentials},
		"no password":    {"password", "", driver.Credentials},
		"no such user":   {"username", "nobody", driver.Credentials},
		"no database":    {"database", "nope", driver.Credentials},
		"no server":      {"url", "http://127.0.0.2:" + s.URL[len("http://127.0.0.1:"):], driver.Unreachable},
		"other path":     {"url", s.URL + "/elsewhere", driver.NotSystem},
	} {
		login := admin(s)
		login[test.field] = test.value
		_, err := open(t, login).Probe(t.Context())
		var e *driver.Error
		if driver.KindOf(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		} else if e = err.(*driver.Error); e.Field != test.field && name != "no such user" { //nolint:errorlint // the contract
			t.Errorf("%s: field %q, want %q", name, e.Field, test.field)
		}
	}
}

func refusals(t *testing.T, s *tryton.Server) {
	e := orders(t)
	clerk := admin(s)
	clerk["username"], clerk["password"] = s.ClerkUser, s.ClerkPassword
	if _, err := open(t, clerk, e).Fetch(t.Context(), driver.Request{Entity: e}); driver.KindOf(err) != driver.Permission {
		t.Errorf("a user without purchasing: %v", err)
	}
	for _, read := range []string{`{model: purchase.nope, fields: [id]}`, `{model: purchase.purchase, fields: [nope]}`, `{model: purchase.purchase, fields: [id], domain: [[nope, "=", 1]]}`} {
		e := entity(t, "x", read)
		if _, err := open(t, admin(s), e).Fetch(t.Context(), driver.Request{Entity: e}); driver.KindOf(err) != driver.Invalid {
			t.Errorf("%s: %v", read, err)
		}
	}
}

// spy remembers the last Authorization header.
type spy struct {
	http.RoundTripper
	seen *string
}

func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	*s.seen = r.Header.Get("Authorization")
	return s.RoundTripper.RoundTrip(r)
}

func sessionIsRenewed(t *testing.T, s *tryton.Server) {
	e := orders(t)
	wire := loopback(t, s.URL).Client(egress.ClientConfig{})
	auth := ""
	wire.Transport = spy{wire.Transport, &auth}
	c := openOn(t, wire, admin(s), e)
	if _, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 1}); err != nil {
		t.Fatal(err)
	}
	logOut(t, wire, s, auth)
	if _, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 1}); err != nil {
		t.Errorf("after the session ended: %v", err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// logOut ends somebody's session.
func logOut(t *testing.T, wire *http.Client, s *tryton.Server, auth string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/"+s.Database+"/", strings.NewReader(`{"id":1,"method":"common.db.logout","params":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", auth)
	req.Header.Set("Content-Type", "application/json")
	resp, err := wire.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
}
