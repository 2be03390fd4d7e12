package s4_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/odata"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/s4"
	"github.com/busbar-dev/busbar/model"
)

// start runs a simulator for a test.
func start(t *testing.T, o s4.Options) *s4.Server {
	t.Helper()
	sim, err := s4.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	return sim
}

func direct() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// connector is the manifest of S/4HANA, checked, and a client made from it.
func connector(t *testing.T, url string) (*manifest.System, driver.Client) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(connectors.FS, "sap-s4hana", m, map[string]manifest.Checker{"odata": odata.New()})
	if err != nil {
		t.Fatal(err)
	}
	return s, open(t, s, url, s4.DefaultPassword)
}

func open(t *testing.T, s *manifest.System, url, password string) driver.Client {
	t.Helper()
	c, err := odata.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": url, "client": "100", "username": s4.DefaultUser, "password": password, "order_type": "NB", "purchasing_organization": "1010", "purchasing_group": "001"}).Public("url", "client", "username", "order_type", "purchasing_organization", "purchasing_group"),
		HTTP:        direct(), Now: time.Now, TimeZone: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fetchAll follows the pages of a request to the proved end.
func fetchAll(t *testing.T, c driver.Client, r driver.Request, between func(*driver.Page)) (records [][]byte) {
	t.Helper()
	for {
		page, err := c.Fetch(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, page.Records...)
		if between != nil {
			between(page)
		}
		if page.Next == nil {
			return records
		}
		r.Token = page.Next
	}
}

// mapped maps records, and fails for those that cannot be.
func mapped(t *testing.T, s *manifest.System, e *manifest.Entity, records [][]byte) (all []map[string]any) {
	t.Helper()
	m, err := mapping.Compile(s, e, odata.New().Dialect())
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range records {
		out, err := m.Map(raw, mapping.Env{Connection: uuid.Nil, Zone: time.UTC})
		if err != nil {
			t.Fatalf("%s: %v in %s", e.Name, err, raw)
		}
		var record map[string]any
		if err := json.Unmarshal(out.Fields, &record); err != nil {
			t.Fatal(err)
		}
		if record["remote_id"], err = m.RemoteID(raw); err != nil {
			t.Fatal(err)
		}
		all = append(all, record)
	}
	return all
}

func TestConnectorReadsAllThatTheSimulatorHas(t *testing.T) {
	t.Parallel()
	sim := start(t, s4.Options{Counts: s4.Counts{Orders: 130, Notifications: 90}})
	s, c := connector(t, sim.URL())
	if p, err := c.Probe(t.Context()); err != nil || p.Account != s4.DefaultUser {
		t.Fatalf("%+v %v", p, err)
	}
	for entity, want := range map[string]int{"organizations": 1, "sites": 3, "vendors": 40, "items": 60, "locations": 30, "assets": 50, "stock-levels": 60, "purchase-orders": 130, "service-requests": 90, "work-orders": 60} {
		e := s.Entity(entity)
		var high time.Time
		var total int64
		records := fetchAll(t, c, driver.Request{Entity: e, Limit: 7}, func(p *driver.Page) {
			if !p.HighWater.IsZero() {
				high = p.HighWater
			}
			total = max(total, p.Total)
		})
		got := mapped(t, s, e, records)
		ids := map[string]bool{}
		for _, r := range got {
			ids[r["remote_id"].(string)] = true
		}
		if len(ids) != want || len(records) != want || int(total) != want {
			t.Errorf("%s: %d records, %d ids, counted %d, want %d", entity, len(records), len(ids), total, want)
		}
		if e.Cursor == nil {
			continue
		}
		newest := fetchAll(t, c, driver.Request{Entity: e, Limit: 3, Since: high}, nil)
		if high.IsZero() || len(newest) == 0 || len(newest) == want {
			t.Errorf("%s: %d changed since the newest change %s", entity, len(newest), high)
		}
	}
}

func TestWhatIsReadIsWhatTheSystemShows(t *testing.T) {
	t.Parallel()
	sim := start(t, s4.Options{})
	s, c := connector(t, sim.URL())
	orders := mapped(t, s, s.Entity("purchase-orders"), fetchAll(t, c, driver.Request{Entity: s.Entity("purchase-orders"), Limit: 50}, nil))
	first := orders[2]
	lines := first["lines"].([]any)
	line := lines[1].(map[string]any)
	quantity, _ := json.Marshal(line["quantity"])
	if price, _ := json.Marshal(line["unit_price"]); !strings.Contains(string(price), `"12.5"`) || lines[2].(map[string]any)["unit_price"] != nil {
		t.Errorf("%s, and of a hundred %v", price, lines[2])
	}
	if first["number"] != "4500000002" || first["status"] != "pending_approval" || len(lines) != 3 || !strings.Contains(string(quantity), `"2.5"`) || line["expected_date"] == nil || first["incoterms"] != "DAP" {
		t.Errorf("%v %s", first, quantity)
	}
	vendors := mapped(t, s, s.Entity("vendors"), fetchAll(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: 50}, nil))
	if v := vendors[2]; v["code"] != "0000001236" || v["name"] != "O'Brien Seals Ltd. 2" || v["is_active"] != true || v["address"].(map[string]any)["city"] != "Köln" {
		t.Errorf("%v", v)
	}
	stock := mapped(t, s, s.Entity("stock-levels"), fetchAll(t, c, driver.Request{Entity: s.Entity("stock-levels"), Limit: 50}, nil))
	if !slices.ContainsFunc(stock, func(r map[string]any) bool { return r["remote_id"] == "MAT-00002:1010:100A:L2610-0002:::0::0::01" }) {
		t.Errorf("%v", stock[2])
	}
}

func TestChangesAreFoundByStamps(t *testing.T) {
	t.Parallel()
	sim := start(t, s4.Options{})
	s, c := connector(t, sim.URL())
	for _, entity := range []string{"vendors", "items", "locations", "assets", "purchase-orders", "service-requests", "work-orders"} {
		e := s.Entity(entity)
		records := mapped(t, s, e, fetchAll(t, c, driver.Request{Entity: e}, nil))
		since := time.Now().Add(-time.Minute)
		if entity == "vendors" {
			since = time.Now().Add(-time.Second).Truncate(time.Second)
		}
		before := len(fetchAll(t, c, driver.Request{Entity: e, Since: since}, nil))
		id := records[0]["remote_id"].(string)
		if err := sim.Touch(t.Context(), entity, id); err != nil {
			t.Fatal(err)
		}
		added, err := sim.Add(t.Context(), entity)
		if err != nil {
			t.Fatal(err)
		}
		changed := mapped(t, s, e, fetchAll(t, c, driver.Request{Entity: e, Since: since}, nil))
		var ids []string
		for _, r := range changed {
			ids = append(ids, r["remote_id"].(string))
		}
		if before != 0 || len(changed) != 2 || !slices.Contains(ids, id) || !slices.Contains(ids, added) {
			t.Errorf("%s: %d before, then %v, want %s and %s", entity, before, ids, id, added)
		}
		raw, err := c.(driver.Writer).ReadOne(t.Context(), e, id)
		if err != nil || raw == nil {
			t.Fatalf("%s: %v", entity, err)
		}
		if err := sim.Remove(t.Context(), entity, id); err != nil {
			t.Fatal(err)
		}
		if raw, err := c.(driver.Writer).ReadOne(t.Context(), e, id); err != nil || raw != nil {
			t.Errorf("%s: %s %v", entity, raw, err)
		}
	}
}
