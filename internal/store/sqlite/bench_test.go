package sqlite_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/store"
)

// The records of the benchmarks: 1.5 KB raw and 1.8 KB mapped, in pages of 500.
const (
	pageLen  = 500
	rawLen   = 1500
	unifyLen = 1800
)

type bench struct {
	b   *testing.B
	s   *store.Store
	sc  store.Scope
	now time.Time
	run *store.Run
	n   int
}

func newBench(b *testing.B) *bench {
	w := &bench{b: b, s: open(b, b.TempDir()), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	c := &store.Connection{ID: "c1", ProjectID: "p1", State: store.ConnectionActive, CreatedAt: w.now}
	w.ok(w.s.Write(b.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(b.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(b.Context(), c.Scope(), []store.Stream{{Entity: "purchase-orders"}})
	}))
	w.sc = c.Scope()
	w.begin()
	return w
}

func (w *bench) ok(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

func (w *bench) begin() {
	w.b.Helper()
	w.n++
	w.ok(w.s.Write(w.b.Context(), func(tx *store.Tx) (err error) {
		w.run, _, err = tx.RequestRun(w.b.Context(), w.sc, "purchase-orders", store.Full, "manual", fmt.Sprintf("run%d", w.n), w.now)
		return err
	}))
	run, err := w.s.AcquireRun(w.b.Context(), w.run, "bench", w.now.Add(time.Minute), w.now)
	w.ok(err)
	w.run = run
}

func (w *bench) finish() {
	w.b.Helper()
	w.ok(w.s.Write(w.b.Context(), func(tx *store.Tx) error {
		return tx.FinishRun(w.b.Context(), w.run, store.Finish{State: store.RunComplete}, w.now)
	}))
}

var rawText, unifiedText = filler(rawLen), filler(unifyLen)

func filler(n int) string { return strings.Repeat("lorem ipsum 4500012345 ", n/23+1)[:n] }

// page makes the changes of page n as they are on a first sync.
func page(n int, value string) []store.Change {
	out := make([]store.Change, pageLen)
	for i := range out {
		id := fmt.Sprintf("45%08d", n*pageLen+i)
		raw := []byte(`{"id":"` + id + `","v":"` + value + `","text":"` + rawText + `"}`)
		out[i] = store.Change{
			ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(id)), RemoteID: id, Raw: raw, RawHash: xxh3.Hash128(raw).Bytes(),
			Fields: []byte(`{"display_id":"` + id + `","display_name":"` + unifiedText + `"}`), RemoteUpdatedAt: time.Unix(1e9, 0),
		}
	}
	return out
}

func (w *bench) apply(changes []store.Change) {
	w.b.Helper()
	w.ok(w.s.ApplyPage(w.b.Context(), w.run, store.PageResult{
		Changes: changes, Pages: 1, Fetched: int64(len(changes)), Expected: -1, Checkpoint: []byte(`{"page":"next"}`),
	}, w.now))
}

func (w *bench) fill(pages int) {
	w.b.Helper()
	for i := range pages {
		w.apply(page(i, "a"))
	}
}

// meter measures wall time and processor time; the second is the steadier figure on a shared machine.
type meter struct{ wall, cpu time.Duration }

func (m *meter) measure(do func()) {
	wall, cpu := time.Now(), cpuTime()
	do()
	m.wall, m.cpu = m.wall+time.Since(wall), m.cpu+cpuTime()-cpu
}

func (m *meter) report(b *testing.B, records int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(m.wall.Nanoseconds())/1e3/float64(records), "µs/record")
	b.ReportMetric(float64(m.cpu.Nanoseconds())/1e3/float64(records), "cpu-µs/record")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkInsert stores pages of new records.
func BenchmarkInsert(b *testing.B) {
	w, m, n := newBench(b), meter{}, 0
	for b.Loop() {
		changes := page(n, "a")
		n++
		m.measure(func() { w.apply(changes) })
	}
	m.report(b, n*pageLen)
}

// BenchmarkUpdate stores pages of records that all changed.
func BenchmarkUpdate(b *testing.B) {
	const pages = 100
	w, m, n := newBench(b), meter{}, 0
	w.fill(pages)
	for b.Loop() {
		changes := page(n%pages, fmt.Sprint(n))
		n++
		for i, h := range w.heads(changes) {
			changes[i].Head = h
		}
		m.measure(func() { w.apply(changes) })
	}
	m.report(b, n*pageLen)
}

func (w *bench) heads(changes []store.Change) []*store.Head {
	w.b.Helper()
	ids := make([]uuid.UUID, len(changes))
	for i := range changes {
		ids[i] = changes[i].ID
	}
	heads, err := w.s.Heads(w.b.Context(), w.sc, "purchase-orders", ids)
	w.ok(err)
	return heads
}

// BenchmarkUnchanged looks pages up and stores that all was seen.
func BenchmarkUnchanged(b *testing.B) {
	const pages = 200
	w, m, n := newBench(b), meter{}, 0
	w.fill(pages)
	w.finish()
	w.begin()
	for b.Loop() {
		changes := page(n%pages, "a")
		n++
		m.measure(func() { w.seen(changes) })
	}
	m.report(b, n*pageLen)
}

func (w *bench) seen(changes []store.Change) {
	w.b.Helper()
	seqs := make([]int64, len(changes))
	for i, h := range w.heads(changes) {
		seqs[i] = h.Seq
	}
	w.ok(w.s.ApplyPage(w.b.Context(), w.run, store.PageResult{SeenSeqs: seqs, Pages: 1, Fetched: pageLen, Unchanged: pageLen, Expected: -1}, w.now))
}

// BenchmarkPage reads pages of 100 records, at any depth.
func BenchmarkPage(b *testing.B) {
	const pages, size = 100, 100
	w, m, n := newBench(b), meter{}, 0
	w.fill(pages)
	for b.Loop() {
		after := int64(n*size) % (pages*pageLen - size)
		n++
		m.measure(func() {
			recs, _, err := w.s.Page(b.Context(), w.sc, "purchase-orders", store.Range{After: after, Limit: size})
			if w.ok(err); len(recs) != size {
				b.Fatalf("%d records instead of %d", len(recs), size)
			}
		})
	}
	m.report(b, n*size)
}

// BenchmarkSweep finds that nothing is missing.
func BenchmarkSweep(b *testing.B) {
	const pages = 100
	w, m, n := newBench(b), meter{}, 0
	w.fill(pages)
	for b.Loop() {
		n++
		m.measure(func() {
			sw, err := w.s.OpenSweep(b.Context(), w.run)
			w.ok(err)
			_, _, err = sw.Count(b.Context())
			w.ok(err)
		})
	}
	m.report(b, n*pages*pageLen)
}
