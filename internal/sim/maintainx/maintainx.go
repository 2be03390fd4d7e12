// Package maintainx owns a simulator of the REST API of MaintainX, version 1: strict where the vendor's OpenAPI document is, with its names, limits, errors and the changes of status that it allows.
// What the document does not say is not offered. It is never called the real system.
package maintainx

import (
	"net/http"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/records"
)

// DefaultKey is the API key when Options name none.
const DefaultKey = "mx-simulated-key"

// Options say what a simulator holds and how it behaves.
type Options struct {
	Key           string
	PerMinute     int  // requests that are answered in 60 s; 0: 100
	Organizations bool // the key is of several organizations: each request must name one
	WorkOrders    int  // 0: 60; the numbers of other records follow
	Now           func() time.Time
	Fault         func(*http.Request) *fault.Fault
}

// Server is one simulator.
type Server struct {
	records.Host
	records.Hands
	opts    Options
	store   *records.Store
	late    fault.Late
	handler http.Handler

	rating sync.Mutex
	window time.Time
	used   int
}

const stamps = "2006-01-02T15:04:05.000Z"

// Open makes a simulator.
func Open(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Key == "" {
		o.Key = DefaultKey
	}
	if o.PerMinute == 0 {
		o.PerMinute = 100
	}
	if o.WorkOrders == 0 {
		o.WorkOrders = 60
	}
	s := &Server{opts: o}
	s.store = records.New(records.Options{
		Name: "the simulator of MaintainX", Created: "createdAt", Updated: "updatedAt", Now: o.Now,
		ReadTime: func(text string) (time.Time, bool) {
			t, err := time.Parse(time.RFC3339Nano, text)
			return t, err == nil
		},
		ShowTime: func(t time.Time) string { return t.UTC().Format(stamps) },
	}, tables()...)
	s.generate()
	s.Hands = s.hands()
	s.handler = s.routes()
	return s
}

// Start serves on a loopback address until Close.
func (s *Server) Start(address string) error {
	return s.Host.Start("the simulator of MaintainX", address, s.handler)
}

// Close stops serving.
func (s *Server) Close() error { return s.Stop() }
