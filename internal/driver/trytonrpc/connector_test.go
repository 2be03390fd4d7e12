package trytonrpc_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/model"
)

// connector loads connectors/tryton alone.
func connector(t testing.TB) *manifest.System {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, name := range []string{"tryton/manifest.yaml", "tryton/guide.md"} {
		text, err := fs.ReadFile(connectors.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: text}
	}
	r, err := manifest.Load(folder, m, map[string]manifest.Checker{trytonrpc.Name: trytonrpc.New()})
	if err != nil {
		t.Fatal(err)
	}
	return r.System("tryton")
}

// empty are fields that no record of the sample has a value for.
var empty = map[string][]string{
	"organizations": {"tax_number"}, "vendors": {"payment_terms"}, "customers": {"payment_terms"},
	"accounts": {"code"}, "purchase-orders": {"expected_date"},
}

var env = mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC,
	Public: map[string]string{"url": "https://erp.example.com", "database": "busbar"}}

// unified is one mapped record.
type unified map[string]any

// get walks member names, and positions of lists.
func (u unified) get(path string) any {
	var v any = map[string]any(u)
	for _, name := range strings.Split(path, "/") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			v = at[name[0]-'0']
		default:
			return nil
		}
	}
	return v
}

// TestLiveConnector reads every entity of the manifest to its end, in full and by changes, maps every record, and looks at some.
func TestLiveConnector(t *testing.T) {
	t.Parallel()
	system := connector(t)
	s := tryton.Start(t)
	c, err := trytonrpc.New().Open(system, driver.Config{Credentials: secret.NewCredentials(admin(s)),
		HTTP: loopback(t, s.URL).Client(egress.ClientConfig{}), Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	all := map[string]map[string]unified{}
	for _, e := range system.Entities {
		t.Run(e.Name, func(t *testing.T) {
			records, since := list(t, c, e)
			all[e.Name] = mapAll(t, system, e, records)
			everyFieldHasValues(t, e, all[e.Name])
			if e.Cursor == nil {
				return
			}
			if changed, _ := drain(t, c, driver.Request{Entity: e, Since: since.Add(time.Microsecond)}); len(changed) != 0 {
				t.Errorf("nothing changed, yet these came: %v", ids(changed))
			}
		})
	}
	t.Run("values", func(t *testing.T) { values(t, s, all) })
}

// list reads an entity to its end, with the source's count as a check.
func list(t *testing.T, c driver.Client, e *manifest.Entity) (records [][]byte, highWater time.Time) {
	t.Helper()
	_, pages := drain(t, c, driver.Request{Entity: e, Limit: 150, HistoryFrom: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
	for _, p := range pages {
		records = append(records, p.Records...)
	}
	if total := pages[0].Total; len(records) == 0 || total >= 0 && int(total) != len(records) {
		t.Errorf("%d records, the source counts %d", len(records), total)
	}
	if e.Cursor != nil && pages[0].HighWater.IsZero() {
		t.Error("no high water")
	}
	return records, pages[0].HighWater
}

func mapAll(t *testing.T, s *manifest.System, e *manifest.Entity, records [][]byte) map[string]unified {
	t.Helper()
	m, err := mapping.Compile(s, e, trytonrpc.New().Dialect())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]unified{}
	for _, raw := range records {
		id, err := m.RemoteID(raw)
		if err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		r, err := m.Map(raw, env)
		if err != nil {
			t.Fatalf("%s: %v in %s", id, err, raw)
		}
		u := unified{}
		if err := json.Unmarshal(r.Fields, &u); err != nil {
			t.Fatalf("%s: %v in %s", id, err, r.Fields)
		}
		out[id] = u
	}
	return out
}

func everyFieldHasValues(t *testing.T, e *manifest.Entity, records map[string]unified) {
	t.Helper()
	for _, f := range e.Fields {
		name := f.Field.WireNames()[0]
		some := slices.ContainsFunc(slices.Collect(maps.Values(records)), func(u unified) bool { return u[name] != nil })
		if some == slices.Contains(empty[e.Name], f.Field.Name) {
			t.Errorf("%s has values: %v", f.Field.Name, some)
		}
	}
}

// values compares records with what Tryton itself says.
func values(t *testing.T, s *tryton.Server, all map[string]map[string]unified) {
	ref := func(entity string, id any) string {
		return mapping.RecordID(env.Connection, entity, fmt.Sprint(id)).String()
	}
	order := s.Read("purchase.purchase", 79, "party", "total_amount", "number", "lines", "warehouse")
	line := s.Read("purchase.line", int(order["lines"].([]any)[0].(float64)), "product", "quantity", "unit_price", "amount")
	country := s.Read("party.address", s.Search("party.address", []any{"party", "=", 4})[0], "country.code")
	decimal := func(v any) any { return v.(map[string]any)["decimal"] }
	for _, c := range []struct {
		entity, id, path string
		want             any
	}{
		{"purchase-orders", "79", "total/amount", decimal(order["total_amount"])},
		{"purchase-orders", "79", "total/currency", "USD"},
		{"purchase-orders", "79", "number", order["number"]},
		{"purchase-orders", "79", "display_id", order["number"]},
		{"purchase-orders", "79", "vendor_id", ref("vendors", order["party"])},
		{"purchase-orders", "79", "site_id", ref("sites", order["warehouse"])},
		{"purchase-orders", "79", "status", "closed"},
		{"purchase-orders", "79", "status_source", "done"},
		{"purchase-orders", "79", "url", "https://erp.example.com/#busbar/model/purchase.purchase/79"},
		{"purchase-orders", "79", "lines/0/item_id", ref("items", line["product"])},
		{"purchase-orders", "79", "lines/0/quantity/value", fmt.Sprintf("%.1f", line["quantity"])},
		{"purchase-orders", "79", "lines/0/quantity/unit_code", "C62"},
		{"purchase-orders", "79", "lines/0/unit_price/amount", decimal(line["unit_price"])},
		{"purchase-orders", "79", "lines/0/line_total/amount", decimal(line["amount"])},
		{"purchase-orders", "1", "lines/2/quantity", nil},
		{"purchase-orders", "1", "lines/2/description", "Deliver to gate 5"},
		{"purchase-orders", "5", "currency", "EUR"},
		{"items", "1", "code", "000000"},
		{"items", "1", "name", "Bearing 00000"},
		{"items", "1", "barcode", "4006380000001"},
		{"items", "1", "price/amount", "12.50"},
		{"items", "1", "cost/currency", "USD"},
		{"items", "1", "is_active", true},
		{"items", "1", "vendors/0/part_number", "SUP-0"},
		{"items", "1", "vendors/0/min_quantity/unit", "u"},
		{"items", "25", "type", "service"},
		{"items", "25", "is_stocked", false},
		{"stock-levels", "2:3", "item_id", ref("items", 2)},
		{"stock-levels", "2:3", "location_id", ref("locations", 3)},
		{"stock-levels", "2:3", "on_hand/value", "2.0"},
		{"locations", "3", "parent_id", ref("locations", 5)},
		{"locations", "3", "site_id", ref("sites", 5)},
		{"vendors", "4", "name", s.Read("party.party", 4, "name")["name"]},
		{"vendors", "4", "address/country", country["country."].(map[string]any)["code"]},
		{"vendors", "4", "tax_number", "BE0403019261"},
		{"currencies", "1", "is_base", true},
		{"currencies", "2", "is_base", false},
		{"organizations", "1", "name", "Dunder Mifflin"},
		{"organizations", "1", "address/postal_code", "18505"},
		{"sites", "5", "address/city", "Scranton"},
		{"users", "0", "username", "root"},
	} {
		if got := all[c.entity][c.id].get(c.path); got != c.want {
			t.Errorf("%s %s: %s is %v, want %v", c.entity, c.id, c.path, got, c.want)
		}
	}
	everybody := s.Search("party.party", []any{"active", "in", []bool{true, false}})
	if len(all["vendors"]) != len(everybody) || len(everybody) == len(s.Search("party.party")) {
		t.Errorf("%d vendors, want all %d parties, the archived too", len(all["vendors"]), len(everybody))
	}
	for id, u := range all["invoices"] {
		payable := u["direction"] == "payable"
		if (u["vendor_id"] != nil) != payable || (u["customer_id"] != nil) == payable || (u["purchase_order_id"] != nil) != payable {
			t.Errorf("invoice %s: %v", id, u)
		}
	}
}
