package model_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/currency"

	"github.com/busbar-dev/busbar/model"
	"github.com/busbar-dev/busbar/model/unit"
)

func load(t *testing.T) *model.Model {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryEntityOfTheFirstTierIsThere(t *testing.T) {
	t.Parallel()
	want := []string{
		"accounts", "asset-templates", "assets", "currencies", "customers", "documents", "goods-receipts", "invoices", "items", "locations",
		"maintenance-plans", "meter-readings", "meters", "organizations", "purchase-orders", "purchase-requisitions", "sales-orders",
		"service-requests", "sites", "statuses", "stock-levels", "teams", "units-of-measure", "users", "vendors", "work-orders",
	}
	var got []string
	for _, e := range load(t).Entities {
		if e.Tier == 1 {
			got = append(got, e.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("entities\n got %v\nwant %v", got, want)
	}
}

// Entities share one namespace with the control plane; the list here is written out so that a name dropped from the package's
// own list is noticed.
func TestNoEntityHasANameOfTheControlPlane(t *testing.T) {
	t.Parallel()
	reserved := []string{
		"changes", "syncs", "sync-runs", "connection", "connections", "capabilities", "operations", "systems", "link-sessions", "flows",
		"webhook-endpoints", "events", "request-log", "members", "keys", "project", "audit-log", "live", "tokens", "passthrough", "openapi", "docs",
	}
	for _, name := range reserved {
		if load(t).Entity(name) != nil {
			t.Errorf("%s is an entity and a name of the control plane", name)
		}
		if !slices.Contains(model.ControlPlaneNames(), name) {
			t.Errorf("ControlPlaneNames lacks %s", name)
		}
	}
}

func TestWireNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ entity, field, want string }{
		{"purchase-orders", "vendor", "vendor_id"},
		{"purchase-orders", "status", "status status_source"},
		{"purchase-orders", "total", "total"},
		{"work-orders", "assigned_to", "assigned_to_id"},
		{"maintenance-plans", "assets", "asset_ids"},
		{"teams", "members", "member_ids"},
	} {
		if got := strings.Join(load(t).Entity(c.entity).Field(c.field).WireNames(), " "); got != c.want {
			t.Errorf("%s.%s is %q on the wire; want %q", c.entity, c.field, got, c.want)
		}
	}
}

// What model.md fixes about single fields, where a slip would be a breaking change later.
func TestFieldsHaveTheirKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entity, path string
		kind         model.Kind
		to           string
	}{
		{"purchase-orders", "lines unit_price", model.Money, ""},
		{"purchase-orders", "lines quantity", model.Quantity, ""},
		{"purchase-orders", "lines work_order", model.Ref, "work-orders"},
		{"purchase-orders", "order_date", model.Date, ""},
		{"purchase-orders", "approved_at", model.Instant, ""},
		{"purchase-orders", "exchange_rate", model.Decimal, ""},
		{"items", "vendors lead_time", model.Duration, ""},
		{"vendors", "contacts", model.List, ""},
		{"locations", "parent", model.Ref, "locations"},
		{"work-orders", "cost labor", model.Money, ""},
		{"work-orders", "assigned_to", model.Ref, "users"},
		{"teams", "members", model.Refs, "users"},
		{"units-of-measure", "factor", model.Decimal, ""},
	} {
		if f := at(load(t).Entity(c.entity), c.path); f == nil || f.Kind != c.kind || f.To != c.to {
			t.Errorf("%s %s is %+v; want a %s %s", c.entity, c.path, f, c.kind, c.to)
		}
	}
}

func at(e *model.Entity, path string) *model.Field {
	first, rest, nested := strings.Cut(path, " ")
	f := e.Field(first)
	if f != nil && nested {
		f = f.Field(rest)
	}
	return f
}

// Prices, costs, taxes and totals are money, wherever they stand.
func TestAmountsAreMoney(t *testing.T) {
	t.Parallel()
	amounts := []string{"price", "cost", "total", "subtotal", "amount", "balance"}
	each(load(t), func(where string, f *model.Field) {
		words := strings.Split(f.Name, "_")
		if slices.Contains(amounts, words[len(words)-1]) && f.Kind != model.Money && f.Kind != model.Object {
			t.Errorf("%s.%s is of kind %s", where, f.Name, f.Kind)
		}
	})
}

func TestEveryFieldIsExplained(t *testing.T) {
	t.Parallel()
	each(load(t), func(where string, f *model.Field) {
		if !strings.HasSuffix(f.Meaning, ".") || len(f.Meaning) < 8 {
			t.Errorf("%s.%s: %q is not a sentence", where, f.Name, f.Meaning)
		}
		if !json.Valid([]byte(f.Example)) {
			t.Errorf("%s.%s: the example %q is not JSON", where, f.Name, f.Example)
		}
		for _, v := range f.Values {
			if !strings.HasSuffix(v.Meaning, ".") {
				t.Errorf("%s.%s: %s: %q is not a sentence", where, f.Name, v.Name, v.Meaning)
			}
		}
	})
}

func TestCurrencyExamplesAreISO4217(t *testing.T) {
	t.Parallel()
	each(load(t), func(where string, f *model.Field) {
		var amount struct{ Currency string }
		switch {
		case f.Kind == model.Money:
			if err := json.Unmarshal([]byte(f.Example), &amount); err != nil {
				t.Errorf("%s.%s: %v", where, f.Name, err)
			}
		case f.Name == "currency":
			amount.Currency = strings.Trim(f.Example, `"`)
		default:
			return
		}
		if _, err := currency.ParseISO(amount.Currency); err != nil {
			t.Errorf("%s.%s: %q: %v", where, f.Name, amount.Currency, err)
		}
	})
}

// The unit code of an example is the one that its unit gives.
func TestQuantityExamplesHaveTheRightUnitCode(t *testing.T) {
	t.Parallel()
	each(load(t), func(where string, f *model.Field) {
		if f.Kind != model.Quantity {
			return
		}
		var q struct {
			Unit string
			Code string `json:"unit_code"`
		}
		if err := json.Unmarshal([]byte(f.Example), &q); err != nil {
			t.Errorf("%s.%s: %v", where, f.Name, err)
		}
		if code, _ := unit.Code(q.Unit); code != q.Code {
			t.Errorf("%s.%s: %q is %q; the example says %q", where, f.Name, q.Unit, code, q.Code)
		}
	})
}

// each visits every field of every entity, nested ones too.
func each(m *model.Model, visit func(where string, f *model.Field)) {
	var walk func(string, []*model.Field)
	walk = func(where string, fields []*model.Field) {
		for _, f := range fields {
			visit(where, f)
			walk(where+"."+f.Name, f.Fields)
			if f.Items != nil {
				walk(where+"."+f.Name, f.Items.Fields)
			}
		}
	}
	walk("record", m.Record)
	for _, e := range m.Entities {
		walk(e.Name, e.Fields)
	}
}
