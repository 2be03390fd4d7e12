package browser_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/browser"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestDashboard goes the ways of people through the dashboard of one Busbar that works, in one browser, one after the other.
func TestDashboard(t *testing.T) {
	t.Parallel()
	p := browser.NewPlant(t)
	works, pages := furnished(t, p)
	north := p.Connect(t, "North")
	p.Work(t)

	t.Run("roles: a viewer cannot", func(t *testing.T) {
		before := len(p.ERP.Effects())
		p.Do(t, "dashboard/viewer.mjs", map[string]any{"connection": works, "vendor": firstVendor(t, p, works), "flow": "hostile", "title": hostile}, nil)
		if after := len(p.ERP.Effects()); after != before {
			t.Errorf("the ERP has changed %d times", after-before)
		}
	})

	t.Run("build a flow, test it, run it, inspect it", func(t *testing.T) {
		p.Do(t, "dashboard/flow.mjs", nil, map[string]browser.Hand{"made": made(p, "vendors", "vendorNumber", "J-")})
	})

	t.Run("a batch with failures, retried", func(t *testing.T) {
		taken := func(change func(number string) map[string]any) browser.Hand {
			return func(sent json.RawMessage) (any, error) {
				var numbers []string
				if err := json.Unmarshal(sent, &numbers); err != nil {
					return nil, err
				}
				for _, n := range numbers {
					if err := p.ERP.Edit(erp.Edit{Resource: "vendors", ID: "other-" + n, Set: change(n)}); err != nil {
						return nil, err
					}
				}
				return nil, nil
			}
		}
		p.Do(t, "dashboard/batch.mjs", map[string]any{"connection": works}, map[string]browser.Hand{
			"made": made(p, "vendors", "vendorNumber", "B-"),
			"take": taken(func(n string) map[string]any {
				return map[string]any{"vendorNumber": n, "name": "Somebody else's", "active": true}
			}),
			"give": taken(func(n string) map[string]any { return map[string]any{"vendorNumber": "old " + n} }),
		})
	})

	t.Run("a connection needs reauthorization", func(t *testing.T) {
		const second = "CANARY-second-key"
		one := firstVendor(t, p, north)
		defer p.ERP.SetKeys(erp.DefaultKey, second)
		p.Do(t, "dashboard/reauthorize.mjs", map[string]any{"connection": north, "second": second, "vendor": one}, map[string]browser.Hand{"refuse": func(json.RawMessage) (any, error) {
			p.ERP.SetKeys(second)
			return nil, p.ERP.Edit(erp.Edit{Resource: "vendors", ID: one.RemoteID, Set: map[string]any{"name": "Renamed meanwhile"}})
		}})
	})

	t.Run("every page", func(t *testing.T) {
		for _, one := range pages {
			t.Run(one.Name, func(t *testing.T) { p.Do(t, "dashboard/page.mjs", map[string]any{"page": one}, nil) })
		}
	})

	t.Run("a list of 100,000 records", func(t *testing.T) {
		multiplied(t, p, "North", 100_000)
		p.Do(t, "dashboard/many.mjs", map[string]any{"connection": north}, nil)
	})

	t.Run("keyboard", func(t *testing.T) { p.Do(t, "dashboard/keys.mjs", map[string]any{"connection": works}, nil) })
}

// supplier is a vendor as the API gives it.
type supplier struct {
	ID       string `json:"id"`
	RemoteID string `json:"remote_id"`
	Name     string `json:"name"`
}

func firstVendor(t *testing.T, p *browser.Plant, connection string) supplier {
	t.Helper()
	return list[supplier](t, p, connection, "/v1/vendors?limit=1")[0]
}

// made gives what a member says of the records of a resource that were made in the ERP, where it begins so: one that was made twice is there twice.
func made(p *browser.Plant, resource, member, prefix string) browser.Hand {
	return func(json.RawMessage) (any, error) {
		found := []string{}
		for _, e := range p.ERP.Effects() {
			var record map[string]any
			if e.Resource != resource || e.Op != "create" {
				continue
			}
			if err := json.Unmarshal(e.Record, &record); err != nil {
				return nil, err
			}
			if said, _ := record[member].(string); strings.HasPrefix(said, prefix) {
				found = append(found, said)
			}
		}
		return found, nil
	}
}

// TestFirstRun goes from the link of the first start to a record that is changed.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	s := browser.NewStand(t, map[string]any{})
	s.Work(t)
	const number = "V-FIRST"
	if err := s.ERP.Edit(erp.Edit{Resource: "vendors", ID: "first", Set: map[string]any{"name": "First Pumps", "vendorNumber": number, "active": true}}); err != nil {
		t.Fatal(err)
	}
	p := &browser.Plant{Stand: s, Browser: browser.Open(t)}
	p.Do(t, "dashboard/first.mjs", map[string]any{"setup": s.SetupLink(t), "vendor": "First Pumps", "vendors": 21}, map[string]browser.Hand{"changed": func(json.RawMessage) (any, error) {
		names := []string{}
		for _, e := range s.ERP.Effects() {
			var v struct{ Name string }
			if err := json.Unmarshal(e.Record, &v); err != nil {
				return nil, err
			}
			names = append(names, v.Name)
		}
		return names, nil
	}})
}
