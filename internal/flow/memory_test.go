package flow_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

var manyRecords = flag.Int("records", 10_000, "how long the list of TestFlowOverManyRecords is; make soak asks for a million")

const recordsToSums = `
flow: sums
connections: {erp: {}}
steps:
  - id: all
    list: {connection: erp, entity: vendors}
  - id: sums
    each:
      in: all
      batch_size: 200
      steps:
        - {id: name, transform: {name: "${item.name}", long: "${len(item.name) > 5}"}}
        - {id: two, filter: steps.name.long}
`

// maxHeld bounds what of a list is open at any moment: a batch under way, and less than a batch with a page read ahead.
const maxHeld = 200 + 200 + 500

// maxGrowth bounds how much more memory is in use late in a long list than early in it.
const maxGrowth = 8 << 20

// A flow over a long list holds a page of it and what is under way: as much at its end as at its beginning.
func TestFlowOverManyRecords(t *testing.T) {
	records := *manyRecords
	w := newWorld(t, 1)
	w.store(records, "")
	w.apply(recordsToSums, "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "sums", flow.Begin{Caller: "test"})
	w.check(err)
	at := []int64{int64(records) / 5, int64(records) / 2, int64(records) * 9 / 10}
	var inUse []uint64
	most, anon := int64(0), 0
	var look func()
	look = func() {
		now, err := w.app.Store.FlowRun(context.WithoutCancel(t.Context()), r.FlowID, r.ID)
		w.check(err)
		most = max(most, now.Counts.Open())
		if len(inUse) < len(at) && now.Counts.OK >= at[len(inUse)] {
			inUse, anon = append(inUse, heap()), max(anon, resident())
		}
		w.clock.again(40, look)
	}
	w.clock.on(40, look)
	for range 1 + records/10_000 {
		w.settle()
	}
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: int64(records) + 1, OK: int64(records) + 1})
	if most == 0 || most > maxHeld {
		t.Errorf("%d items were open at once; %d are allowed", most, maxHeld)
	}
	if len(inUse) != len(at) {
		t.Fatalf("looked at the memory %d times", len(inUse))
	}
	t.Logf("%d records: %d open at most, %d KiB in use early, %d KiB in the middle, %d KiB late; %d KiB resident at most, mapped files not counted", records, most, inUse[0]>>10, inUse[1]>>10, inUse[2]>>10, anon)
	if inUse[2] > inUse[0]+maxGrowth {
		t.Errorf("%d KiB more are in use late than early", (inUse[2]-inUse[0])>>10)
	}
}

// Of long items fewer are held at once than a batch may have.
func TestLongItemsComeInSmallerBatches(t *testing.T) {
	t.Parallel()
	const records, size = 100, 100_000
	w := newWorld(t, 1)
	w.store(records, strings.Repeat("x", size))
	w.apply(strings.Replace(recordsToSums, "batch_size: 200", "batch_size: 500", 1), "erp")
	r, err := w.app.Flows.Start(w.acting(), w.project, "sums", flow.Begin{Caller: "test"})
	w.check(err)
	most := int64(0)
	var look func()
	look = func() {
		now, err := w.app.Store.FlowRun(context.WithoutCancel(t.Context()), r.FlowID, r.ID)
		w.check(err)
		most = max(most, now.Counts.Pending+now.Counts.Running)
		w.clock.again(3, look)
	}
	w.clock.on(3, look)
	w.settle()
	w.ended(w.read(r), store.FlowRunCompleted, store.FlowCounts{In: records + 1, OK: records + 1})
	if most == 0 || most*size > 5<<20 {
		t.Errorf("%d items of %d bytes were held at once", most, size)
	}
}

// heap gives how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident gives the process's memory in KiB without mapped files, where the system tells.
func resident() (n int) {
	text, _ := os.ReadFile("/proc/self/status")
	if m := regexp.MustCompile(`RssAnon:\s*(\d+)`).FindSubmatch(text); m != nil {
		n, _ = strconv.Atoi(string(m[1]))
	}
	return n
}

// store stores vendors, with a long name, as if they had been read from the system.
func (w *world) store(records int, long string) {
	w.Helper()
	conn, err := w.app.Store.Connection(w.Context(), w.project, w.id)
	w.check(err)
	for first := 0; first < records; first += 500 {
		page := make([]store.WrittenRecord, min(500, records-first))
		for i := range page {
			n := fmt.Sprintf("%07d", first+i)
			page[i].Change = store.Change{
				ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(n)), RemoteID: n, RawHash: [16]byte([]byte("many hash" + n)), Raw: []byte(`{"id":"` + n + `"}`),
				Fields: fmt.Appendf(nil, `{"name":"Vendor %s%s","code":"V-%s","currency":"EUR","payment_terms":"30 days net","is_active":true}`, n, long, n),
			}
		}
		w.check(w.app.Store.Write(w.Context(), func(tx *store.Tx) error {
			_, err := tx.ApplyRecords(w.Context(), conn.Scope(), "vendors", page, w.clock.Now())
			return err
		}))
	}
	w.clock.add(time.Second)
}
