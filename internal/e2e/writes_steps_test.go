package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// singles are the writes that a client asks for one by one, by the way in which their outcome is found out.
var singles = []struct {
	name, entity, data string
}{
	{"an order, found by its mark", "purchase-orders", `{"vendor":{"remote_id":"000001"},"notes":%q,"lines":[{"item":{"remote_id":"000003"},"quantity":{"value":"2"}}]}`},
	{"an item, sent again under its key", "items", `{"name":%q}`},
	{"a vendor, found by its number", "vendors", `{"name":%q}`},
}

// A process that is killed with SIGKILL while a client waits for a write, before the system does it, behind that, and around its answer, has had it done once when it was started again;
// and the client, which asks again with its key, is told so.
func TestWriteKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, s := range singles {
		for _, mode := range []holdMode{holdBefore, holdBehind, holdNot} {
			t.Run(s.name+", killed when "+string(mode), func(t *testing.T) {
				t.Parallel()
				b, h := holding(t, mode, "sim-single-quick", s.entity, nil)
				for n := range 4 {
					b.killAtWrite(h, s.data, n)
				}
			})
		}
	}
}

// holdNot lets the write go: the process dies around its end.
const holdNot holdMode = "it ends"

// killAtWrite asks for a write, kills the process at its time, and asks again until the end is known.
func (b *batch) killAtWrite(h *writeHold, data string, n int) {
	b.t.Helper()
	says, key := fmt.Sprintf("row %d", n), fmt.Sprintf("key-%d", n)
	body := fmt.Sprintf(data, says)
	before := len(b.source.Effects())
	h.arm(says)
	asked := make(chan struct{})
	go func() { defer close(asked); b.post("/v1/"+b.entity, "application/json", key, strings.NewReader(body)) }()
	if h.mode == holdNot {
		b.await("effect of "+says, func() bool { return len(b.source.Effects()) > before })
	} else {
		b.await("write of "+says, h.holds)
	}
	b.kill()
	<-asked
	h.arm("")
	b.start()
	b.await("end of "+says, func() bool {
		status, answer := b.post("/v1/"+b.entity, "application/json", key, strings.NewReader(body))
		if status == http.StatusCreated {
			return true
		}
		if status != http.StatusConflict && status != http.StatusGatewayTimeout && status != http.StatusServiceUnavailable {
			b.t.Fatalf("asked again: %d %v", status, answer)
		}
		return false
	})
	effects := b.source.Effects()[before:]
	if len(effects) != 1 || !bytes.Contains(effects[0].Record, []byte(says)) {
		b.t.Errorf("%s had %d effects: %v", says, len(effects), effects)
	}
}

// What a replica says that finds its lease over, or its calls and its database broken off, when it wakes up.
const (
	lostOperation        = "operation lost: its lease was over before it could be renewed; whoever takes it finds out what became of what was under way"
	interruptedOperation = "operation interrupted; it goes on by itself"
)

// Of two replicas one stands still, with its lease, while the system answers one of its writes. The other goes on when the lease is over; the first, when it wakes up with the rest of
// its chunk at hand, sends nothing more. Each item is made once.
func TestReplicaThatStandsStillSendsNothing(t *testing.T) {
	t.Parallel()
	stop, stopped := new(atomic.Pointer[func()]), make(chan struct{})
	source, looks := startWatched(t, func(r *http.Request) *erp.Fault {
		if f := stop.Load(); f != nil && r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if bytes.Contains(body, []byte(`"row 3"`)) && stop.CompareAndSwap(f, nil) {
				(*f)()
			}
		}
		return nil
	})
	database, masterKey, own := postgres.Database(t), filepath.Join(t.TempDir(), "master.key"), variants(t)
	member := func() *busbar {
		b := newMember(t, masterKey, database, source.Addr())
		b.args = append(b.args, "--connectors", own)
		b.start()
		return b
	}
	first := member()
	b := connectBatch(first, first.key(), source, looks, "sim-single-quick", "purchase-orders")
	signal := func(s syscall.Signal) {
		if err := first.cmd.Process.Signal(s); err != nil {
			t.Error(err)
		}
	}
	still := func() { signal(syscall.SIGSTOP); close(stopped) }
	stop.Store(&still)
	b.rows = rowsOf(30, orderRow)
	b.ask("?chunk_size=10", "key-1")
	<-stopped
	b.busbar = member()
	b.finish()
	signal(syscall.SIGCONT)
	first.await("word that the operation is no longer its own", func() bool {
		return len(logged(first, lostOperation))+len(logged(first, interruptedOperation)) > 0
	})
	b.busbar = first
	b.finish()
}
