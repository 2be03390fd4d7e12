package cmms_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/cmms"
	"github.com/busbar-dev/busbar/model"
)

// base is the newest instant of the plant's data.
var base = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func start(t *testing.T, o cmms.Options) *cmms.Server {
	t.Helper()
	if o.Base.IsZero() {
		o.Base = base
	}
	s, err := cmms.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	return s
}

// few is a small plant.
func few() cmms.Counts {
	return cmms.Counts{Equipment: 20, Parts: 20, WorkOrders: 60, Requests: 20, Readings: 40, Requisitions: 12}
}

// connector is SimCMMS's manifest, checked, and a client made from it.
func connector(t *testing.T, url, key string) (*manifest.System, driver.Client) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(connectors.FS, "sim-cmms", m, map[string]manifest.Checker{"rest": rest.New()})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	c, err := rest.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": url, "api_key": key}).Public("url"),
		HTTP:        g.Client(egress.ClientConfig{Attempts: 1}), Now: func() time.Time { return base }, TimeZone: zone,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func fetchAll(t *testing.T, c driver.Client, r driver.Request) (records [][]byte, high time.Time) {
	t.Helper()
	for {
		page, err := c.Fetch(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", r.Entity.Name, err)
		}
		records, high = append(records, page.Records...), page.HighWater
		if page.Next == nil {
			return records, high
		}
		r.Token = page.Next
	}
}

// The whole plant is read through the manifest, every record maps, and every mapped field holds something somewhere.
func TestEveryRecordMaps(t *testing.T) {
	t.Parallel()
	sim := start(t, cmms.Options{})
	s, c := connector(t, sim.URL(), cmms.DefaultKey)
	p, err := c.Probe(t.Context())
	if err != nil || p != (driver.Probe{Version: cmms.Version, Account: "Werk Lindenau"}) {
		t.Fatalf("%+v %v", p, err)
	}
	zone, _ := time.LoadLocation(s.TimeZone)
	env := mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: zone}
	ids := map[string]bool{}
	mapped := map[string][]map[string]any{}
	for _, e := range s.Entities {
		m, err := mapping.Compile(s, e, nil)
		if err != nil {
			t.Fatal(err)
		}
		raws, high := fetchAll(t, c, driver.Request{Entity: e, Limit: 500})
		if len(raws) == 0 || high.IsZero() {
			t.Errorf("%s: %d records, high water %s", e.Name, len(raws), high)
		}
		for _, raw := range raws {
			id, err := m.RemoteID(raw)
			if err != nil {
				t.Fatal(err)
			}
			ids[mapping.RecordID(env.Connection, e.Name, id).String()] = true
			r, err := m.Map(raw, env)
			if err != nil {
				t.Fatalf("%s %s: %v in %s", e.Name, id, err, raw)
			}
			var u map[string]any
			if err := json.Unmarshal(r.Fields, &u); err != nil {
				t.Fatal(err)
			}
			mapped[e.Name] = append(mapped[e.Name], u)
		}
		if lately, _ := fetchAll(t, c, driver.Request{Entity: e, Limit: 500, HistoryFrom: base.AddDate(0, 0, -90)}); e.History != "" && (len(lately) < len(raws)*4/5 || len(lately) == len(raws)) {
			t.Errorf("%s: %d of %d were made in the last 90 days", e.Name, len(lately), len(raws))
		}
		newer, _ := fetchAll(t, c, driver.Request{Entity: e, Limit: 500, Since: high})
		if len(newer) == 0 || len(newer) == len(raws) && len(raws) > 100 {
			t.Errorf("%s: %d of %d changed since the newest change", e.Name, len(newer), len(raws))
		}
		for _, f := range e.Fields {
			name := f.Field.WireNames()[0]
			if !slices.ContainsFunc(mapped[e.Name], func(u map[string]any) bool { return u[name] != nil }) && name != "website" && name != "notes" && name != "description" && name != "parent_id" {
				t.Errorf("%s: %s is null in every record", e.Name, name)
			}
			if f.Field.Kind == model.Ref {
				for _, u := range mapped[e.Name] {
					if id, _ := u[name].(string); id != "" && !ids[id] && f.Field.To != e.Name && mapped[f.Field.To] != nil {
						t.Fatalf("%s: %s leads nowhere in %v", e.Name, name, u)
					}
				}
			}
		}
	}
	if len(mapped) != 16 {
		t.Errorf("%d entities", len(mapped))
	}
	_, stranger := connector(t, sim.URL(), "wrong")
	if _, err := stranger.Probe(t.Context()); driver.KindOf(err) != driver.Credentials {
		t.Errorf("wrong key: %v", err)
	}
}
