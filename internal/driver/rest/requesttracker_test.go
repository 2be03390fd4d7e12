package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	"github.com/busbar-dev/busbar/internal/realsys/requesttracker"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/model"
)

// office is the connector's own client of one running Request Tracker.
type office struct {
	*testing.T
	system *manifest.System
	server *requesttracker.Server
	client driver.Client
	driver.Writer
}

func openOffice(t *testing.T, s *requesttracker.Server, token string) *office {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{T: t, server: s}
	if o.system, err = manifest.LoadSystem(connectors.FS, "request-tracker", m, map[string]manifest.Checker{"rest": rest.New()}); err != nil {
		t.Fatal(err)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	login := secret.NewCredentials(map[string]string{"url": s.URL, "token": token, "work_queue": "Work orders", "request_queue": "Service requests"})
	c, err := rest.New().Open(o.system, driver.Config{Credentials: login.Public("url", "work_queue", "request_queue"),
		HTTP: g.Client(egress.ClientConfig{}), Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	o.client, o.Writer = c, c.(driver.Writer) //nolint:errcheck,forcetypeassert // the contract
	return o
}

var plantEnv = mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC, Public: map[string]string{"url": "https://rt.example.com"}}

func (o *office) mapper(entity string) *mapping.Mapper {
	o.Helper()
	m, err := mapping.Compile(o.system, o.system.Entity(entity), nil)
	if err != nil {
		o.Fatal(err)
	}
	return m
}

// mapped gives a record in the model, with its remote id.
func (o *office) mapped(entity string, raw []byte) (string, map[string]any) {
	o.Helper()
	m := o.mapper(entity)
	id, err := m.RemoteID(raw)
	if err != nil {
		o.Fatalf("%v in %s", err, raw)
	}
	result, err := m.Map(raw, plantEnv)
	if err != nil {
		o.Fatalf("%v in %s", err, raw)
	}
	var fields map[string]any
	if err := json.Unmarshal(result.Fields, &fields); err != nil {
		o.Fatal(err)
	}
	return id, fields
}

// list reads an entity to its end in small pages, and maps what came.
func (o *office) list(entity string, since time.Time) (records map[string]map[string]any, pages []*driver.Page) {
	o.Helper()
	records = map[string]map[string]any{}
	r := driver.Request{Entity: o.system.Entity(entity), Limit: 11, Since: since}
	for {
		p, err := o.client.Fetch(o.Context(), r)
		if err != nil {
			o.Fatal(err)
		}
		pages = append(pages, p)
		for _, raw := range p.Records {
			id, fields := o.mapped(entity, raw)
			if records[id] != nil {
				o.Errorf("%s %s came twice", entity, id)
			}
			records[id] = fields
		}
		if r.Token = p.Next; r.Token == nil {
			return records, pages
		}
	}
}

func ref(entity, id string) string { return mapping.RecordID(plantEnv.Connection, entity, id).String() }

// TestLiveRequestTrackerReads reads every entity of the connector to its end, in full and by changes, and looks at some records.
func TestLiveRequestTrackerReads(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	o := openOffice(t, s, s.Token)
	if p, err := o.client.Probe(t.Context()); err != nil || p.Version[:2] != "5." {
		t.Errorf("%+v %v", p, err)
	}
	all := map[string]map[string]map[string]any{}
	for _, e := range o.system.Entities {
		records, pages := o.list(e.Name, time.Time{})
		all[e.Name] = records
		if e.Cursor != nil && (pages[0].HighWater.IsZero() || slices.ContainsFunc(pages, func(p *driver.Page) bool { return p.Unproved })) {
			t.Errorf("%s: %+v", e.Name, pages[0])
		}
		for _, id := range slices.Sorted(maps.Keys(records))[:2] {
			listed := records[id]
			raw, err := o.ReadOne(t.Context(), e, id)
			if err != nil || raw == nil {
				t.Fatalf("%s %s: %v", e.Name, id, err)
			}
			if _, alone := o.mapped(e.Name, raw); fmt.Sprint(alone) != fmt.Sprint(listed) {
				t.Errorf("%s %s\nlisted %v\nalone  %v", e.Name, id, listed, alone)
			}
		}
	}
	for entity, want := range map[string]int{"work-orders": 25, "service-requests": 6, "assets": 12, "users": 7, "teams": 2} {
		if len(all[entity]) != want {
			t.Errorf("%d %s, want %d", len(all[entity]), entity, want)
		}
	}
	for _, c := range []struct {
		entity, id, field string
		want              any
	}{
		{"work-orders", "1", "title", "Replace the seal of pump 01"},
		{"work-orders", "1", "status", "in_progress"},
		{"work-orders", "2", "status", "on_hold"},
		{"work-orders", "4", "status_source", "rejected"},
		{"work-orders", "5", "status", "requested"},
		{"work-orders", "1", "priority", "medium"},
		{"work-orders", "3", "priority", "low"},
		{"work-orders", "1", "asset_id", ref("assets", "2")},
		{"work-orders", "1", "assigned_to_id", ref("users", "tina")},
		{"work-orders", "2", "assigned_to_id", nil},
		{"work-orders", "1", "requested_by_id", ref("users", "otto")},
		{"work-orders", "1", "due_at", "2026-12-21T10:00:00Z"},
		{"work-orders", "5", "due_at", nil},
		{"work-orders", "5", "actual_start", nil},
		{"work-orders", "7", "url", "https://rt.example.com/Ticket/Display.html?id=7"},
		{"service-requests", "26", "title", "Noise № 1 – „Halle“"},
		{"service-requests", "26", "status", "new"},
		{"assets", "1", "name", "PUMP-01"},
		{"assets", "1", "serial_number", "00001"},
		{"assets", "1", "manufacturer", "Grundfos"},
		{"assets", "2", "manufacturer", nil},
		{"assets", "1", "category", "Plant"},
		{"assets", "12", "category", "General assets"},
		{"assets", "1", "status", "operating"},
		{"users", "otto", "name", "Otto O'Neill"},
		{"users", "tina", "email", "tina@plant.example"},
	} {
		if got := all[c.entity][c.id][c.field]; got != c.want {
			t.Errorf("%s %s: %s is %v, want %v", c.entity, c.id, c.field, got, c.want)
		}
	}
	o.gone("work-orders", "33")
	o.gone("work-orders", "34")
	o.gone("work-orders", "999999")
}

func (o *office) gone(entity, id string) {
	o.Helper()
	if raw, err := o.ReadOne(o.Context(), o.system.Entity(entity), id); raw != nil || err != nil {
		o.Errorf("%s %s is still there: %s %v", entity, id, raw, err)
	}
}

// TestLiveRequestTrackerChanges proves that a run by changes sees what others change and make, whatever the time zone of the login, and not what was deleted; and that
// no record is missed that changes while the list is read.
func TestLiveRequestTrackerChanges(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	o := openOffice(t, s, s.Token)
	for zone, entity := range map[string]string{"America/New_York": "work-orders", "Pacific/Kiritimati": "service-requests", "Pacific/Pago_Pago": "assets"} {
		s.Call("PUT", "user/"+s.User, map[string]string{"Timezone": zone})
		e := o.system.Entity(entity)
		first, err := o.client.Fetch(t.Context(), driver.Request{Entity: e, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		made := o.must(s.Add(t.Context(), entity))
		changed, _ := o.list(entity, first.HighWater.Add(-e.Cursor.Lookback))
		if changed[made] == nil {
			t.Errorf("in %s: the new %s %s did not come", zone, entity, made)
		}
		if none, _ := o.list(entity, time.Now().Add(48*time.Hour)); len(none) > 0 {
			t.Errorf("in %s: %d %s changed in two days' time", zone, len(none), entity)
		}
		if err := s.Remove(t.Context(), entity, made); err != nil {
			t.Fatal(err)
		}
		o.gone(entity, made)
	}
	o.movesWhileRead()
}

func (o *office) must(id string, err error) string {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
	return id
}

// movesWhileRead changes and deletes records of pages that were read, between pages.
func (o *office) movesWhileRead() {
	e := o.system.Entity("work-orders")
	seen := map[string]bool{}
	r := driver.Request{Entity: e, Limit: 5}
	for n := 1; ; n++ {
		p, err := o.client.Fetch(o.Context(), r)
		if err != nil {
			o.Fatal(err)
		}
		for _, raw := range p.Records {
			id, _ := o.mapped(e.Name, raw)
			seen[id] = true
		}
		if r.Token = p.Next; r.Token == nil {
			break
		}
		if n == 1 {
			if err := o.server.Touch(context.Background(), e.Name, "2"); err != nil {
				o.Fatal(err)
			}
			if err := o.server.Remove(context.Background(), e.Name, "1"); err != nil {
				o.Fatal(err)
			}
		}
	}
	for n := 1; n <= 25; n++ {
		if !seen[fmt.Sprint(n)] {
			o.Errorf("%d was missed", n)
		}
	}
}

// TestLiveRequestTrackerLogins refuses a token that is none, and shows a login without rights nothing.
func TestLiveRequestTrackerLogins(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	if _, err := openOffice(t, s, "1-1-00000000000000000000000000000000").client.Probe(t.Context()); driver.KindOf(err) != driver.Credentials {
		t.Errorf("a wrong token: %v", err)
	}
}
