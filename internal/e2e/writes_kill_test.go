package e2e

import (
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// killsOfBatch is how often the process is killed during one batch.
const killsOfBatch = 5

// drills are batches by every way in which they go out.
var drills = []struct {
	name, system, entity string
	row                  func(int) row
	calls                func(rows int) int // that have an effect, about
}{
	{"orders by calls for many, found by their mark", "sim-erp", "purchase-orders", orderRow, inChunks},
	{"orders one by one, found by their mark", "sim-single", "purchase-orders", orderRow, each},
	{"items by calls for many, sent again under their key", "sim-erp", "items", itemRow, inChunks},
	{"items one by one, sent again under their key", "sim-single", "items", itemRow, each},
}

func inChunks(rows int) int { return rows / 50 }
func each(rows int) int     { return rows }

// A process that is killed with SIGKILL five times in the middle of a batch, and started again each time, has in the end made each good item once and no
// bad one; the operation's counts, its list of failures, the records and the feed all say so.
func TestBatchKilledFiveTimes(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	for _, d := range drills {
		t.Run(d.name, func(t *testing.T) {
			var onWrite atomic.Pointer[func()]
			b := startBatch(t, d.system, d.entity, func(r *http.Request) *erp.Fault {
				if f := onWrite.Load(); f != nil && r.Method == http.MethodPost {
					(*f)()
				}
				return nil
			})
			b.rows = rowsOf(size(2000, 10_000), d.row)
			b.ask("", "key-1")
			killed := 0
			for range killsOfBatch {
				calls := d.calls(len(b.rows)) / (killsOfBatch + 1)
				if killAfter(b.busbar, &onWrite, 1+random.Int64N(int64(calls)), time.Duration(random.Int64N(int64(20*time.Millisecond)))) {
					killed++
				}
				b.look()
			}
			if killed != killsOfBatch {
				t.Errorf("killed %d times in the middle, not %d", killed, killsOfBatch)
			}
			b.finish()
		})
	}
}

// seeded makes the moments of a test's kills, and says how to have the same again.
func seeded(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("run it again with -seed %d", s)
	return rand.New(rand.NewPCG(s, 0))
}

// killAfter kills the process a while after the n-th write from now, and starts it again. It tells whether it came to that.
func killAfter(b *busbar, onWrite *atomic.Pointer[func()], n int64, delay time.Duration) bool {
	b.t.Helper()
	var left atomic.Int64
	left.Store(n)
	process, killed := b.cmd.Process, make(chan struct{})
	strike := func() {
		if left.Add(-1) == 0 {
			time.AfterFunc(delay, func() { _ = process.Kill(); close(killed) })
		}
	}
	onWrite.Store(&strike)
	defer onWrite.Store(nil)
	select {
	case <-killed:
	case <-time.After(time.Minute):
		return false
	}
	onWrite.Store(nil)
	b.kill()
	b.start()
	return true
}

// startBatch connects a Busbar to a source that holds little, and prepares a batch to it.
func startBatch(t *testing.T, system, entity string, fault func(*http.Request) *erp.Fault) *batch {
	t.Helper()
	source := startSource(t, erp.Options{Counts: fewRecords(), Fault: fault})
	b := prepareBusbar(t, source.Addr())
	b.args = append(b.args, "--connectors", singly(t))
	b.start()
	return connectBatch(b, source, system, entity)
}

func connectBatch(b *busbar, source *erp.Server, system, entity string) *batch {
	b.t.Helper()
	c := connectSource(b, b.key(), source, map[string]any{"system": system})
	awaitIdle(b, c.token)
	return &batch{busbar: b, source: source, entity: entity, token: c.token, before: len(sourceRecords(b.t, source, entity))}
}
