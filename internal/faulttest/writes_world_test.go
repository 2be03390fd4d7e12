package faulttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// works is a world that is written to, with the account of what its client asked for and was told.
type works struct {
	*world
	mu    sync.Mutex
	asked []*asked
	ids   map[string][]object          // of the beginning
	open  struct{ order, line string } // what goods may come for
}

// written are the entities of the five classes: W2, W1, W3, W4 and W5.
func written() []string {
	return []string{"vendors", "items", "purchase-orders", "purchase-requisitions", "goods-receipts"}
}

// newWorks connects a Busbar to SimERP by its own manifest, changed by edits: pairs of what is replaced and by what.
func newWorks(t *testing.T, s setup, edits ...string) *works {
	t.Helper()
	return newWorksIn(t, s, t.TempDir(), edits...)
}

func newWorksIn(t *testing.T, s setup, data string, edits ...string) *works {
	t.Helper()
	text, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.connector = strings.Replace(string(text), "system: sim-erp", "system: sim-test", 1)
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(s.connector, edits[i]) {
			t.Fatalf("SimERP's manifest has no %q", edits[i])
		}
		s.connector = strings.ReplaceAll(s.connector, edits[i], edits[i+1])
	}
	s.entities = written()
	if s.counts == (erp.Counts{}) {
		s.counts = erp.Counts{Vendors: 60, Customers: 1, Items: 60, Stock: 1, Orders: 40, SalesOrders: 1, Requisitions: 60}
	}
	if s.calls == (egress.ClientConfig{}) {
		s.calls = egress.ClientConfig{Attempts: 1}
	}
	return &works{world: newWorldIn(t, s, data)}
}

// asked is one write that the client asked for, and what it was told.
type asked struct {
	what     string
	key      string
	status   int    // 0: no answer came
	op       string // its operation; empty: none was named
	body     object
	replayed bool
	is       func(erp.Effect) bool // its effect among all of them
}

// definite says that the client was told what became of the write.
func (a *asked) definite() (known, applied bool) {
	switch {
	case a.status == http.StatusOK, a.status == http.StatusCreated:
		return true, true
	case a.status >= 400 && a.status < 500, a.status == http.StatusServiceUnavailable, a.status == http.StatusNotImplemented:
		return true, false
	}
	return false, false
}

// want is one write as a client sends it.
type want struct {
	method, path string
	body         any
	is           func(erp.Effect) bool
	header       map[string]string
}

// async lets it be done when the clock moves; else the client waits for a second.
func (q want) async() want { return q.with("Prefer", "respond-async") }

// patient waits as long as it may: what is asked of a healthy system is then told as done on a busy machine, too.
func (q want) patient() want { return q.with("Prefer", "wait=60") }

func (q want) with(name, value string) want {
	h := map[string]string{name: value}
	for k, v := range q.header {
		if k != name {
			h[k] = v
		}
	}
	q.header = h
	return q
}

// write sends a write and notes it with what came back.
func (w *works) write(q want) *asked {
	w.Helper()
	a, err := w.try(w.token, q)
	w.check(err)
	return a
}

// try may also end without an answer.
func (w *works) try(token string, q want) (*asked, error) { return w.tryUntil(w.Context(), token, q) }

func (w *works) tryUntil(ctx context.Context, token string, q want) (*asked, error) {
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, w.web.URL+q.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Prefer", "wait=1")
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	a := &asked{what: q.method + " " + q.path, key: req.Header.Get("Idempotency-Key"), is: q.is}
	w.mu.Lock()
	w.asked = append(w.asked, a)
	w.mu.Unlock()
	resp, err := w.web.Client().Do(req)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return a, err
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &a.body); err != nil {
			return a, fmt.Errorf("%s: %d %.300s", a.what, resp.StatusCode, text)
		}
	}
	a.status, a.op, a.replayed = resp.StatusCode, resp.Header.Get("Busbar-Operation"), resp.Header.Get("Idempotency-Replayed") == "true"
	return a, nil
}

// item is the item of a single write.
func (w *works) item(a *asked) object {
	w.Helper()
	return w.call(w.token, "GET", "/v1/operations/"+a.op+"/items/0", nil, http.StatusOK)
}

// operation gives an operation, whose counts must add up at any time.
func (w *works) operation(id string) object {
	w.Helper()
	o := w.call(w.token, "GET", "/v1/operations/"+id, nil, http.StatusOK)
	var counts map[string]int64
	w.check(json.Unmarshal(o["counts"], &counts))
	sum := int64(0)
	for _, n := range counts {
		sum += n
	}
	if fmt.Sprint(sum) != o.get("total") {
		w.Errorf("operation %s has %s items, and its counts add up to %d", id, o.get("total"), sum)
	}
	return o
}

// stands fails the test unless the write's item is in that state.
func (w *works) stands(a *asked, status string) object {
	w.Helper()
	it := w.item(a)
	if it.get("status") != status {
		w.Fatalf("%s: the item is %s, want %s: %s", a.what, it.get("status"), status, it)
	}
	return it
}

// effects counts what of a write had its effect in SimERP.
func (w *works) effects(is func(erp.Effect) bool) (n int) {
	for _, e := range w.sim.Effects() {
		if is(e) {
			n++
		}
	}
	return n
}

// pass lets time pass and Busbar do what is due then.
func (w *works) pass(d time.Duration) {
	w.Helper()
	w.clock.add(d)
	w.step()
}

// over lets time pass until an operation does nothing more by itself.
func (w *works) over(id string) object {
	w.Helper()
	for range 300 {
		w.step()
		o := w.operation(id)
		due := o.get("due_at")
		if due == "" || due == "null" {
			return o
		}
		at, err := time.Parse(time.RFC3339Nano, due)
		w.check(err)
		w.clock.add(max(at.Sub(w.clock.Now()), 0) + time.Second)
	}
	w.Fatalf("operation %s does not come to an end: %s", id, w.operation(id))
	return nil
}

// even heals everything, lets every operation end and holds three accounts against each other: what the client was told, what SimERP has done, and what
// Busbar and the readers of its feeds hold. Nothing may be done twice, nothing lost that was told to be done, nothing done that was told not to be.
func (w *works) even() {
	w.Helper()
	w.plan.Set()
	w.sim.Release()
	w.clock.add(time.Hour)
	w.step()
	for _, o := range w.pages("/v1/operations", map[string][]string{}) {
		w.over(o.get("id"))
	}
	w.accounted()
	w.sync3()
	w.balanced()
}

// accounted holds what the client was told, and what Busbar tells now, against what SimERP has done.
func (w *works) accounted() {
	w.Helper()
	for _, a := range w.asked {
		n := w.effects(a.is)
		known, applied := a.definite()
		what := fmt.Sprintf("%s (%d, operation %s)", a.what, a.status, a.op)
		switch {
		case n > 1:
			w.Errorf("dupEffect: %s had its effect %d times", what, n)
		case known && applied && n == 0:
			w.Errorf("lostAck: %s was told to be done and is not", what)
		case known && !applied && n > 0 && a.body.get("code") != "operation-in-progress" && a.body.get("code") != "idempotency-key-reused":
			w.Errorf("lie: %s was told not to be done and is: %s", what, a.body)
		}
		if a.op == "" {
			continue
		}
		switch status := w.item(a).get("status"); {
		case status == "applied" && n != 1, (status == "rejected" || status == "cancelled") && n != 0:
			w.Errorf("%s is %s in the end and had its effect %d times", what, status, n)
		case status != "applied" && status != "rejected" && status != "cancelled" && status != "needs_human":
			w.Errorf("%s is %s in the end", what, status)
		}
	}
}

// sync3 lets three hours pass with the source frozen, and syncs all that is written: twice what changed, then everything.
func (w *works) sync3() {
	w.Helper()
	w.clock.add(3 * time.Hour)
	for _, mode := range []string{"incremental", "incremental", "full"} {
		runs := w.call(w.token, "POST", "/v1/syncs", map[string]any{"entities": w.entities, "mode": mode}, http.StatusAccepted).list("data")
		w.step()
		for _, r := range runs {
			run := w.run(r.get("id"))
			for range 8 {
				if run.get("state") == "queued" {
					run = w.retry(run)
				}
			}
			w.ends(run, "complete", "")
		}
		w.follow()
	}
}
