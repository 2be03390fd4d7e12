package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// plant is a whole Busbar that works in the background, and a SimERP that it is connected to.
type plant struct {
	*world
	sim   *erp.Server
	plan  *erp.Plan
	app   *app.App
	conn  *store.Connection
	token string
}

// newPlant starts both and waits until the first sync has ended.
func newPlant(t *testing.T) *plant {
	t.Helper()
	t.Parallel()
	p := &plant{plan: &erp.Plan{}, world: &world{t: t, now: time.Now(), log: &lockedBuffer{}}}
	p.sim = must(erp.Open(erp.Options{
		Counts: erp.Counts{Vendors: 12, Customers: 1, Items: 20, Stock: 1, Orders: 12, SalesOrders: 1, Requisitions: 1},
		Base:   time.Now().Add(-time.Hour), Fault: p.plan.Next,
	}))
	p.ok(p.sim.Start(""))
	t.Cleanup(func() { _ = p.sim.Close() })
	data := t.TempDir()
	reach := must(allow.ParseAll([]string{strings.Replace(p.sim.Addr(), ":", "/32:", 1)}))
	a := must(app.Open(t.Context(), app.Options{
		Data: data, MasterKey: app.DefaultMasterKey(data), Allow: reach, Now: time.Now, Version: "test",
		Log: slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}))
	t.Cleanup(func() { p.close(a) })
	srv := httptest.NewServer(a.Handler)
	t.Cleanup(srv.Close)
	p.app, p.url, p.store, p.conns = a, srv.URL, a.Store, a.Connections
	p.project, p.key = p.newProject("first")
	p.conn, p.token = p.join("Plant")
	p.ok(a.Start(t.Context()))
	p.wait("the first sync", func() bool { return p.synced() })
	return p
}

func (p *plant) close(a *app.App) {
	if err := a.Close(p.t.Context()); err != nil && p.t.Context().Err() == nil {
		p.t.Error(err)
	}
	if p.t.Failed() {
		p.t.Log(p.log.String())
	}
}

// join connects the plant's SimERP once more.
func (p *plant) join(name string) (*store.Connection, string) {
	p.t.Helper()
	made, err := p.conns.Create(acting(p.t.Context()), p.project, connection.New{
		System: "sim-erp", Name: name, History: "all", Schedule: "manual", Credentials: map[string]string{"url": p.sim.URL(), "api_key": erp.DefaultKey},
	})
	p.ok(err)
	return made.Connection, made.Token.Plain
}

func (p *plant) synced() bool {
	for _, s := range p.call("GET", "/v1/syncs", p.token, "").data() {
		if s["last_success_at"] == nil {
			return false
		}
	}
	return true
}

// wait polls for a condition.
func (p *plant) wait(what string, done func() bool) {
	p.t.Helper()
	for range 3000 {
		if done() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	p.t.Fatalf("%s did not come about", what)
}

// path gives the address of some record of an entity that matches.
func (p *plant) record(entity string, matches func(map[string]any) bool) map[string]any {
	p.t.Helper()
	for _, r := range p.want(p.call("GET", "/v1/"+entity+"?limit=500", p.token, ""), 200, "").data() {
		if matches(r) {
			return r
		}
	}
	p.t.Fatalf("no record of %s is like that", entity)
	return nil
}

func anyRecord(map[string]any) bool { return true }

// created counts the effects of creates on a resource of SimERP.
func (p *plant) effects(resource, op string) (n int) {
	for _, e := range p.sim.Effects() {
		if e.Resource == resource && e.Op == op {
			n++
		}
	}
	return n
}

// settled waits for the end of an operation and gives it.
func (p *plant) settled(path string) answer {
	p.t.Helper()
	var a answer
	p.wait("the end of "+path, func() bool {
		a = p.want(p.call("GET", path, p.token, ""), 200, "")
		return a.body["state"] == "completed" || a.body["state"] == "cancelled"
	})
	return a
}

func vendor(n int) string {
	return fmt.Sprintf(`{"name":"Vendor %d","code":"V-TEST-%d","currency":"EUR"}`, n, n)
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
