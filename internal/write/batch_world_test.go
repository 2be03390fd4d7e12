package write_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// plant is a SimERP behind HTTP, a connection to it, and what writes to it, on a clock that only the test moves.
type plant struct {
	*testing.T
	store   *store.Store
	systems *manifest.Registry
	conn    *store.Connection
	sim     *erp.Server
	client  driver.Client
	service *write.Service
	worker  *write.Worker

	mu      sync.Mutex
	now     time.Time
	fault   func(*http.Request) *erp.Fault
	reports []error
	opened  []string // the sealed credentials with which the system was opened, each time
	woken   int
	ended   []string // what was told of batches
}

// edit changes SimERP's manifest.
type edit func(string) string

// noBulk takes the calls for many out.
func noBulk(text string) string {
	text = regexp.MustCompile(`(?s)\n +bulk: \{.*?\}\}\}`).ReplaceAllString(text, "")
	if strings.Contains(text, "bulk:") {
		panic("a call for many is left")
	}
	return text
}

func newPlant(t *testing.T, edits ...edit) *plant {
	t.Helper()
	t.Parallel()
	p := &plant{T: t, now: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)}
	var err error
	p.sim, err = erp.Open(erp.Options{Counts: erp.Counts{Vendors: 1, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}, Base: p.now.Add(-24 * time.Hour), Now: p.clock, Fault: p.faulty})
	p.must(err)
	p.must(p.sim.Start(""))
	t.Cleanup(func() { _ = p.sim.Close() })
	p.load(edits)
	p.store, err = sqlite.Open(t.Context(), t.TempDir())
	p.must(err)
	t.Cleanup(func() { _ = p.store.Close() })
	p.connect()
	p.service, p.worker = p.process("one")
	return p
}

func (p *plant) load(edits []edit) {
	p.Helper()
	text, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	p.must(err)
	for _, change := range edits {
		text = []byte(change(string(text)))
	}
	m, err := model.Load()
	p.must(err)
	p.systems, err = manifest.Load(fstest.MapFS{"sim-erp/manifest.yaml": {Data: text}, "sim-erp/guide.md": {Data: []byte("# Guide\n")}}, m, map[string]manifest.Checker{"rest": rest.New()})
	p.must(err)
	reach, err := allow.ParseAll([]string{strings.Replace(p.sim.Addr(), ":", "/32:", 1)})
	p.must(err)
	guard := egress.New(egress.Options{Allow: reach})
	p.Cleanup(guard.Close)
	p.client, err = rest.New().Open(p.systems.System("sim-erp"), driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": p.sim.URL(), "api_key": erp.DefaultKey}).Public("url"),
		HTTP:        guard.Client(egress.ClientConfig{Attempts: 1}), Now: p.clock, TimeZone: time.UTC,
	})
	p.must(err)
	p.Cleanup(func() { _ = p.client.Close() })
}

func (p *plant) connect() {
	p.Helper()
	project, _, err := p.store.EnsureProject(p.Context(), "project", "p", p.now)
	p.must(err)
	p.conn = &store.Connection{ID: uuid.NewString(), ProjectID: project.ID, System: "sim-erp", Name: "s", State: store.ConnectionActive,
		TimeZone: "UTC", CreatedAt: p.now, UpdatedAt: p.now, StateSince: p.now, Metadata: json.RawMessage("{}")}
	p.must(p.store.Write(p.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(p.Context(), p.conn); err != nil {
			return err
		}
		return tx.InsertStreams(p.Context(), p.conn.Scope(), []store.Stream{
			{Entity: "vendors", Schedule: "1h", History: "all"}, {Entity: "items", Schedule: "1h", History: "all"}, {Entity: "purchase-requisitions", Schedule: "1h", History: "all"},
		})
	}))
}

// process is one of several that share the store.
func (p *plant) process(owner string) (*write.Service, *write.Worker) {
	mappers := map[string]*mapping.Mapper{}
	for _, e := range p.systems.System("sim-erp").Entities {
		m, err := mapping.Compile(p.systems.System("sim-erp"), e, rest.New().Dialect())
		p.must(err)
		mappers[e.Name] = m
	}
	s := write.NewService(write.Config{
		Store: p.store, Connections: p, Mapper: func(_, entity string) *mapping.Mapper { return mappers[entity] }, Systems: p.systems, Waker: p,
		Now: p.clock, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(p.Output(), nil)), Owner: owner, Ended: p.told,
	})
	return s, write.NewWorker(s, write.WorkerConfig{Turn: time.Minute, ShortTurn: 5 * time.Second, LastStep: 10 * time.Second, StopStep: 5 * time.Second})
}

func (p *plant) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *plant) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *plant) tick(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

// spoil lets requests go wrong; nil: none does.
func (p *plant) spoil(fault func(*http.Request) *erp.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

func (p *plant) faulty(r *http.Request) *erp.Fault {
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(r)
}

// onWrite gives the fault of the n-th write (from 1), and of no other request.
func onWrite(n int, f erp.Fault) func(*http.Request) *erp.Fault {
	var mu sync.Mutex
	seen := 0
	return func(r *http.Request) *erp.Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodGet {
			return nil
		}
		if seen++; seen != n {
			return nil
		}
		return &f
	}
}

// Wake, Open and Report are the surroundings of writes.
func (p *plant) Wake(_ context.Context, _ *store.Tx, lane store.Lane, ids ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lane != store.LaneWrites {
		return fmt.Errorf("woken in lane %s", lane)
	}
	p.woken += len(ids)
	return nil
}

func (p *plant) told(_ context.Context, o *store.Operation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = append(p.ended, fmt.Sprintf("%s %d of %d", o.State, o.Total-o.Counts.Open(), o.Total))
}

func (p *plant) Open(_ context.Context, c *store.Connection) (driver.Client, *manifest.System, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, string(c.Credentials))
	return kept{p.client, p.client.(driver.Writer)}, p.systems.System("sim-erp"), nil
}

// kept is a client that others go on using.
type kept struct {
	driver.Client
	driver.Writer
}

func (kept) Close() error { return nil }

func (p *plant) Report(_ context.Context, c *store.Connection, err error) (store.ConnectionState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = append(p.reports, err)
	return c.State, nil
}

// state sets the connection's.
func (p *plant) state(s store.ConnectionState) {
	p.Helper()
	p.must(p.store.Write(p.Context(), func(tx *store.Tx) error {
		if s == store.ConnectionDisconnected {
			return tx.Disconnect(acting(p.Context()), p.conn.Scope(), p.clock())
		}
		return tx.SetConnectionState(p.Context(), p.conn.Scope(), s, "", "", p.clock())
	}))
	p.conn.State = s
}

// batch asks for a batch.
func (p *plant) batch(entity string, items []write.BatchItem, changes ...func(*write.BatchRequest)) *store.Operation {
	p.Helper()
	o, _, err := p.ask(entity, items, changes...)
	p.must(err)
	return o
}

func (p *plant) ask(entity string, items []write.BatchItem, changes ...func(*write.BatchRequest)) (*store.Operation, bool, error) {
	r := write.BatchRequest{Connection: p.conn, Entity: entity, Mode: store.BestEffort, OnError: store.OnErrorGo, ChunkSize: 50, Strict: true, Caller: "key", RequestID: "request"}
	for _, change := range changes {
		change(&r)
	}
	return p.service.Batch(p.Context(), r, sequence(items, nil))
}

// sequence gives the items and then the error, if any.
func sequence(items []write.BatchItem, err error) iter.Seq2[write.BatchItem, error] {
	return func(yield func(write.BatchItem, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
		if err != nil {
			yield(write.BatchItem{}, err)
		}
	}
}

// vendors makes items that create vendors.
func vendors(from, to int) (items []write.BatchItem) {
	for i := from; i < to; i++ {
		items = append(items, create(`{"name":"Vendor %d"}`, i))
	}
	return items
}

func items(from, to int) (all []write.BatchItem) {
	for i := from; i < to; i++ {
		all = append(all, create(`{"name":"Item %d"}`, i))
	}
	return all
}

func create(data string, args ...any) write.BatchItem {
	return write.BatchItem{Op: manifest.Create, Data: json.RawMessage(fmt.Sprintf(data, args...))}
}

// work is what wakes up by itself now.
func (p *plant) work() {
	p.Helper()
	p.workAs(p.worker)
}

func (p *plant) workAs(w *write.Worker) {
	p.Helper()
	p.must(w.Tick(p.Context()))
	for more := true; more; {
		var err error
		more, err = w.Work(p.Context(), p.conn.ID, func(*store.Tx) error { return nil })
		p.must(err)
	}
}

// finish lets time pass until the operation has ended, or rests for longer than a few minutes.
func (p *plant) finish(o *store.Operation) *store.Operation {
	p.Helper()
	for range 600 {
		p.work()
		if o = p.operation(o); o.DueAt.IsZero() {
			break
		}
		p.tick(time.Second)
	}
	return o
}

func (p *plant) operation(o *store.Operation) *store.Operation {
	p.Helper()
	now, err := p.store.Operation(p.Context(), p.conn.Scope(), o.ID)
	p.must(err)
	if now.Counts.Sum() != now.Total {
		p.Errorf("%d items are counted by status, and there are %d: %+v", now.Counts.Sum(), now.Total, now.Counts)
	}
	return now
}

func (p *plant) items(o *store.Operation) []store.Item {
	p.Helper()
	its, err := p.store.Items(p.Context(), o, store.ItemFilter{Limit: write.MaxItems})
	p.must(err)
	return its
}

// ends fails the test unless the operation stands so.
func (p *plant) ends(o *store.Operation, state store.OperationState, want store.ItemCounts) {
	p.Helper()
	if o.State == state && o.Counts == want {
		return
	}
	for _, it := range p.items(o) {
		if it.Status != store.ItemApplied {
			p.Logf("item %d is %s: %s", it.N, it.Status, it.Error)
		}
	}
	p.Errorf("operation %s (%s: %s) %+v\nwant %s %+v", o.State, o.ReasonCode, o.ReasonDetail, o.Counts, state, want)
}

// effects counts what the system did, by mark; those of writes that were not ours fail the test.
func (p *plant) effects(o *store.Operation) map[string]int {
	p.Helper()
	done := map[string]int{}
	for _, e := range p.sim.Effects() {
		done[cmp.Or(e.Mark, e.ID)]++
	}
	return done
}

// once fails the test unless every applied create had its effect once, and every other none.
func (p *plant) once(o *store.Operation) {
	p.Helper()
	done := p.effects(o)
	for _, it := range p.items(o) {
		want := 0
		if it.Status == store.ItemApplied {
			want = 1
		}
		if done[it.Mark] != want {
			p.Errorf("item %d is %s and had its effect %d times", it.N, it.Status, done[it.Mark])
		}
	}
}
