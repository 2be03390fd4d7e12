package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// kills is how often the process is killed during one sync, as long as the source is asked anything.
const kills = 10

var seed = flag.Uint64("seed", 0, "moments at which TestKillAtAnyMoment kills; 0: others each time")

// A process that is killed with SIGKILL at any moment of a first sync, and of a full re-sync, loses nothing and doubles nothing: when the runs
// are over, every list equals the source's, and a reader of the feed from its beginning sees each record once.
func TestKillAtAnyMoment(t *testing.T) {
	t.Parallel()
	var onRequest atomic.Pointer[func()]
	source := startSource(t, erp.Options{
		Counts: erp.Counts{Orders: 3000, Items: 1500, Vendors: 300, Customers: 100, Stock: 1000, SalesOrders: 300, Requisitions: 100},
		Fault: func(*http.Request) *erp.Fault {
			if f := onRequest.Load(); f != nil {
				(*f)()
			}
			return nil
		},
	})
	b := startBusbar(t, source.Addr())
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("run it again with -seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))

	made := b.call("POST", "/v1/connections", b.key(), map[string]any{
		"system": "sim-erp", "history": "all", "schedule": "manual",
		"credentials": map[string]string{"url": source.URL(), "api_key": erp.DefaultKey},
	}, http.StatusCreated)
	token := made["token"].(map[string]any)["token"].(string)

	if n := killDuringSync(b, &onRequest, random); n < 2 {
		t.Errorf("only %d kills", n)
	}
	awaitIdle(b, token)
	compare(b, source, token)

	for _, run := range b.call("POST", "/v1/syncs", token, map[string]any{"mode": "full"}, http.StatusAccepted)["data"].([]any) {
		if state := run.(map[string]any)["state"]; state != "queued" && state != "running" {
			t.Errorf("a full sync was answered with a run that is %v", state)
		}
	}
	if n := killDuringSync(b, &onRequest, random); n < 2 {
		t.Errorf("only %d kills", n)
	}
	awaitIdle(b, token)
	compare(b, source, token)
}

// killDuringSync kills the process a random while after a random request to the source, and starts it again, several times or until the
// source is asked no more. It gives the number of kills.
func killDuringSync(b *busbar, onRequest *atomic.Pointer[func()], random *rand.Rand) int {
	b.t.Helper()
	for n := range kills {
		var left atomic.Int64
		left.Store(1 + random.Int64N(6))
		delay := time.Duration(random.Int64N(int64(20 * time.Millisecond)))
		process, killed := b.cmd.Process, make(chan struct{})
		strike := func() {
			if left.Add(-1) == 0 {
				time.AfterFunc(delay, func() { _ = process.Kill(); close(killed) })
			}
		}
		onRequest.Store(&strike)
		select {
		case <-killed:
		case <-time.After(10 * time.Second): // everything had been read before this kill's turn came
			onRequest.Store(nil)
			return n
		}
		onRequest.Store(nil)
		b.kill()
		b.start()
	}
	return kills
}

// awaitIdle waits until every stream has synced and none is under way.
func awaitIdle(b *busbar, token string) {
	b.t.Helper()
	b.await("end of all syncs", func() bool {
		for _, s := range b.call("GET", "/v1/syncs", token, nil, http.StatusOK)["data"].([]any) {
			stream := s.(map[string]any)
			if stream["state"] != "idle" || stream["last_success_at"] == nil {
				return false
			}
		}
		return true
	})
}

// compare holds Busbar's purchase orders, items and vendors against the source's own.
func compare(b *busbar, source *erp.Server, token string) {
	b.t.Helper()
	for entity, number := range map[string]string{"purchase-orders": "orderNumber", "items": "itemCode", "vendors": "vendorCode"} {
		want := sourceRecords(b.t, source, entity)
		got := b.list("/v1/"+entity, token)
		seen := map[string]bool{}
		for _, r := range got {
			remote := r["remote_id"].(string)
			if seen[remote] {
				b.t.Errorf("%s %s is doubled", entity, remote)
			}
			seen[remote] = true
			if w, ok := want[remote]; !ok {
				b.t.Errorf("%s %s is a ghost: the source does not have it", entity, remote)
			} else if n, ok := w[number]; ok && n != r["display_id"] {
				b.t.Errorf("%s %s: display_id %v, the source says %v", entity, remote, r["display_id"], n)
			}
		}
		if len(seen) != len(want) {
			b.t.Errorf("%s: %d stored, the source has %d", entity, len(seen), len(want))
		}
		compareFeed(b, token, entity, len(want))
	}
}

// compareFeed reads the feed from its beginning: rising seqs, each record once.
func compareFeed(b *busbar, token, entity string, want int) {
	b.t.Helper()
	seen, last := map[string]bool{}, float64(0)
	for cursor := ""; ; {
		page := b.call("GET", "/v1/changes?entity="+entity+"&limit=500"+cursor, token, nil, http.StatusOK)
		changes := page["data"].([]any)
		for _, c := range changes {
			change := c.(map[string]any)
			if seq := change["seq"].(float64); seq <= last {
				b.t.Errorf("%s: seq %v follows %v", entity, seq, last)
			} else {
				last = seq
			}
			if id := change["id"].(string); seen[id] {
				b.t.Errorf("%s: the feed holds %s twice", entity, id)
			} else {
				seen[id] = true
			}
		}
		if len(changes) == 0 {
			break
		}
		cursor = "&cursor=" + page["next_cursor"].(string)
	}
	if len(seen) != want {
		b.t.Errorf("%s: the feed has %d records, the source %d", entity, len(seen), want)
	}
}

func startSource(t *testing.T, o erp.Options) *erp.Server {
	t.Helper()
	s, err := erp.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sourceRecords reads an entity from the source itself, by its own id.
func sourceRecords(t *testing.T, source *erp.Server, entity string) map[string]map[string]any {
	t.Helper()
	records := map[string]map[string]any{}
	for cursor := ""; ; {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("%s/api/v1/%s?limit=500&cursor=%s", source.URL(), entity, cursor), nil)
		req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		var page struct {
			Data       []map[string]any `json:"data"`
			NextCursor *string          `json:"nextCursor"`
		}
		if err != nil || json.Unmarshal(text, &page) != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("the source answered %d: %.200s", resp.StatusCode, text)
		}
		for _, r := range page.Data {
			records[r["id"].(string)] = r
		}
		if page.NextCursor == nil {
			return records
		}
		cursor = *page.NextCursor
	}
}
