package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// How much is written: single creates in each way, and items of batches.
const (
	singleWrites = 400
	batchItems   = 10_000
	pacedItems   = 1_000
)

// measureWrites creates purchase orders one by one, in turn straight at the simulated ERP and through Busbar, then in a batch, then in a batch to a system that allows few calls.
func measureWrites(ctx context.Context, t *table, e engine, z size) error {
	w, err := newWrites(ctx, e)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.singles(ctx, t); err != nil {
		return err
	}
	if err := w.batch(ctx, t); err != nil {
		return err
	}
	return w.paced(ctx, t)
}

// writes is a Busbar with a simulated ERP to write to.
type writes struct {
	*busbar
	name   string
	erp    *erp.Server
	front  *httptest.Server
	token  string
	ids    struct{ vendor, item string } // of the source
	closes []func() error
}

func newWrites(ctx context.Context, e engine) (w *writes, err error) {
	w = &writes{name: e.name}
	if w.erp, err = openSource(ctx, 100); err != nil {
		return nil, err
	}
	w.closes = append(w.closes, w.erp.Close)
	b, done, err := newBusbar(ctx, e, w.erp.URL())
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.busbar, w.closes = b, append(w.closes, done)
	w.front = httptest.NewServer(b.Handler)
	w.closes = append(w.closes, func() error { w.front.Close(); return nil })
	if w.ids.vendor, err = w.firstOf(ctx, "vendors"); err == nil {
		w.ids.item, err = w.firstOf(ctx, "items")
	}
	if err == nil {
		w.token, err = w.connectTo(ctx, "sim-erp")
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *writes) close() error {
	var errs []error
	for _, c := range slices.Backward(w.closes) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// connectTo connects a system and waits for the end of its first sync.
func (w *writes) connectTo(ctx context.Context, system string) (token string, err error) {
	made, err := w.connectSystem(ctx, system)
	if err != nil {
		return "", err
	}
	for _, r := range made.Runs {
		if _, err := w.await(ctx, made.Connection, r); err != nil {
			return "", err
		}
	}
	return made.Token.Plain, nil
}

// firstOf gives the key of a record of the simulated ERP.
func (w *writes) firstOf(ctx context.Context, resource string) (string, error) {
	body, err := get(ctx, w.erp.URL()+"/api/v1/"+resource+"?limit=1", erp.DefaultKey)
	if err != nil {
		return "", err
	}
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil || len(list.Data) == 0 {
		return "", fmt.Errorf("the simulated ERP lists no %s: %w", resource, err)
	}
	return list.Data[0].ID, nil
}

// order is a purchase order in the unified model.
func (w *writes) order() string {
	return fmt.Sprintf(`{"vendor":{"remote_id":%q},"lines":[{"item":{"remote_id":%q},"quantity":{"value":"3"}}]}`, w.ids.vendor, w.ids.item)
}

// singles times creates straight at the system and through Busbar, in turn.
func (w *writes) singles(ctx context.Context, t *table) error {
	source := fmt.Sprintf(`{"vendorId":%q,"lines":[{"itemId":%q,"quantity":"3"}]}`, w.ids.vendor, w.ids.item)
	var straight, through []time.Duration
	for range singleWrites {
		took, err := w.post(ctx, w.erp.URL()+"/api/v1/purchase-orders", erp.DefaultKey, "application/json", source, nil)
		if err != nil {
			return err
		}
		straight = append(straight, took)
		if took, err = w.post(ctx, w.front.URL+"/v1/purchase-orders", w.token, "application/json", w.order(), nil); err != nil {
			return err
		}
		through = append(through, took)
	}
	over := median(through) - median(straight)
	t.add("", fmt.Sprintf("create a purchase order straight at the simulated ERP (%s)", w.name), median(straight).Round(10*time.Microsecond).String(), "", "")
	t.add("P8", fmt.Sprintf("the same through Busbar: median overhead (%s)", w.name), over.Round(10*time.Microsecond).String(), "", "≤ 5ms")
	return nil
}

// batch times a batch: until it is accepted, and until the last item is done.
func (w *writes) batch(ctx context.Context, t *table) error {
	start := time.Now()
	accepted, done, err := w.send(ctx, w.token, "purchase-orders", batchItems)
	if err != nil {
		return err
	}
	t.add("P8", fmt.Sprintf("%d items accepted (%s)", batchItems, w.name), accepted.Round(time.Millisecond).String(), "", "about 1s")
	took := done.Sub(start)
	t.add("", fmt.Sprintf("%d items done, by the system's call for many (%s)", batchItems, w.name), each(took, batchItems), fmt.Sprintf("%.0f items/s", batchItems/took.Seconds()), "")
	return nil
}

// send posts a batch and waits for its end.
func (w *writes) send(ctx context.Context, token, entity string, n int) (accepted time.Duration, done time.Time, err error) {
	var body bytes.Buffer
	for i := range n {
		fmt.Fprintf(&body, `{"op":"create","client_ref":"%d","data":%s}`+"\n", i, w.order())
	}
	var op struct{ ID, State string }
	if accepted, err = w.post(ctx, w.front.URL+"/v1/"+entity+"/batch?chunk_size=1000", token, "application/x-ndjson", body.String(), &op); err != nil {
		return 0, time.Time{}, err
	}
	for op.State != "completed" {
		body, err := get(ctx, w.front.URL+"/v1/operations/"+op.ID, token)
		if err != nil {
			return 0, time.Time{}, err
		}
		if err := json.Unmarshal(body, &op, json.MatchCaseInsensitiveNames(true)); err != nil {
			return 0, time.Time{}, err
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return 0, time.Time{}, err
		}
	}
	return accepted, time.Now(), nil
}

// paced sends a batch one call an item to a system that allows pacedRate calls a second, and counts what arrives there.
func (w *writes) paced(ctx context.Context, t *table) error {
	token, err := w.connectTo(ctx, pacedSystem)
	if err != nil {
		return err
	}
	before := time.Now().Unix()
	if _, _, err := w.send(ctx, token, "purchase-orders", pacedItems); err != nil {
		return err
	}
	var full []int
	for second, calls := range w.erp.Arrivals() {
		if second > before+1 && second < time.Now().Unix()-1 {
			full = append(full, calls)
		}
	}
	t.add("P8", fmt.Sprintf("calls a second of a batch to a system that allows %d (%s)", pacedRate, w.name), fmt.Sprintf("%d, at most %d", median(full), slices.Max(full)),
		fmt.Sprintf("%.2f", float64(median(full))/pacedRate), "≥ 0.95, never above")
	return nil
}

// post sends a body, reads the whole answer, and times it.
func (w *writes) post(ctx context.Context, url, token, kind, body string, into any) (time.Duration, error) {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("POST %s: %s: %.300s", url, resp.Status, answer)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into, json.MatchCaseInsensitiveNames(true))
	}
	return took, err
}
