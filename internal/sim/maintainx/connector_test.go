package maintainx_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
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
	"github.com/busbar-dev/busbar/internal/sim/maintainx"
	"github.com/busbar-dev/busbar/model"
)

func start(t *testing.T, o maintainx.Options) *maintainx.Server {
	t.Helper()
	if o.PerMinute == 0 {
		o.PerMinute = 1 << 20
	}
	s := maintainx.Open(o)
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	return s
}

func connector(t *testing.T, url, key, organization string) (*manifest.System, driver.Client) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(connectors.FS, "maintainx", m, map[string]manifest.Checker{"rest": rest.New()})
	if err != nil {
		t.Fatal(err)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	c, err := rest.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": url + "/v1", "api_key": key, "organization": organization}).Public("url", "organization"),
		HTTP:        g.Client(egress.ClientConfig{Attempts: 1}), Now: time.Now, TimeZone: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func fetchAll(t *testing.T, c driver.Client, r driver.Request) (records [][]byte) {
	t.Helper()
	for {
		page, err := c.Fetch(t.Context(), r)
		if err != nil {
			t.Fatalf("%s: %v", r.Entity.Name, err)
		}
		records = append(records, page.Records...)
		if page.Next == nil {
			return records
		}
		r.Token = page.Next
	}
}

// Everything is read through the manifest and maps, also in small pages, and what is read by itself is the same.
func TestEveryRecordMaps(t *testing.T) {
	t.Parallel()
	sim := start(t, maintainx.Options{Organizations: true})
	s, c := connector(t, sim.URL(), maintainx.DefaultKey, "1")
	if _, err := c.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	env := mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC}
	want := map[string]int{"users": 10, "teams": 10, "vendors": 10, "locations": 10, "assets": 30, "items": 30, "meters": 30, "work-orders": 60, "purchase-orders": 20}
	for _, e := range s.Entities {
		m, err := mapping.Compile(s, e, nil)
		if err != nil {
			t.Fatal(err)
		}
		raws := fetchAll(t, c, driver.Request{Entity: e, Limit: 7})
		if len(raws) != want[e.Name] {
			t.Errorf("%s: %d records, want %d", e.Name, len(raws), want[e.Name])
		}
		seen := map[string]bool{}
		for _, raw := range raws {
			r, err := m.Map(raw, env)
			if err != nil {
				t.Fatalf("%s: %v in %s", e.Name, err, raw)
			}
			var u map[string]any
			if err := json.Unmarshal(r.Fields, &u); err != nil {
				t.Fatal(err)
			}
			for name, v := range u {
				seen[name] = seen[name] || v != nil
			}
			id, _ := m.RemoteID(raw)
			one, err := c.(driver.Writer).ReadOne(t.Context(), e, id)
			if err != nil {
				t.Fatal(err)
			}
			if alone, err := m.Map(one, env); err != nil || e.Name != "users" && !bytes.Equal(alone.Fields, r.Fields) && !strings.Contains(string(r.Fields), `"remote_created_at":null`) {
				t.Errorf("%s %s: %v\n%s\n%s", e.Name, id, err, alone.Fields, r.Fields)
			}
		}
		for _, f := range e.Fields {
			if name := f.Field.WireNames()[0]; !seen[name] && name != "parent_id" {
				t.Errorf("%s: %s is null in every record", e.Name, name)
			}
		}
	}
}

// A key of several organizations names one, a wrong key and a used-up rate are told for what they are.
func TestRefusals(t *testing.T) {
	t.Parallel()
	sim := start(t, maintainx.Options{Organizations: true, PerMinute: 3})
	for _, c := range []struct {
		key, organization string
		want              driver.Kind
	}{{"wrong", "1", driver.Credentials}, {maintainx.DefaultKey, "", driver.Invalid}, {maintainx.DefaultKey, "1", ""}, {maintainx.DefaultKey, "1", ""}, {maintainx.DefaultKey, "1", driver.RateLimited}} {
		_, client := connector(t, sim.URL(), c.key, c.organization)
		if _, err := client.Probe(t.Context()); driver.KindOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestTheSimulatorIsStrict(t *testing.T) {
	t.Parallel()
	sim := start(t, maintainx.Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "workorders?limit=201", "", 400}, {"GET", "workorders?colour=red", "", 400}, {"GET", "vendors?updatedAt[gte]=2026-01-01T00:00:00.000Z", "", 400},
		{"GET", "workorders?updatedAt[gte]=yesterday", "", 400}, {"GET", "workorders?sort=id", "", 400}, {"GET", "assets?expand=nothing", "", 400}, {"GET", "workorders/99999", "", 404}, {"GET", "workorders?cursor=x", "", 400},
		{"POST", "workorders", `{"description":"no title"}`, 400}, {"POST", "workorders", `{"title":"x","status":"DONE"}`, 400}, {"POST", "workorders", `{"title":"x","assetId":99999}`, 400},
		{"POST", "workorders", `{"title":"x","startDate":"2026-01-01T00:00:00.000Z"}`, 400}, {"POST", "workorders?skipWebhook=true", `{"title":"x"}`, 201}, {"POST", "locations", `{"name":"x"}`, 200},
		{"PATCH", "purchaseorders/1/status", `{"status":"COMPLETED"}`, 400}, {"PATCH", "purchaseorders/1/status", `{"status":"PENDING"}`, 200}, {"PATCH", "purchaseorders/7", `{"note":"x"}`, 400},
		{"DELETE", "workorders/61", "", 204}, {"DELETE", "workorders/61", "", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, sim.URL()+"/v1/"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+maintainx.DefaultKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, resp.StatusCode, text, c.status)
		}
	}
}

func TestConnectorWrites(t *testing.T) {
	t.Parallel()
	sim := start(t, maintainx.Options{})
	s, c := connector(t, sim.URL(), maintainx.DefaultKey, "")
	w, ctx := c.(driver.Writer), egress.AsWrite(t.Context(), egress.Sending{Fresh: true})
	e := s.Entity("work-orders")
	since := time.Now().Add(-time.Second)
	made, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"title":"Mend","assetId":1}`)})
	if err != nil || made.RemoteID != "61" {
		t.Fatalf("%+v %v", made, err)
	}
	found, err := w.Search(t.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[0], Since: since})
	if err != nil || len(found) != 1 || !bytes.Contains(found[0], []byte(`"assetId":1`)) {
		t.Errorf("%s %v", found, err)
	}
	for i, m := range e.Moves.Rows {
		if m.To == "completed" {
			if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Update, RemoteID: "61", Move: &e.Moves.Rows[i]}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Update, RemoteID: "61", Body: []byte(`{"assetId":99999}`)}); driver.FateOf(err) != driver.Refused {
		t.Errorf("an asset that there is not: %v", err)
	}
	if one, err := w.ReadOne(t.Context(), e, "61"); err != nil || !bytes.Contains(one, []byte(`"status":"DONE"`)) {
		t.Errorf("%s %v", one, err)
	}
	if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Delete, RemoteID: "61"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Delete, RemoteID: "61"}); driver.FateOf(err) != driver.Missing {
		t.Errorf("deleted twice: %v", err)
	}
}
