package storetest

import (
	"fmt"
	"math/rand/v2"
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

// Bench measures what a store spends most of its time with. open opens a new, empty database; cpu is the processor time spent by it so far, ours
// included.
func Bench(b *testing.B, open func(b *testing.B) *store.Store, cpu func() time.Duration) {
	for _, m := range []struct {
		name string
		run  func(w *bench)
	}{{"Insert", benchInsert}, {"Update", benchUpdate}, {"Unchanged", benchUnchanged}, {"Page", benchPage}, {"Sweep", benchSweep},
		{"Flow items", benchFlowItems}, {"Lookup", benchLookup}} {
		b.Run(m.name, func(b *testing.B) { m.run(newBench(b, open(b), cpu)) })
	}
}

type bench struct {
	b   *testing.B
	s   *store.Store
	sc  store.Scope
	now time.Time
	run *store.Run
	n   int
	meter
}

func newBench(b *testing.B, s *store.Store, cpu func() time.Duration) *bench {
	w := &bench{b: b, s: s, now: start, meter: meter{read: cpu}}
	c := &store.Connection{ID: "c1", ProjectID: "p1", State: store.ConnectionActive, CreatedAt: w.now}
	w.ok(w.s.Write(w.b.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(w.b.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(w.b.Context(), c.Scope(), []store.Stream{{Entity: "purchase-orders"}})
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

// filler is text that compresses about as well as records do: names of members come again and again, values do not.
func filler(n int) string {
	random, text := rand.New(rand.NewPCG(1, 2)), strings.Builder{}
	names := []string{"quantity", "unit_price", "delivery_date", "description", "line_number", "warehouse", "currency", "created_by"}
	for text.Len() < n {
		fmt.Fprintf(&text, "'%s': '%x', ", names[random.IntN(len(names))], random.Uint64N(1<<(4*(4+random.Uint64N(8)))))
	}
	return text.String()[:n]
}

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
type meter struct {
	read      func() time.Duration
	wall, cpu time.Duration
}

func (m *meter) measure(do func()) {
	wall, cpu := time.Now(), m.read()
	do()
	m.wall, m.cpu = m.wall+time.Since(wall), m.cpu+m.read()-cpu
}

func (m *meter) report(b *testing.B, records int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(m.wall.Nanoseconds())/1e3/float64(records), "µs/record")
	b.ReportMetric(float64(m.cpu.Nanoseconds())/1e3/float64(records), "cpu-µs/record")
}

// OwnCPU is the processor time that this process has spent.
func OwnCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchInsert stores pages of new records.
func benchInsert(w *bench) {
	n := 0
	for w.b.Loop() {
		changes := page(n, "a")
		n++
		w.measure(func() { w.apply(changes) })
	}
	w.report(w.b, n*pageLen)
}

// benchUpdate stores pages of records that all changed.
func benchUpdate(w *bench) {
	const pages = 100
	n := 0
	w.fill(pages)
	for w.b.Loop() {
		changes := page(n%pages, fmt.Sprint(n))
		n++
		for i, h := range w.heads(changes) {
			changes[i].Head = h
		}
		w.measure(func() { w.apply(changes) })
	}
	w.report(w.b, n*pageLen)
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

// benchUnchanged looks pages up and stores that all was seen.
func benchUnchanged(w *bench) {
	const pages = 200
	n := 0
	w.fill(pages)
	w.finish()
	w.begin()
	for w.b.Loop() {
		changes := page(n%pages, "a")
		n++
		w.measure(func() { w.seen(changes) })
	}
	w.report(w.b, n*pageLen)
}

func (w *bench) seen(changes []store.Change) {
	w.b.Helper()
	seqs := make([]int64, len(changes))
	for i, h := range w.heads(changes) {
		seqs[i] = h.Seq
	}
	w.ok(w.s.ApplyPage(w.b.Context(), w.run, store.PageResult{SeenSeqs: seqs, Pages: 1, Fetched: pageLen, Unchanged: pageLen, Expected: -1}, w.now))
}

// benchPage reads pages of 100 records, at any depth.
func benchPage(w *bench) {
	const pages, size = 100, 100
	n := 0
	w.fill(pages)
	for w.b.Loop() {
		after := int64(n*size) % (pages*pageLen - size)
		n++
		w.measure(func() {
			recs, _, err := w.s.Page(w.b.Context(), w.sc, "purchase-orders", store.Range{After: after, Limit: size})
			if w.ok(err); len(recs) != size {
				w.b.Fatalf("%d records instead of %d", len(recs), size)
			}
		})
	}
	w.report(w.b, n*size)
}

// benchSweep finds that nothing is missing.
func benchSweep(w *bench) {
	const pages = 100
	n := 0
	w.fill(pages)
	for w.b.Loop() {
		n++
		w.measure(func() {
			sw, err := w.s.OpenSweep(w.b.Context(), w.run)
			w.ok(err)
			_, _, err = sw.Count(w.b.Context())
			w.ok(err)
		})
	}
	w.report(w.b, n*pages*pageLen)
}
