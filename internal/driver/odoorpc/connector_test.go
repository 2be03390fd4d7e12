package odoorpc_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/odoorpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/model"
)

// connector loads connectors/odoo alone.
func connector(t testing.TB) *manifest.System {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, name := range []string{"odoo/manifest.yaml", "odoo/guide.md"} {
		text, err := fs.ReadFile(connectors.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: text}
	}
	r, err := manifest.Load(folder, m, map[string]manifest.Checker{odoorpc.Name: odoorpc.New()})
	if err != nil {
		t.Fatal(err)
	}
	return r.System("odoo")
}

// empty are fields that no record of the sample has a value for.
var empty = map[string][]string{
	"organizations": {"code"}, "locations": {"site"}, "vendors": {"currency"}, "stock-levels": {"serial"}, "assets": {"status"}, "purchase-orders": {"incoterms"},
}

var env = mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC,
	Public: map[string]string{"url": "https://erp.example.com", "database": "busbar"}}

// unified is one mapped record.
type unified map[string]any

// TestLiveConnector reads every entity of the manifest to its end, in full and by changes, maps every record, and looks at some.
func TestLiveConnector(t *testing.T) {
	t.Parallel()
	system := connector(t)
	s := odoo.StartIfCached(t)
	c, err := odoorpc.New().Open(system, driver.Config{Credentials: secret.NewCredentials(user(s)),
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
			if changed, _ := drain(t, c, driver.Request{Entity: e, Since: since.Add(time.Second)}); len(changed) != 0 {
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
	m, err := mapping.Compile(s, e, odoorpc.New().Dialect())
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

// values compares records with what Odoo itself says.
func values(t *testing.T, s *odoo.Server, all map[string]map[string]unified) {
}
