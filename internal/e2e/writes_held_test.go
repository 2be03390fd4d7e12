package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// holdMode is what has become of a write in the system at the moment when its sender dies.
type holdMode string

const (
	holdBefore holdMode = "nothing is done"
	holdBehind holdMode = "all is done"
	holdWithin holdMode = "half of a call for many is done"
)

// writeHold holds one write in the system until its sender is dead.
type writeHold struct {
	mode holdMode

	mu    sync.Mutex
	says  string // what the write says that is to be held; empty: none is
	hit   bool
	dead  chan struct{}
	since int // effects before it
	sim   *erp.Server
}

// arm holds the first write from now on that says this, and lets go of the one before.
func (h *writeHold) arm(says string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead != nil {
		close(h.dead)
	}
	h.says, h.hit, h.dead = says, false, make(chan struct{})
}

func (h *writeHold) fault(r *http.Request) *erp.Fault {
	if r.Method != http.MethodPost {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mode == holdNot || h.says == "" || h.hit || !bytes.Contains(body, []byte(`"`+h.says+`"`)) {
		return nil
	}
	h.hit, h.since = true, len(h.sim.Effects())
	switch h.mode {
	case holdBehind:
		return &erp.Fault{Execute: true, Hang: true}
	case holdWithin:
		return &erp.Fault{Partly: writesIn(body) / 2, Hang: true}
	}
	dead := h.dead
	return &erp.Fault{Before: func() { <-dead }, Drop: true}
}

// writesIn is how many writes a call for many carries.
func writesIn(body []byte) int {
	var call struct{ Items []json.RawMessage }
	_ = json.Unmarshal(body, &call)
	return len(call.Items)
}

// holds says that the write is being held, and has had what effect it is to have.
func (h *writeHold) holds() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hit && (h.mode == holdBefore || len(h.sim.Effects()) > h.since)
}

// holding connects a Busbar to a source in which writes can be held.
func holding(t *testing.T, mode holdMode, system, entity string, rows []row) (*batch, *writeHold) {
	t.Helper()
	h := &writeHold{mode: mode}
	b := startBatch(t, system, entity, h.fault)
	b.rows, h.sim = rows, b.source
	t.Cleanup(func() { h.arm("") })
	return b, h
}

// A process that is killed at every single write of a batch, before it is done, when it is done, or when half of it is, makes each item once.
func TestBatchKilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	single, many := []holdMode{holdBefore, holdBehind}, []holdMode{holdBefore, holdBehind, holdWithin}
	cases := []struct {
		what, system, entity string
		row                  func(int) row
		rows, chunk          int
		modes                []holdMode
	}{
		{"orders one by one", "sim-single-quick", "purchase-orders", orderRow, 9, 1, single},
		{"items one by one", "sim-single-quick", "items", itemRow, 9, 1, single},
		{"vendors one by one", "sim-single-quick", "vendors", vendorRow, 9, 1, single},
		{"orders by calls for many", "sim-quick", "purchase-orders", orderRow, 20, 5, many},
		{"items by calls for many", "sim-quick", "items", itemRow, 20, 5, many},
		{"vendors by calls for many", "sim-quick", "vendors", vendorRow, 20, 5, many},
	}
	for _, c := range cases {
		for _, mode := range c.modes {
			t.Run(c.what+", killed when "+string(mode), func(t *testing.T) {
				t.Parallel()
				b, h := holding(t, mode, c.system, c.entity, rowsOf(c.rows, c.row))
				b.killAtEvery(h, c.chunk)
			})
		}
	}
}

// killAtEvery sends the batch in chunks, and kills the process at the first good row of each.
func (b *batch) killAtEvery(h *writeHold, chunk int) {
	b.t.Helper()
	kills := 0
	for n := 0; n < len(b.rows); n += chunk {
		if b.rows[n].bad {
			continue
		}
		h.arm(b.rows[n].says)
		if n == 0 {
			b.ask("?chunk_size="+strconv.Itoa(chunk), "key-1")
		} else {
			b.start()
		}
		b.await("write of row "+strconv.Itoa(n), h.holds)
		b.look()
		b.kill()
		kills++
	}
	h.arm("")
	b.start()
	b.finish()
	b.t.Logf("killed %d times", kills)
}

// Of two replicas one dies while it holds three batches in the middle of a write. The other takes them over when their leases are over, and each item is made once.
func TestReplicaDiesInTheMiddleOfBatches(t *testing.T) {
	t.Parallel()
	holds := []*writeHold{{mode: holdBefore}, {mode: holdBehind}, {mode: holdWithin}}
	var sources []*erp.Server
	var looks []*atomic.Int64
	var reach []string
	for _, h := range holds {
		source, n := startWatched(t, h.fault)
		h.sim = source
		t.Cleanup(func() { h.arm("") })
		sources, looks, reach = append(sources, source), append(looks, n), append(reach, source.Addr())
	}
	database, masterKey, own := postgres.Database(t), filepath.Join(t.TempDir(), "master.key"), variants(t)
	member := func() *busbar {
		b := newMember(t, masterKey, database, reach...)
		b.args = append(b.args, "--connectors", own)
		b.start()
		return b
	}
	first := member()
	key := first.key()
	var batches []*batch
	for i, h := range holds {
		b := connectBatch(first, key, sources[i], looks[i], "sim-quick", "purchase-orders")
		b.rows = rowsOf(60, orderRow)
		h.arm(b.rows[25].says)
		b.ask("?chunk_size=10", "key-1")
		batches = append(batches, b)
	}
	for _, h := range holds {
		first.await("write that is held", h.holds)
	}
	second := member()
	first.kill()
	for i, b := range batches {
		holds[i].arm("")
		b.busbar = second
	}
	for _, b := range batches {
		b.finish()
	}
}
