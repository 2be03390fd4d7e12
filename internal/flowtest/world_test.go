package flowtest

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/busbar-dev/busbar/internal/sim/cmms"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// clock is the world's only clock; tests move it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// object is a JSON object.
type object = map[string]any

// world is a plant's SimCMMS, a company's SimERP, and a Busbar that can be connected to both.
type world struct {
	*testing.T
	clock *clock
	cmms  *cmms.Server
	erp   *erp.Server
	faults,
	refusals fault.Plan // of SimCMMS and of SimERP
	files, folder string // directory that connections may read and write, and that of the connection of files
	hook          *hook
	app           *app.App
	web           *httptest.Server
	key           string            // of the project
	ids           map[string]string // of connections, by system
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldAt(t, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
}

// newWorldAt makes a world that begins at a time, whose Busbar may reach further addresses.
func newWorldAt(t *testing.T, start time.Time, further ...string) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{now: start}, files: t.TempDir(), ids: map[string]string{}}
	var err error
	w.cmms, err = cmms.Open(cmms.Options{
		Base: w.clock.now.Add(-time.Hour), Now: w.clock.Now, Fault: w.faults.Next,
		Counts: cmms.Counts{Equipment: 10, Parts: 12, WorkOrders: 16, Requests: 4, Readings: 4, Requisitions: 1},
	})
	w.check(err)
	w.check(w.cmms.Start(""))
	t.Cleanup(func() { _ = w.cmms.Close() })
	w.erp, err = erp.Open(erp.Options{
		Base: w.clock.now.Add(-time.Hour), Now: w.clock.Now, Fault: w.refusals.Next,
		Counts: erp.Counts{Vendors: 5, Customers: 1, Items: 12, Stock: 12, Orders: 8, SalesOrders: 1, Requisitions: 1},
	})
	w.check(err)
	w.check(w.erp.Start(""))
	t.Cleanup(func() { _ = w.erp.Close() })
	w.hook = newHook(t)
	w.open(append(further, w.cmms.URL(), w.erp.URL(), w.hook.URL)...)
	return w
}

// open builds a Busbar that may reach these addresses.
func (w *world) open(urls ...string) {
	w.Helper()
	var reach []string
	for _, url := range urls {
		reach = append(reach, strings.Replace(strings.TrimPrefix(url, "http://"), ":", "/32:", 1))
	}
	rules, err := allow.ParseAll(reach)
	w.check(err)
	data := w.TempDir()
	w.app, err = app.Open(w.Context(), app.Options{
		Data: data, MasterKey: app.DefaultMasterKey(data), Allow: rules, Now: w.clock.Now, Version: "test", Files: w.files,
		Log: slog.New(slog.NewTextHandler(w.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	w.check(err)
	w.Cleanup(func() { w.check(w.app.Close(context.Background())) })
	w.web = httptest.NewServer(w.app.Handler)
	w.Cleanup(w.web.Close)
	_, err = w.app.Connections.EnsureFirstKey(w.acting(), false, func(plain string) error { w.key = plain; return nil })
	w.check(err)
}

func (w *world) acting() context.Context { return audit.Myself(w.Context(), "test", w.clock.Now()) }

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// connect connects a system and loads its entities.
func (w *world) connect(system, method string, credentials map[string]string, entities ...string) {
	w.Helper()
	made := w.call(http.StatusCreated, "POST", "/v1/connections", object{
		"system": system, "auth_method": method, "history": "all", "schedule": "manual", "entities": entities, "credentials": credentials,
	})
	w.ids[system] = made["connection"].(object)["id"].(string)
	w.check(w.app.Step(w.Context(), w.ids[system]))
}

func (w *world) connectBoth(entities ...string) {
	w.Helper()
	w.connectCMMS(entities...)
	w.connectERP(entities...)
}

func (w *world) connectCMMS(entities ...string) {
	w.Helper()
	w.connect("sim-cmms", "api_key", map[string]string{"url": w.cmms.URL(), "api_key": cmms.DefaultKey}, supported(entities, "purchase-orders", "goods-receipts")...)
}

func (w *world) connectERP(entities ...string) {
	w.Helper()
	w.connect("sim-erp", "api_key", map[string]string{"url": w.erp.URL(), "api_key": erp.DefaultKey}, supported(entities, "work-orders")...)
}

// supported leaves out what a system has not.
func supported(entities []string, without ...string) (out []string) {
	for _, e := range entities {
		if !strings.Contains(strings.Join(without, " "), e) {
			out = append(out, e)
		}
	}
	return out
}

// request sends JSON and gives what came of it.
func (w *world) request(header, value, method, url string, body any) (status int, answer object) {
	w.Helper()
	text, err := json.Marshal(body)
	w.check(err)
	req, err := http.NewRequestWithContext(w.Context(), method, url, bytes.NewReader(text))
	w.check(err)
	req.Header.Set(header, value)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	w.check(err)
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	w.check(err)
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			w.Fatalf("%s %s: %d %.300s", method, url, resp.StatusCode, text)
		}
	}
	return resp.StatusCode, answer
}

// call asks Busbar.
func (w *world) call(want int, method, path string, body any) object {
	w.Helper()
	status, answer := w.request("Authorization", "Bearer "+w.key, method, w.web.URL+path, body)
	if status != want {
		w.Fatalf("%s %s: %d, want %d: %v", method, path, status, want, answer)
	}
	return answer
}

// inCMMS and inERP do what people do in the systems themselves.
func (w *world) inCMMS(method, path string, body any) object {
	w.Helper()
	status, answer := w.request("X-Api-Key", cmms.DefaultKey, method, w.cmms.URL()+"/cmms/v2/"+path, body)
	if status/100 != 2 {
		w.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	if item, ok := answer["item"].(object); ok {
		return item
	}
	return answer
}

func (w *world) inERP(method, path string, body any) object {
	w.Helper()
	status, answer := w.request("Authorization", "Bearer "+erp.DefaultKey, method, w.erp.URL()+"/api/v1/"+path, body)
	if status/100 != 2 {
		w.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

// sync lets Busbar find what has changed.
func (w *world) sync(system string, entities ...string) {
	w.Helper()
	w.clock.add(time.Second)
	status, answer := w.connected(system, "POST", "/v1/syncs", object{"entities": entities})
	if status != http.StatusAccepted {
		w.Fatal(status, answer)
	}
	w.check(w.app.Step(w.Context(), w.ids[system]))
}

// connected asks Busbar about one connection.
func (w *world) connected(system, method, path string, body any) (int, object) {
	w.Helper()
	text, err := json.Marshal(body)
	w.check(err)
	req, err := http.NewRequestWithContext(w.Context(), method, w.web.URL+path, bytes.NewReader(text))
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.key)
	req.Header.Set("Busbar-Connection", w.ids[system])
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	w.check(err)
	defer resp.Body.Close()
	var answer object
	w.check(json.NewDecoder(resp.Body).Decode(&answer))
	return resp.StatusCode, answer
}

// settle lets flows and writes go on until nothing does now.
func (w *world) settle() {
	w.Helper()
	for range 1000 {
		w.check(w.app.StepFlows(w.Context()))
		for _, id := range w.ids {
			w.check(w.app.Step(w.Context(), id))
		}
		ids, err := w.app.Store.FlowBacklog(w.Context(), w.clock.Now(), 1)
		w.check(err)
		if len(ids) == 0 {
			return
		}
	}
	w.Fatal("flows go on for ever")
}
