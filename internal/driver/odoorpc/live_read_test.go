package odoorpc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

func orders(t testing.TB) *manifest.Entity {
	e := entity(t, "purchase-orders", `{model: purchase.order, fields: [name, state, partner_id, "currency_id.name", date_order, "note|notes", "nope?", order_line.name, "order_line.product_id.default_code"],
  changes_with: [{field: order_line, model: purchase.order.line}]}`)
	e.History = "date_order"
	return e
}

func partners(t testing.TB) *manifest.Entity {
	return entity(t, "vendors", `{model: res.partner, domain: [[supplier_rank, ">", 0]], fields: [name, active, write_date]}`)
}

// TestLive reads from a real server; the order of the cases is part of the test, as some write.
func TestLive(t *testing.T) {
	t.Parallel()
	s := odoo.StartIfCached(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *odoo.Server)
	}{
		{"probe", probe},
		{"pages to the end", pagesToTheEnd},
		{"fields by version", fieldsByVersion},
		{"refusals", readRefusals},
		{"rights", rights},
		{"rows of one second", rowsOfOneSecond},
		{"changes since", changesSince},
		{"late commit", lateCommit},
		{"deleted between pages", deletedBetweenPages},
		{"history", history},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, s.For(t)) })
	}
}

func probe(t *testing.T, s *odoo.Server) {
	p, err := open(t, user(s)).Probe(t.Context())
	if err != nil || !strings.HasPrefix(p.Version, "14.0") || p.Account != "busbar at Alpen Papier GmbH" {
		t.Errorf("%+v, %v", p, err)
	}
	for name, test := range map[string]struct {
		field, value string
		want         driver.Kind
		blames       string
	}{
		"wrong key":    {"api_key", "nope", driver.Credentials, "api_key"},
		"no key":       {"api_key", "", driver.Credentials, "api_key"},
		"no such user": {"username", "nobody", driver.Credentials, "api_key"},
		"no database":  {"database", "nope", driver.Credentials, "database"},
		"no server":    {"url", "http://127.0.0.2:" + s.URL[len("http://127.0.0.1:"):], driver.Unreachable, "url"},
		"other path":   {"url", s.URL + "/elsewhere", driver.Credentials, ""},
	} {
		login := user(s)
		login[test.field] = test.value
		_, err := open(t, login).Probe(t.Context())
		if name == "other path" {
			if driver.KindOf(err) != driver.NotSystem {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if driver.KindOf(err) != test.want || err.(*driver.Error).Field != test.blames { //nolint:errorlint // the contract
			t.Errorf("%s: %v, want %s of %s", name, err, test.want, test.blames)
		}
	}
	login := user(s)
	login["url"] += "/web#action=5"
	if _, err := open(t, login).Probe(t.Context()); err != nil {
		t.Errorf("an address as people copy it: %v", err)
	}
}

func pagesToTheEnd(t *testing.T, s *odoo.Server) {
	e := orders(t)
	for _, limit := range []int{7, 50, 100, 500} {
		records, pages := drain(t, open(t, user(s), e), driver.Request{Entity: e, Limit: limit})
		if len(records) != 100 || pages[0].Total != 100 {
			t.Errorf("limit %d: %d records, total %d", limit, len(records), pages[0].Total)
		}
		if pages[0].HighWater.IsZero() || len(pages) > 1 && !pages[1].HighWater.IsZero() {
			t.Errorf("limit %d: the high water belongs on the first page", limit)
		}
	}
	records, _ := drain(t, open(t, user(s), partners(t)), driver.Request{Entity: partners(t)})
	archived := 0
	for _, r := range records {
		if r["active"] == false {
			archived++
		}
	}
	if len(records) != 101 || archived != 1 {
		t.Errorf("%d vendors, %d of them archived", len(records), archived)
	}
}

func fieldsByVersion(t *testing.T, s *odoo.Server) {
	e := orders(t)
	records, _ := drain(t, open(t, user(s), e), driver.Request{Entity: e})
	r := records[1]
	line := r["order_line."].([]any)[0].(map[string]any)
	for what, got := range map[string]any{"Deliver to gate 5": r["note"], "EUR": r["currency_id."].(map[string]any)["name"], "P00000": line["product_id."].(map[string]any)["default_code"]} {
		if got != what {
			t.Errorf("%v, want %s", got, what)
		}
	}
	if _, there := r["nope"]; there || r["partner_id"] != float64(s.Read("purchase.order", 1, "partner_id")["partner_id"].([]any)[0].(float64)) {
		t.Errorf("%v", r)
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(r["date_order"])); err != nil {
		t.Error(err)
	}
}

func readRefusals(t *testing.T, s *odoo.Server) {
	clerk := user(s)
	clerk["username"], clerk["api_key"] = s.ClerkUser, s.ClerkPassword
	for read, test := range map[string]struct {
		login map[string]string
		want  driver.Kind
		says  string
	}{
		`{model: purchase.order, fields: [name]}`:                               {clerk, driver.Permission, "does not let this user"},
		`{model: purchase.nope, fields: [name]}`:                                {user(s), driver.Invalid, "purchase.nope"},
		`{model: purchase.order, fields: [name, nope, order_line.wrong]}`:       {user(s), driver.Invalid, "no field nope of purchase.order"},
		`{model: purchase.order, fields: [name, order_line.wrong]}`:             {user(s), driver.Invalid, "no field wrong of purchase.order.line"},
		`{model: purchase.order, fields: [name.wrong]}`:                         {user(s), driver.Invalid, "does not lead to other records"},
		`{model: purchase.order, fields: [name], domain: [[nope, "=", 1]]}`:     {user(s), driver.Invalid, "nope"},
		`{model: purchase.order, fields: [name], domain: [[date_order, 1, 2]]}`: {user(s), driver.Invalid, ""},
	} {
		e := entity(t, "x", read)
		_, err := open(t, test.login, e).Fetch(t.Context(), driver.Request{Entity: e})
		if driver.KindOf(err) != test.want || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("%s: %v, want %s: %s", read, err, test.want, test.says)
		}
	}
}

func rights(t *testing.T, s *odoo.Server) {
	system := connector(t)
	may := func(login map[string]string) manifest.Rights {
		t.Helper()
		rights, err := openOn(t, loopback(t, s.URL).Client(wireConfig), login, system).(driver.Permitter).May(t.Context(), system.Entities)
		if err != nil {
			t.Fatal(err)
		}
		return rights
	}
	for name, ops := range may(user(s)) {
		for op, ok := range ops {
			if !ok {
				t.Errorf("the user whom the guide describes may not %s %s", op, name)
			}
		}
	}
	clerk := user(s)
	clerk["username"], clerk["api_key"] = s.ClerkUser, s.ClerkPassword
	got := may(clerk)
	if got["purchase-orders"][manifest.Read] || got["items"][manifest.Create] || !got["vendors"][manifest.Read] || !got["work-orders"][manifest.Create] {
		t.Errorf("a user without groups: %v", got)
	}
}

// Rows of one transaction have one stamp: more of them than a page holds are no end.
func rowsOfOneSecond(t *testing.T, s *odoo.Server) {
	e := partners(t)
	c := open(t, user(s), e)
	_, pages := drain(t, c, driver.Request{Entity: e})
	var values []map[string]any
	for i := range 30 {
		values = append(values, map[string]any{"name": fmt.Sprintf("At once %d", i), "supplier_rank": 1})
	}
	s.Call("res.partner", "create", values)
	records, _ := drain(t, c, driver.Request{Entity: e, Since: pages[0].HighWater.Add(time.Second), Limit: 7})
	if len(records) != 30 {
		t.Errorf("%d records of one second, want 30", len(records))
	}
}

func changesSince(t *testing.T, s *odoo.Server) {
	e := orders(t)
	c := open(t, user(s), e)
	_, pages := drain(t, c, driver.Request{Entity: e})
	line := s.Search("purchase.order.line", []any{"order_id", "=", 3})[0]
	s.Write("purchase.order.line", line, map[string]any{"name": "Another description"})
	s.Write("purchase.order", 2, map[string]any{"notes": "new"})
	records, after := drain(t, c, driver.Request{Entity: e, Since: pages[0].HighWater.Add(time.Second)})
	if got := ids(records); !slices.Equal(got, []int{2, 3}) || after[0].Total != 2 {
		t.Errorf("changed: %v, total %d; want the written header 2, and the header 3 of a written line", got, after[0].Total)
	}
	if again, _ := drain(t, c, driver.Request{Entity: e, Since: after[0].HighWater}); len(again) == 0 {
		t.Error("the high water itself is not included: a record of that second would be lost")
	}
}

// A transaction that began before a reading and is stored after it has an older stamp than what was read: the lookback finds it.
func lateCommit(t *testing.T, s *odoo.Server) {
	e := partners(t)
	c := open(t, user(s), e)
	conn, err := pgx.Connect(t.Context(), s.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	slow, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := s.Search("res.partner", []any{"supplier_rank", ">", 0})
	if _, err := slow.Exec(t.Context(), "update res_partner set phone = '1', write_date = now() at time zone 'UTC' where id = $1", all[5]); err != nil {
		t.Fatal(err)
	}
	s.Write("res.partner", all[6], map[string]any{"phone": "2"})
	_, pages := drain(t, c, driver.Request{Entity: e})
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, _ := drain(t, c, driver.Request{Entity: e, Since: pages[0].HighWater.Add(-15 * time.Minute)})
	if records[all[5]] == nil {
		t.Error("the late record is lost")
	}
}

// A deletion between two pages takes one record from the count, and none else from the pages.
func deletedBetweenPages(t *testing.T, s *odoo.Server) {
	e := partners(t)
	c := open(t, user(s), e)
	made := s.Create("res.partner", map[string]any{"name": "Short-lived", "supplier_rank": 1})
	total := len(s.Search("res.partner", []any{"supplier_rank", ">", 0}))
	first, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 100})
	if err != nil || first.Total != int64(total) || first.Next == nil {
		t.Fatalf("first page of %d: %+v, %v", total, first, err)
	}
	s.Delete("res.partner", made)
	last, err := c.Fetch(t.Context(), driver.Request{Entity: e, Limit: 100, Token: first.Next})
	if err != nil || last.Next != nil || last.Total != int64(total-1) || len(first.Records)+len(last.Records) != total-1 {
		t.Errorf("last page: %d records, total %d, %v; want %d in all", len(last.Records), last.Total, err, total-1)
	}
}

func history(t *testing.T, s *odoo.Server) {
	e := orders(t)
	day := time.Now().UTC().AddDate(0, 0, -30).Truncate(24 * time.Hour)
	records, _ := drain(t, open(t, user(s), e), driver.Request{Entity: e, HistoryFrom: day})
	want := s.Search("purchase.order", []any{"date_order", ">=", day.Format(time.DateOnly)})
	if got := ids(records); !slices.Equal(got, want) || len(want) == 100 {
		t.Errorf("got %v, want %v", got, want)
	}
}
