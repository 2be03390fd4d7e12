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

// drill is a batch by one of the ways in which they go out.
type drill struct {
	name, system, entity string
	row                  func(int) row
	rows                 int
	calls                func(rows int) int // that have an effect, about
}

func drills() []drill {
	return []drill{
		{"orders by calls for many, found by their mark", "sim-erp", "purchase-orders", orderRow, 10_000, inChunks},
		{"orders one by one, found by their mark", "sim-single", "purchase-orders", orderRow, size(2000, 10_000), each},
		{"items by calls for many, sent again under their key", "sim-erp", "items", itemRow, size(2000, 10_000), inChunks},
		{"items one by one, sent again under their key", "sim-single", "items", itemRow, size(2000, 10_000), each},
	}
}

func inChunks(rows int) int { return rows / 50 }
func each(rows int) int     { return rows }

// A process that is killed with SIGKILL five times in the middle of a batch, and started again each time, has in the end made each good item once and no
// bad one; the operation's counts, its list of failures, the records and the feed all say so.
func TestBatchKilledFiveTimes(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	for _, d := range drills() {
		t.Run(d.name, func(t *testing.T) {
			var onWrite atomic.Pointer[func()]
			b := startBatch(t, d.system, d.entity, func(r *http.Request) *erp.Fault {
				if f := onWrite.Load(); f != nil && r.Method == http.MethodPost {
					(*f)()
				}
				return nil
			})
			b.rows = rowsOf(d.rows, d.row)
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
			if doubts := b.doubts(); doubts == 0 {
				t.Error("no kill left anything in doubt: the drill shows nothing")
			} else {
				t.Logf("%d items were in doubt", doubts)
			}
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
