// Package erp owns SimERP: a small ERP of our own brand that speaks JSON over HTTP, keeps state and obeys business rules.
//
// Its data come from a seed and are the same every time; what people change through its API is journalled in its
// directory and survives a restart. It knows nothing of Busbar: it stands where a customer's system would.
package erp

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/journal"
)

// DefaultKey is the API key when Options name none. SimERP holds invented data only.
const DefaultKey = "sim-erp-demo"

// Version is what SimERP calls itself.
const Version = "1.4"

// Options say what a SimERP holds and how it behaves. The zero value is the demo company, in memory.
type Options struct {
	Dir     string           // keeps state.json and journal.jsonl; "": nothing survives
	Seed    uint64           // of the data; 0 means 1
	Base    time.Time        // the newest instant of generated data; zero: Now, when the state is first made
	Counts  Counts           // zero members take the demo's
	Lines   int              // exactly so many lines on each purchase order; 0: 1 to 8
	Lean    bool             // purchase orders with few members: about 1.5 KB with 5 lines
	Now     func() time.Time // default time.Now
	Key     string           // default DefaultKey
	Latency time.Duration    // added to every list request
	Working time.Duration    // added to every write, before it has its effect
	Cache   int64            // bytes of encoded records kept in memory; 0: 512 MiB; the rest is encoded for each request
	Fault   func(*http.Request) *Fault
	Lists   Lists     // how lists are paged; the zero value is by cursor, with a total
	Stamps  StampForm // how updatedAt is written
	OAuth   *OAuth    // nil: the key is the only way to log in
}

// Counts are the numbers of generated records. Receipts and invoices follow from the orders.
type Counts struct{ Vendors, Customers, Items, Stock, Orders, SalesOrders, Requisitions int }

// Server is one SimERP.
type Server struct {
	opts    Options
	gen     *generator
	tables  []*table
	byName  map[string]*table
	mu      sync.RWMutex // tables and journal
	journal *journal.Journal
	last    int64 // newest updatedAt given out, µs
	pending []change
	waiting atomic.Bool // pending holds something
	truth   map[[2]string][]Revision
	keys    map[string]known // by Idempotency-Key
	effects []Effect
	late    fault.Late
	jobs    jobs
	ledger  ledger
	logins  logins
	others  atomic.Pointer[[]string] // API keys in place of that of opts
	rates   arrivals
	again   lastLists
	cached  cacheBudget
	buffers sync.Pool
	handler http.Handler

	serving  sync.Mutex
	listener net.Listener
	web      *http.Server
	served   chan struct{}
}

// Open makes a SimERP, or takes up the state that Dir holds: then seed, base, counts and shape are the stored ones.
func Open(o Options) (*Server, error) {
	o = o.withDefaults()
	s := &Server{opts: o, truth: map[[2]string][]Revision{}, keys: map[string]known{}}
	if o.Dir != "" {
		if err := s.takeState(); err != nil {
			return nil, err
		}
	}
	s.gen = newGenerator(s.opts)
	s.last = s.gen.base
	s.cached.limit = s.opts.Cache
	s.buffers.New = func() any { return new([]byte) }
	s.tables = s.gen.tables(&s.cached)
	s.byName = make(map[string]*table, len(s.tables))
	for _, t := range s.tables {
		s.byName[t.name] = t
	}
	s.logins.start(o.OAuth)
	s.handler = s.routes()
	if o.Dir == "" {
		return s, nil
	}
	return s, s.openJournal()
}

func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Base.IsZero() {
		o.Base = o.Now()
	}
	o.Base = o.Base.UTC().Truncate(time.Microsecond)
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.Cache == 0 {
		o.Cache = 512 << 20
	}
	o.Counts = o.Counts.withDefaults()
	return o
}

func (c Counts) withDefaults() Counts {
	demo := Counts{Vendors: 520, Customers: 310, Items: 2050, Stock: 4100, Orders: 2100, SalesOrders: 800, Requisitions: 240}
	for _, p := range []struct{ n, demo *int }{
		{&c.Vendors, &demo.Vendors}, {&c.Customers, &demo.Customers}, {&c.Items, &demo.Items}, {&c.Stock, &demo.Stock},
		{&c.Orders, &demo.Orders}, {&c.SalesOrders, &demo.SalesOrders}, {&c.Requisitions, &demo.Requisitions},
	} {
		if *p.n == 0 {
			*p.n = *p.demo
		}
	}
	return c
}

// Handler answers the API.
func (s *Server) Handler() http.Handler { return s.handler }

// Start serves on a loopback address ("" is any free port) until Close.
func (s *Server) Start(address string) error {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("start SimERP on %s: %w; choose another address", address, err)
	}
	s.Serve(l)
	return nil
}

// Serve answers on l, which it takes over, in the background until Close. It is called once.
func (s *Server) Serve(l net.Listener) {
	s.serving.Lock()
	defer s.serving.Unlock()
	web, served := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second}, make(chan struct{})
	s.listener, s.web, s.served = l, web, served
	go func() { defer close(served); _ = web.Serve(l) }()
}

// Warm encodes every record of a resource, as far as the cache allows, so that the first list is as fast as the next.
func (s *Server) Warm(resource string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.byName[resource]; t != nil {
		t.load()
		for _, r := range t.rows {
			t.json(r)
		}
	}
}

// URL is the address of a started SimERP, without a path.
func (s *Server) URL() string { return "http://" + s.Addr() }

// Addr is host:port of a started SimERP, "" otherwise.
func (s *Server) Addr() string {
	s.serving.Lock()
	defer s.serving.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Close stops serving and closes the journal; safe to call twice.
func (s *Server) Close() error {
	s.serving.Lock()
	defer s.serving.Unlock()
	var err error
	if s.web != nil {
		err = s.web.Close()
		<-s.served
		s.web = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.journal.Close())
}
