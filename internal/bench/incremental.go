package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// changedOrders is how many orders change before each incremental run.
const changedOrders = 1000

// measureIncremental times an incremental run with 1,000 changes on a small stream and on one five times as large.
func measureIncremental(ctx context.Context, t *table, e engine, z size) error {
	small, large := max(z.orders/2, 2*changedOrders), max(5*z.orders/2, 10*changedOrders)
	var times [2]time.Duration
	for i, n := range []int{small, large} {
		d, calls, err := incrementalRuns(ctx, e, n, z.rounds)
		if err != nil {
			return fmt.Errorf("%d orders: %w", n, err)
		}
		times[i] = d
		t.add("P3", fmt.Sprintf("incremental run, 1,000 of %d orders changed (%s)", n, e.name), d.Round(time.Millisecond).String(), fmt.Sprintf("%d list calls", calls), "")
	}
	t.add("P3", fmt.Sprintf("%d orders against %d (%s)", large, small, e.name), "", ratio(times[1], times[0])+" of the time", "0.8 to 1.2")
	return nil
}

// incrementalRuns gives the median time of a run and the list calls that the last one made.
func incrementalRuns(ctx context.Context, e engine, orders, rounds int) (d time.Duration, calls int, err error) {
	source, err := openSource(ctx, orders)
	if err != nil {
		return 0, 0, err
	}
	defer source.Close()
	b, done, err := newBusbar(ctx, e, source.URL())
	if err != nil {
		return 0, 0, err
	}
	defer done()
	made, err := b.connect(ctx)
	if err != nil {
		return 0, 0, err
	}
	if _, err := b.await(ctx, made.Connection, made.Runs[0]); err != nil {
		return 0, 0, err
	}
	ids, err := someOrders(ctx, source.URL())
	if err != nil {
		return 0, 0, err
	}
	times := make([]time.Duration, rounds)
	for i := range times {
		if err := change(ctx, source.URL(), ids, fmt.Sprintf("changed in round %d", i)); err != nil {
			return 0, 0, err
		}
		before := source.Ledger()["list purchase-orders"]
		run, err := b.sync(ctx, made.Connection, store.Incremental)
		if err != nil {
			return 0, 0, err
		}
		if run.Counts.Updated != changedOrders {
			return 0, 0, fmt.Errorf("%d orders were changed, the run found %+v", changedOrders, run.Counts)
		}
		times[i], calls = worked(run), source.Ledger()["list purchase-orders"]-before
	}
	return median(times), calls, nil
}

func someOrders(ctx context.Context, url string) (ids []string, err error) {
	enough := fmt.Errorf("enough")
	err = eachPage(ctx, url, erp.DefaultKey, func(page []jsontext.Value) error {
		for _, raw := range page {
			var o struct {
				ID     string `json:"id"`
				Status string `json:"status"`
			}
			if err := json.Unmarshal(raw, &o); err != nil {
				return err
			}
			if ids = append(ids, o.ID); len(ids) == changedOrders {
				return enough
			}
		}
		return nil
	})
	if err == enough {
		err = nil
	}
	return ids, err
}

// change writes a note on each order through the simulator's own API.
func change(ctx context.Context, url string, ids []string, note string) error {
	body, err := json.Marshal(map[string]string{"note": note})
	if err != nil {
		return err
	}
	for _, id := range ids {
		req, err := http.NewRequestWithContext(ctx, http.MethodPatch, url+"/api/v1/purchase-orders/"+id, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the simulator refused a note on order %s: %d %.200s", id, resp.StatusCode, answer)
		}
	}
	return nil
}
