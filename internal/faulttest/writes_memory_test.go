package faulttest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestMemoryOfLargeItems sends, works on and lists a batch that is far larger than what may be in use for it. It runs alone. The items are of a member that does not exist, so that none goes to SimERP, which keeps all in memory.
func TestMemoryOfLargeItems(t *testing.T) {
	const items, size = 200, 900 << 10
	w := newWorks(t, setup{})
	for name, options := range map[string]string{"side by side": "", "one after the other": "&on_error=stop"} {
		t.Run(name, func(t *testing.T) {
			var op string
			grown := peak(func() {
				op = w.sendLarge(items, size, "?chunk_size=1000"+options)
				w.over(op)
				w.listAtOnce(op, 4)
			})
			t.Logf("%d MiB more at the peak, for %d MiB of items", grown>>20, items*size>>20)
			if grown > mostOfBatches {
				t.Errorf("%d MiB more at the peak; %d are allowed", grown>>20, mostOfBatches>>20)
			}
			if counts := w.operation(op); counts.get("counts", "rejected") == "0" {
				t.Errorf("nothing was looked at: %s", counts)
			}
		})
	}
}

// mostOfBatches is what a batch may add, in garbage too, while it is sent, worked on, and listed eight times at once: less than its items, once.
const mostOfBatches = 144 << 20

// sendLarge sends a batch of items of that size, made while it is sent, and gives its operation.
func (w *works) sendLarge(items, size int, query string) string {
	w.Helper()
	body, to := io.Pipe()
	go func() {
		filler := strings.Repeat("x", size)
		for range items {
			_, _ = fmt.Fprintf(to, `{"op":"create","data":{"nme":"%s"}}`+"\n", filler)
		}
		_ = to.Close()
	}()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.web.URL+"/v1/vendors/batch"+query, body)
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := w.web.Client().Do(req)
	w.check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		text, _ := io.ReadAll(resp.Body)
		w.Fatalf("the batch is answered with %d %s", resp.StatusCode, text)
	}
	return strings.TrimPrefix(resp.Header.Get("Location"), "/v1/operations/")
}

// listAtOnce reads all items of an operation as pages and as CSV, several times side by side.
func (w *works) listAtOnce(op string, times int) {
	w.Helper()
	var all sync.WaitGroup
	for range times {
		for _, path := range []string{"/items?limit=500", "/items.csv"} {
			all.Go(func() {
				req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.web.URL+"/v1/operations/"+op+path, nil)
				if err != nil {
					w.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+w.token)
				resp, err := w.web.Client().Do(req)
				if err != nil {
					w.Error(err)
					return
				}
				defer resp.Body.Close()
				if n, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK || n == 0 {
					w.Errorf("%s: %d, %d bytes, %v", path, resp.StatusCode, n, err)
				}
			})
		}
	}
	all.Wait()
}
