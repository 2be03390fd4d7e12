package erp_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

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

// mapAll maps every record of an entity, by remote id; a bad one fails the test.
func mapAll(t *testing.T, s *manifest.System, e *manifest.Entity, c driver.Client, env mapping.Env) map[string]unified {
	t.Helper()
	m, err := mapping.Compile(s, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]unified{}
	for _, raw := range fetchAll(t, c, driver.Request{Entity: e, Limit: 500}, nil) {
		id, err := m.RemoteID(raw)
		if err != nil {
			t.Fatalf("%s: %v in %s", e.Name, err, raw)
		}
		r, err := m.Map(raw, env)
		if err != nil {
			t.Fatalf("%s %s: %v in %s", e.Name, id, err, raw)
		}
		if r.RemoteUpdatedAt.IsZero() || r.RangeAt.IsZero() == (e.History != "") {
			t.Fatalf("%s %s: updated %s, in range at %s", e.Name, id, r.RemoteUpdatedAt, r.RangeAt)
		}
		u := unified{}
		if err := json.Unmarshal(r.Fields, &u); err != nil {
			t.Fatalf("%s %s: %v in %s", e.Name, id, err, r.Fields)
		}
		out[id] = u
	}
	return out
}

func TestEveryRecordMaps(t *testing.T) {
	t.Parallel()
	sim, _ := start(t, erp.Options{})
	s, c := connector(t, sim.URL(), erp.DefaultKey)
	env := mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC}
	all := map[string]map[string]unified{}
	for _, e := range s.Entities {
		all[e.Name] = mapAll(t, s, e, c, env)
		for _, f := range e.Fields {
			if !slices.ContainsFunc(slices.Collect(maps.Values(all[e.Name])), func(u unified) bool { return u[f.Field.WireNames()[0]] != nil }) {
				t.Errorf("%s: %s is null in every record", e.Name, f.Field.Name)
			}
		}
	}
	for _, want := range []struct {
		entity, id, path string
		value            any
	}{
		{"purchase-orders", "00000007", "number", "PO-100007"},
		{"purchase-orders", "00000007", "display_id", "PO-100007"},
		{"purchase-orders", "00000007", "status", "invoiced"},
		{"purchase-orders", "00000007", "status_source", "INVOICED"},
		{"purchase-orders", "00000007", "order_date", "2026-09-01"},
		{"purchase-orders", "00000007", "approved_at", "2026-09-02T02:47:26.306932Z"},
		{"purchase-orders", "00000007", "remote_updated_at", "2026-09-03T00:58:30.452719Z"},
		{"purchase-orders", "00000007", "closed_at", nil},
		{"purchase-orders", "00000007", "exchange_rate", "1.085600"},
		{"purchase-orders", "00000007", "total/amount", "5240.63"},
		{"purchase-orders", "00000007", "total/currency", "EUR"},
		{"purchase-orders", "00000007", "bill_to/lines/1", "Suite 200"},
		{"purchase-orders", "00000007", "bill_to/postal_code", "44114-2301"},
		{"purchase-orders", "00000007", "notes", "Please confirm within 2 days — “Lieferung frei Haus”, Tor 3."},
		{"purchase-orders", "00000007", "lines/0/line_number", 10.0},
		{"purchase-orders", "00000007", "lines/0/remote_id", "00000007-10"},
		{"purchase-orders", "00000007", "lines/0/quantity/value", "57.000"},
		{"purchase-orders", "00000007", "lines/0/quantity/unit", "PCE"},
		{"purchase-orders", "00000007", "lines/0/unit_price/amount", "87.4096"},
		{"purchase-orders", "00000007", "lines/0/unit_price/currency", "EUR"},
		{"purchase-orders", "00000007", "lines/1/quantity/unit_code", "KGM"},
		{"purchase-orders", "00000007", "lines/1/status", "invoiced"},
		{"vendors", "000119", "name", "株式会社 渡邊 油圧"},
		{"vendors", "000119", "address/country", "JP"},
		{"vendors", "000119", "contacts/0/name", "健太 渡邊"},
		{"vendors", "000119", "contacts/0/role", nil},
		{"vendors", "000119", "website", nil},
		{"items", "000248", "code", "00005452"},
		{"items", "000248", "cost/amount", "2.9162"},
		{"items", "000248", "vendors/0/lead_time", "P42D"},
		{"items", "000248", "vendors/0/min_quantity/unit", "C62"},
		{"items", "000525", "type", "other"},
		{"items", "000525", "type_source", "RENTAL"},
		{"locations", "000011", "type", "other"},
		{"units-of-measure", "GRM", "factor", "0.001"},
		{"invoices", "200000005", "direction", "receivable"},
		{"statuses", "invoices.OPEN", "normalised", "posted"},
	} {
		if got := all[want.entity][want.id].get(want.path); got != want.value {
			t.Errorf("%s %s: %s is %v, want %v", want.entity, want.id, want.path, got, want.value)
		}
	}
	order, line := all["purchase-orders"]["00000007"], mapping.RecordID(env.Connection, "vendors", "000235")
	if order.get("vendor_id") != line.String() {
		t.Errorf("vendor_id is %v, want %s", order.get("vendor_id"), line)
	}
	statusesAgree(t, s, all["statuses"])
}

// statusesAgree checks the status list against the tables that map the documents' own status.
func statusesAgree(t *testing.T, s *manifest.System, list map[string]unified) {
	t.Helper()
	for id, u := range list {
		entity, _ := u["applies_to"].(string)
		want := "other"
		for _, row := range s.Entity(entity).Field("status").Values {
			if row.Source == u["code"] {
				want = row.Name
			}
		}
		if u["normalised"] != want {
			t.Errorf("status %s is %v, and %s maps it to %s", id, u["normalised"], entity, want)
		}
	}
}
