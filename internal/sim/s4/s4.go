// Package s4 owns a simulator of the OData services of SAP S/4HANA, built from what SAP documents of them: the names of services, sets and members, their types and lengths, and how they
// behave. It is strict, keeps state in memory and obeys business rules. It is our own code, and not SAP's system.
package s4

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// The login and the client when Options name none.
const (
	DefaultUser     = "BUSBAR"
	DefaultPassword = "Sandbox-2026"
	DefaultClient   = "100"
)

// pageCap is how many records an answer holds at most, whatever is asked for.
const pageCap = 1000

// Options say what a simulator holds and how it behaves. The zero value is a small plant.
type Options struct {
	User     string
	Password string
	Now      func() time.Time // nil: time.Now
	Counts   Counts
	Plan     func(*http.Request) *fault.Fault // what goes wrong; nil: nothing
	Cap      int                              // records in an answer at most; 0: 1000
}

// Counts are how many records there are; 0: the default.
type Counts struct{ Vendors, Products, Orders, MaintenanceOrders, Notifications, Equipment, FunctionalLocations, Stock int }

// Server is a running simulator. Its methods may be called concurrently.
type Server struct {
	opts     Options
	listener net.Listener
	http     *http.Server

	late     fault.Late
	mu       sync.Mutex
	services map[string]*service
	tables   map[string]*table
	sessions map[string]string // cookie: token
	numbers  map[string]int64
	requests []string // method and path of what came, for tests
	last     []byte   // the last list, for faults that repeat it
}

// Start runs a simulator on a free port of loopback.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.User == "" {
		o.User, o.Password = DefaultUser, DefaultPassword
	}
	if o.Cap == 0 {
		o.Cap = pageCap
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	s := &Server{opts: o, listener: listener, sessions: map[string]string{}, numbers: map[string]int64{}}
	s.services, s.tables = catalogue()
	s.seed()
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

// URL is where it answers.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close stops it.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.http.Shutdown(ctx)
	return s.http.Close()
}

// Late keeps writes that take effect after their answer was lost.
func (s *Server) Late() *fault.Late { return &s.late }

// Requests lists what was asked so far: method, path and query.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// EndSessions forgets every session, as the system does after some idle time.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

func (s *Server) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }
