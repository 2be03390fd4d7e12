package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// measurePages reads pages of 100 at the start and near the end of the stream, in turn with two plain net/http servers that send the
// same bytes: one from memory, one from a table of its own in a database of the same kind by one keyset select. Neither checks a token, a cursor or a limit.
func measurePages(ctx context.Context, e engine, dir, busbar, token string, orders, requests int, r *round) error {
	first := busbar + "/v1/purchase-orders?limit=100"
	deep, err := deepPage(ctx, busbar, token, orders)
	if err != nil {
		return err
	}
	body, err := get(ctx, first, token)
	if err != nil {
		return err
	}
	plain := plainServer(body)
	defer plain.Close()
	keyset, err := keysetServer(ctx, e, dir, body)
	if err != nil {
		return err
	}
	defer keyset.close()
	times := map[string][]time.Duration{}
	for range requests {
		for _, url := range []string{plain.URL, keyset.URL, first, deep} {
			took, err := timed(func() error { _, err := get(ctx, url, token); return err })
			if err != nil {
				return err
			}
			times[url] = append(times[url], took)
		}
	}
	r.plain, r.keyset, r.first, r.deep = median(times[plain.URL]), median(times[keyset.URL]), median(times[first]), median(times[deep])
	return nil
}

func plainServer(body []byte) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
}

// deepPage follows cursors to the last full page and gives its address.
func deepPage(ctx context.Context, busbar, token string, orders int) (string, error) {
	url, seen := busbar+"/v1/purchase-orders?limit=500", 0
	for {
		body, err := get(ctx, url, token)
		if err != nil {
			return "", err
		}
		var page struct {
			Data       []struct{ ID string } `json:"data"`
			NextCursor *string               `json:"next_cursor"`
		}
		if err := json.Unmarshal(body, &page, json.MatchCaseInsensitiveNames(true)); err != nil {
			return "", err
		}
		seen += len(page.Data)
		if page.NextCursor == nil {
			return "", fmt.Errorf("the list ended after %d of %d orders", seen, orders)
		}
		if seen >= orders-600 {
			return busbar + "/v1/purchase-orders?limit=100&cursor=" + *page.NextCursor, nil
		}
		url = busbar + "/v1/purchase-orders?limit=500&cursor=" + *page.NextCursor
	}
}
