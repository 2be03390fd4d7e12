package flow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// clock is the world's only clock; tests move it.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	looks int    // since at was set
	at    int    // the look at which something happens; 0: none
	then  func() // what
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looks++; c.looks == c.at {
		c.then()
	}
	return c.now
}

// again lets something happen at the nth look from now on; it is called by what happens at one.
func (c *clock) again(n int, then func()) { c.at, c.then = c.looks+n, then }

// on lets something happen at the nth look at the clock from now on; it gives whether it did.
func (c *clock) on(n int, then func()) (happened func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks, c.at, c.then = 0, n, then
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.at = 0
		return c.looks >= n
	}
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is SimERP and a Busbar that is connected to it.
type world struct {
	testing.TB
	clock   *clock
	plan    *erp.Plan
	sim     *erp.Server
	data    string
	app     *app.App
	web     *httptest.Server
	key     string // of the project
	project string
	id      string // of the connection
}

func newWorld(t testing.TB, vendors int) *world {
	t.Helper()
	w := &world{TB: t, clock: &clock{now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}, plan: &erp.Plan{}, data: t.TempDir()}
	var err error
	w.sim, err = erp.Open(erp.Options{Counts: erp.Counts{Vendors: vendors, Items: 5}, Base: w.clock.now.Add(-24 * time.Hour), Now: w.clock.Now, Fault: w.plan.Next})
	w.check(err)
	w.check(w.sim.Start(""))
	t.Cleanup(func() { _ = w.sim.Close() })
	w.open()
	w.web = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.app.Handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.web.Close)
	_, err = w.app.Connections.EnsureFirstKey(w.acting(), false, func(plain string) error { w.key = plain; return nil })
	w.check(err)
	w.project, err = w.app.Store.FirstProject(t.Context())
	w.check(err)
	made := w.call("POST", "/v1/connections", map[string]any{
		"system": "sim-erp", "history": "all", "schedule": "manual", "entities": []string{"vendors", "items"}, "credentials": map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey},
	})
	w.id = made["connection"].(map[string]any)["id"].(string)
	w.check(w.app.Step(t.Context(), w.id))
	return w
}

func (w *world) acting() context.Context { return audit.Myself(w.Context(), "test", w.clock.Now()) }

// open builds Busbar on the data directory.
func (w *world) open() {
	w.Helper()
	reach, err := allow.ParseAll([]string{strings.Replace(w.sim.Addr(), ":", "/32:", 1)})
	w.check(err)
	w.app, err = app.Open(w.Context(), app.Options{
		Data: w.data, MasterKey: app.DefaultMasterKey(w.data), Allow: reach, Now: w.clock.Now, Version: "test", Log: slog.New(slog.NewTextHandler(w.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	w.check(err)
	a := w.app
	w.Cleanup(func() { _ = a.Close(context.Background()) })
}

// restart closes Busbar and opens it again on the same data.
func (w *world) restart() {
	w.Helper()
	w.check(w.app.Close(w.Context()))
	w.open()
	w.check(w.app.Store.ClearLeases(w.Context()))
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) call(method, path string, body any) map[string]any {
	w.Helper()
	text, err := json.Marshal(body)
	w.check(err)
	req, err := http.NewRequestWithContext(w.Context(), method, w.web.URL+path, bytes.NewReader(text))
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Content-Type", "application/json")
	if w.id != "" && !strings.HasPrefix(path, "/v1/connections") {
		req.Header.Set("Busbar-Connection", w.id)
	}
	resp, err := w.web.Client().Do(req)
	w.check(err)
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	w.check(err)
	if resp.StatusCode/100 != 2 {
		w.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	out := map[string]any{}
	w.check(json.Unmarshal(text, &out))
	return out
}

// apply applies a document whose roles all stand for the one connection.
func (w *world) apply(document string, roles ...string) *flow.Applied {
	w.Helper()
	a, err := w.tryApply(document, roles...)
	w.check(err)
	return a
}

func (w *world) tryApply(document string, roles ...string) (*flow.Applied, error) {
	connections := map[string]string{}
	for _, role := range roles {
		connections[role] = w.id
	}
	return w.app.Flows.Apply(w.acting(), w.project, flow.Application{Document: document, Format: "yaml", Connections: connections, By: "test"})
}

// run begins a run and lets it go as far as it goes now.
func (w *world) run(name, input string) *store.FlowRun {
	w.Helper()
	r, err := w.app.Flows.Start(w.acting(), w.project, name, flow.Begin{Input: json.RawMessage(input), Caller: "test"})
	w.check(err)
	w.settle()
	return w.read(r)
}

func (w *world) read(r *store.FlowRun) *store.FlowRun {
	w.Helper()
	now, err := w.app.Store.FlowRun(w.Context(), r.FlowID, r.ID)
	w.check(err)
	if !flow.Explained(now) {
		w.Errorf("a run that is %s says %q, which docs/states/flow-run.md does not know", now.State, now.ReasonCode)
	}
	return now
}

// settle lets flows and writes go on until nothing does.
func (w *world) settle() {
	w.Helper()
	w.check(w.goOn(w.Context()))
}

func (w *world) goOn(ctx context.Context) error {
	for range 1000 {
		if err := errors.Join(w.app.StepFlows(ctx), w.app.Step(ctx, w.id)); err != nil {
			return err
		}
		ids, err := w.app.Store.FlowBacklog(ctx, w.clock.Now(), 1)
		if err != nil || len(ids) == 0 {
			return err
		}
	}
	return errors.New("flows go on for ever")
}

func (w *world) items(r *store.FlowRun) []store.FlowItem {
	w.Helper()
	items, err := w.app.Store.FlowItems(w.Context(), r.FlowID, r.ID, store.FlowItemFilter{Limit: 500})
	w.check(err)
	return items
}

// ended says that a run ended so, with these counts.
func (w *world) ended(r *store.FlowRun, state store.FlowRunState, want store.FlowCounts) {
	w.Helper()
	if r.State != state || r.Counts != want {
		w.Errorf("the run is %s (%s %s) with %+v; it should be %s with %+v", r.State, r.ReasonCode, r.ReasonDetail, r.Counts, state, want)
		for _, it := range w.items(r) {
			w.Logf("%s %d %s %s %s waits %s due %s", it.Step, it.N, it.Status, it.Error, it.Thread, it.Waits, it.DueAt)
		}
	}
}

// created counts the records of a kind that the system was told to create, by their name.
func (w *world) created(resource string) map[string]int {
	out := map[string]int{}
	for _, e := range w.sim.Effects() {
		if e.Resource == resource && e.Op == "create" {
			var rec struct {
				Name string `json:"name"`
			}
			w.check(json.Unmarshal(e.Record, &rec))
			out[rec.Name]++
		}
	}
	return out
}
