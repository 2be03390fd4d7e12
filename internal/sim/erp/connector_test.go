package erp_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/model"
)

// connector is SimERP's manifest, checked, and a client made from it.
func connector(t *testing.T, url, key string) (*manifest.System, driver.Client) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(connectors.FS, "sim-erp", m, map[string]manifest.Checker{"rest": rest.New()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := rest.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": url, "api_key": key}),
		HTTP:        &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Now:         func() time.Time { return base }, TimeZone: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// fetchAll follows the pages of a request to the proved end; between is called after each page.
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

func TestConnectorReadsAllThatSimERPHas(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{})
	s, c := connector(t, sim.URL(), erp.DefaultKey)
	p, err := c.Probe(t.Context())
	if err != nil || p != (driver.Probe{Version: erp.Version, Account: "Nordwerk Industrie GmbH"}) {
		t.Fatalf("%+v %v", p, err)
	}
	if len(s.Entities) != len(resources) {
		t.Errorf("%d entities for %d resources", len(s.Entities), len(resources))
	}
	for _, e := range s.Entities {
		var high time.Time
		got := fetchAll(t, c, driver.Request{Entity: e, Limit: 400, HistoryFrom: base.AddDate(0, 0, -90)}, func(p *driver.Page) { high = p.HighWater })
		resource := map[string]string{"organizations": "companies", "units-of-measure": "units", "sites": "warehouses", "stock-levels": "stock", "stock-adjustments": "stock-postings"}[e.Name]
		if resource == "" {
			resource = e.Name
		}
		want, total := all(t, api+resource, 500)
		if len(got) != total || high.IsZero() || string(got[total-1]) != string(want[total-1]) {
			t.Errorf("%s: %d of %d, high water %s", e.Name, len(got), total, high)
		}
		newest := fetchAll(t, c, driver.Request{Entity: e, Limit: 400, Since: high}, nil)
		if len(newest) == 0 || len(newest) == total && total > 100 {
			t.Errorf("%s: %d changed since the newest change", e.Name, len(newest))
		}
	}
}

func TestConnectorSeesWhatChangesBetweenPages(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: erp.Counts{Vendors: 300, Orders: 20}})
	s, c := connector(t, sim.URL(), erp.DefaultKey)
	pages := 0
	records := fetchAll(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: 100}, func(p *driver.Page) {
		if pages++; pages == 1 {
			_, _ = call(t, "PATCH", api+"vendors/"+field(t, p.Records[0], "id"), `{"name":"Read already"}`)
			_, _ = call(t, "PATCH", api+"vendors/000299", `{"name":"Perhaps not yet"}`)
			_, _ = call(t, "POST", api+"vendors", `{"name":"New"}`)
		}
	})
	last := map[string]string{}
	for _, r := range records {
		last[field(t, r, "id")] = field(t, r, "name")
	}
	if len(last) != 301 || last["000301"] != "New" || last["000299"] != "Perhaps not yet" || last[field(t, records[0], "id")] != "Read already" {
		t.Errorf("%d vendors, %q, %q", len(last), last["000301"], last["000299"])
	}
}

func TestConnectorClassifiesFaults(t *testing.T) {
	t.Parallel()
	var fault *erp.Fault
	sim, _ := start(t, erp.Options{Fault: func(*http.Request) *erp.Fault { return fault }})
	s, c := connector(t, sim.URL(), erp.DefaultKey)
	vendors := driver.Request{Entity: s.Entity("vendors"), Limit: 50}
	for _, f := range []struct {
		fault erp.Fault
		kind  driver.Kind
	}{
		{erp.Fault{Delay: time.Nanosecond}, ""},
		{erp.Fault{Status: 503, RetryAfter: 2 * time.Second}, driver.Fault},
		{erp.Fault{Status: 429, RetryAfter: 2 * time.Second}, driver.RateLimited},
		{erp.Fault{Cut: 5000}, driver.Torn},
		{erp.Fault{LoginPage: true}, driver.NotSystem},
	} {
		fault = &f.fault
		if _, err := c.Fetch(t.Context(), vendors); driver.KindOf(err) != f.kind {
			t.Errorf("%+v: %v", f.fault, err)
		}
	}
	fault = nil
	vendors.Token = []byte(`{"cursor":"nonsense"}`)
	if _, err := c.Fetch(t.Context(), vendors); driver.KindOf(err) != driver.TokenGone {
		t.Errorf("cursor: %v", err)
	}
	_, stranger := connector(t, sim.URL(), "wrong key")
	if _, err := stranger.Probe(t.Context()); driver.KindOf(err) != driver.Credentials {
		t.Errorf("wrong key: %v", err)
	}
	if l := sim.Ledger(); l["faulted"] != 5 || l["refused"] != 1 {
		t.Errorf("ledger %v", l)
	}
}
