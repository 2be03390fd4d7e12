package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/model"
)

// plant is a SimERP that writes can be spoilt in, and a client made from its connector.
type plant struct {
	driver.Writer
	sim    *erp.Server
	system *manifest.System
	plan   erp.Plan
}

func startPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{}
	var err error
	p.sim, err = erp.Open(erp.Options{Counts: erp.Counts{Vendors: 20, Customers: 5, Items: 30, Stock: 10, Orders: 60, SalesOrders: 5, Requisitions: 20}, Now: func() time.Time { return now }, Fault: p.plan.Next})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.sim.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.sim.Close() })
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	if p.system, err = manifest.LoadSystem(connectors.FS, "sim-erp", m, map[string]manifest.Checker{"rest": rest.New()}); err != nil {
		t.Fatal(err)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}, HeaderTimeout: 300 * time.Millisecond})
	t.Cleanup(g.Close)
	c, err := rest.New().Open(p.system, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": p.sim.URL(), "api_key": erp.DefaultKey}).Public("url"),
		HTTP: g.Client(egress.ClientConfig{Budget: budget.New(manifest.Limits{}), IdleTimeout: 300 * time.Millisecond, Attempts: 1}), Now: func() time.Time { return now }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	p.Writer = c.(driver.Writer)
	return p
}

// command is a write to an entity; of a record that is there, as it is now.
func (p *plant) command(t *testing.T, entity string, op manifest.Op, id, body, mark string) driver.Command {
	t.Helper()
	c := driver.Command{Entity: p.system.Entity(entity), Op: op, RemoteID: id, Mark: mark}
	if body != "" {
		c.Body = []byte(body)
	}
	if id != "" {
		var err error
		if c.Current, err = p.ReadOne(t.Context(), c.Entity, id); err != nil || c.Current == nil {
			t.Fatal(err)
		}
		c.Insist = true
	}
	return c
}

func (p *plant) write(t *testing.T, c driver.Command) (driver.Written, error) {
	t.Helper()
	return p.Write(egress.AsWrite(t.Context(), egress.Sending{Fresh: true}), c)
}

// anOrder is a purchase order with a mark.
func anOrder(mark string) string {
	return `{"vendorId":"000001","externalRef":"` + mark + `","lines":[{"itemId":"000003","quantity":"2","unitPrice":"10.5"}]}`
}

// member reads a member of a record.
func member(t *testing.T, record []byte, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(record, &m); err != nil {
		t.Fatalf("%s: %v", record, err)
	}
	return fmt.Sprint(m[name])
}

// TestWritesOfEveryClass goes once through what SimERP offers.
func TestWritesOfEveryClass(t *testing.T) {
	t.Parallel()
	p := startPlant(t)
	item := p.command(t, "items", manifest.Create, "", `{"name":"Bolt"}`, "bbitem-0")
	made, err := p.write(t, item)
	again, err2 := p.write(t, item)
	if err != nil || err2 != nil || made.RemoteID == "" || made.RemoteID != again.RemoteID || string(made.Record) != string(again.Record) {
		t.Errorf("W1: %+v %+v %v %v", made, again, err, err2)
	}
	item.Body = []byte(`{"name":"Nut"}`)
	if _, err := p.write(t, item); driver.FateOf(err) != driver.Refused {
		t.Errorf("W1 with another body: %v", err)
	}

	vendor := p.command(t, "vendors", manifest.Create, "", `{"name":"O'Neil","vendorNumber":"O'N-1"}`, "bbv-0")
	made, err = p.write(t, vendor)
	if _, twice := p.write(t, vendor); err != nil || driver.FateOf(twice) != driver.Doubled {
		t.Errorf("W2: %v, then %v", err, twice)
	}
	p.finds(t, "vendors", manifest.W2, driver.Search{Value: "O'N-1"}, made.RemoteID)
	p.finds(t, "vendors", manifest.W2, driver.Search{Value: "O'N-2"}, "")

	order, err := p.write(t, p.command(t, "purchase-orders", manifest.Create, "", anOrder("bbpo-0"), "bbpo-0"))
	if err != nil {
		t.Fatal(err)
	}
	p.finds(t, "purchase-orders", manifest.W3, driver.Search{Value: "bbpo-0"}, order.RemoteID)
	p.finds(t, "purchase-orders", manifest.W3, driver.Search{Value: "bbpo-1"}, "")

	change := p.command(t, "purchase-orders", manifest.Update, order.RemoteID, `{"note":"Gate 3"}`, "bbup-0")
	changed, err := p.write(t, change)
	if _, stale := p.write(t, change); err != nil || member(t, changed.Record, "note") != "Gate 3" || driver.FateOf(stale) != driver.Conflicts {
		t.Errorf("update: %s %v, then %v", changed.Record, err, stale)
	}
	remove := p.command(t, "purchase-orders", manifest.Delete, order.RemoteID, "", "bbdel-0")
	if _, err := p.write(t, remove); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, gone := p.write(t, remove); driver.FateOf(gone) != driver.Missing {
		t.Errorf("delete what is gone: %v", gone)
	}
	if record, err := p.ReadOne(t.Context(), remove.Entity, order.RemoteID); record != nil || err != nil {
		t.Errorf("read what is gone: %s %v", record, err)
	}
}

func (p *plant) finds(t *testing.T, entity string, class manifest.Class, s driver.Search, want string) {
	t.Helper()
	s.Entity = p.system.Entity(entity)
	for _, r := range s.Entity.Operations[manifest.Create].Ladder {
		if r.Class == class {
			s.Rung = &r
		}
	}
	found, err := p.Search(t.Context(), s)
	ids := ""
	for _, record := range found {
		ids += member(t, record, "id")
	}
	if err != nil || ids != want {
		t.Errorf("%s by %s %q: found %q, want %q; %v", entity, class, s.Value, ids, want, err)
	}
}

// lost is every way in which the answer to a write is spoilt, and what the client must make of it.
func lost() map[string]struct {
	fault erp.Fault
	fate  driver.Fate
} {
	type spoilt = struct {
		fault erp.Fault
		fate  driver.Fate
	}
	faults := map[string]spoilt{
		"closed before the body is read": {erp.Fault{Unread: true}, driver.Unknown},
		"busy":                           {erp.Fault{Status: 429, RetryAfter: time.Second}, driver.NotSent},
		"overloaded":                     {erp.Fault{Status: 503, RetryAfter: time.Second}, driver.Unknown},
		"not logged in":                  {erp.Fault{Status: 401}, driver.NotSent},
		"not allowed":                    {erp.Fault{Status: 403}, driver.Refused},
		"an error in a 200":              {erp.Fault{Body: erp.ErrorBody}, driver.Refused},
	}
	for executed, word := range map[bool]string{true: "executed", false: "not executed"} {
		for name, f := range map[string]erp.Fault{
			"dropped": {Drop: true}, "silence": {Hang: true}, "gateway": {Status: 502}, "timeout of a gateway": {Status: 504}, "failure": {Status: 500}, "request timeout": {Status: 408},
			"redirect": {Status: 302, Header: map[string]string{"Location": "/login"}}, "login page": {LoginPage: true}, "empty object": {Body: "{}"},
		} {
			f.Execute = executed
			faults[name+", "+word] = spoilt{f, driver.Unknown}
		}
	}
	for _, n := range []int{1, 9, 40, 150} {
		faults[fmt.Sprintf("torn after %d bytes", n)] = spoilt{erp.Fault{Torn: n}, driver.Unknown}
		faults[fmt.Sprintf("body cut after %d bytes", n)] = spoilt{erp.Fault{Cut: n}, driver.Unknown}
		faults[fmt.Sprintf("silent after %d bytes of the body", n)] = spoilt{erp.Fault{Stall: n}, driver.Unknown}
	}
	return faults
}

// TestNoFateLies holds every fate against what SimERP has done: a good answer means one effect, a definite error none.
func TestNoFateLies(t *testing.T) {
	t.Parallel()
	for name, c := range lost() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPlant(t)
			for i, w := range []driver.Command{
				p.command(t, "purchase-orders", manifest.Create, "", anOrder("bb-0"), "bb-0"), p.command(t, "items", manifest.Create, "", `{"name":"Bolt"}`, "bb-1"),
				p.command(t, "vendors", manifest.Update, "000001", `{"phone":"1"}`, "bb-2"),
			} {
				before := len(p.sim.Effects())
				p.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: c.fault})
				_, err := p.write(t, w)
				fate, effects := driver.FateOf(err), len(p.sim.Effects())-before
				if err == nil || fate != c.fate || fate != driver.Unknown && effects != 0 || effects > 1 {
					t.Errorf("write %d: %s with %d effects, want %s; %v", i, fate, effects, c.fate, err)
				}
				if fate == driver.NotSent {
					return // the budget rests
				}
			}
		})
	}
}

// TestNoResultOfManyLies does the same with the answers of calls for many.
func TestNoResultOfManyLies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  erp.Fault
		atomic bool
		bad    bool
		want   string
	}{
		"all is well":               {erp.Fault{}, false, false, "ok ok ok"},
		"one is refused":            {erp.Fault{}, false, true, "ok refused ok"},
		"all or none":               {erp.Fault{}, true, true, "refused refused refused"},
		"another order":             {erp.Fault{Rewrite: erp.Reversed()}, false, true, "ok refused ok"},
		"one is left out":           {erp.Fault{Rewrite: erp.Without(0)}, false, false, "unknown ok ok"},
		"one comes twice":           {erp.Fault{Rewrite: erp.Doubled(1)}, false, false, "ok unknown ok"},
		"one is contradicted":       {erp.Fault{Rewrite: erp.Contradicted(2)}, false, false, "ok ok unknown"},
		"one of another name":       {erp.Fault{Rewrite: erp.Strange(0)}, false, false, "unknown ok ok"},
		"failed in the middle":      {erp.Fault{Partly: 2}, false, false, "unknown"},
		"lost":                      {erp.Fault{Drop: true, Execute: true}, false, false, "unknown"},
		"cut":                       {erp.Fault{Cut: 100}, true, false, "unknown"},
		"a login page instead":      {erp.Fault{LoginPage: true, Execute: true}, false, false, "unknown"},
		"an error in a 200 instead": {erp.Fault{Body: erp.ErrorBody}, false, false, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPlant(t)
			ws := make([]driver.Command, 3)
			for i := range ws {
				ws[i] = p.command(t, "purchase-orders", manifest.Create, "", anOrder(fmt.Sprint("bb-", i)), fmt.Sprint("bb-", i))
			}
			if c.bad {
				ws[1].Body = []byte(`{"vendorId":"none"}`)
			}
			p.plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: c.fault})
			results, err := p.WriteMany(egress.AsWrite(context.Background(), egress.Sending{}), ws, c.atomic)
			got := strings.NewReplacer("ok:", "ok").Replace(fatesOf(withoutIDs(results), err))
			if got != c.want {
				t.Errorf("%s, want %s; %v", got, c.want, err)
			}
			for i, r := range results {
				effects := 0
				for _, e := range p.sim.Effects() {
					if e.Mark == ws[i].Mark {
						effects++
					}
				}
				if r.Err == nil && effects != 1 || r.Err != nil && driver.FateOf(r.Err) != driver.Unknown && effects != 0 {
					t.Errorf("write %d: %d effects; %v", i, effects, r.Err)
				}
			}
		})
	}
}

func withoutIDs(results []driver.Result) []driver.Result {
	out := make([]driver.Result, len(results))
	for i, r := range results {
		out[i].Err = r.Err
	}
	return out
}
