// Package cmms owns SimCMMS: a small maintenance system of our own brand that speaks JSON over HTTP, keeps state and obeys the rules of its trade.
//
// Its plant comes from a seed and is the same every time; what people change through its API is journalled in its directory and survives a restart. It knows nothing
// of Busbar: it stands where a customer's system would.
package cmms

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/journal"
	"github.com/busbar-dev/busbar/internal/sim/records"
)

// DefaultKey is the API key when Options name none. SimCMMS holds invented data only.
const DefaultKey = "sim-cmms-demo"

// Version is what SimCMMS calls itself.
const Version = "2.3"

// Options say what a SimCMMS holds and how it behaves. The zero value is the demo plant, in memory.
type Options struct {
	Dir    string           // keeps state.json and journal.jsonl; "": nothing survives
	Seed   uint64           // of the data; 0 means 1
	Base   time.Time        // the newest instant of generated data; zero: Now, when the state is first made
	Counts Counts           // zero members take the demo's
	Now    func() time.Time // default time.Now
	Key    string           // default DefaultKey
	Zone   *time.Location   // of the times that it shows; default Europe/Berlin
	Fault  func(*http.Request) *fault.Fault
}

// Counts are the numbers of generated records.
type Counts struct{ Equipment, Parts, WorkOrders, Requests, Readings, Requisitions int }

// Server is one SimCMMS.
type Server struct {
	records.Host
	records.Hands
	opts    Options
	store   *records.Store
	rules   map[string]rule
	late    fault.Late
	handler http.Handler
}

// state is what generated data depend on.
type state struct {
	Seed   uint64    `json:"seed"`
	Base   time.Time `json:"base"`
	Counts Counts    `json:"counts"`
}

// Open makes a SimCMMS, or takes up the state that Dir holds.
func Open(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, rules: rules()}
	if o.Dir != "" {
		st := state{o.Seed, o.Base, o.Counts}
		if err := journal.TakeState("SimCMMS", o.Dir, &st); err != nil {
			return nil, err
		}
		s.opts.Seed, s.opts.Base, s.opts.Counts = st.Seed, st.Base, st.Counts
	}
	s.store = records.New(records.Options{
		Name: "SimCMMS", Created: "createdAt", Updated: "updatedAt", Version: "version", Now: o.Now, ReadTime: s.readTime, ShowTime: s.showTime,
	}, tables()...)
	generate(s.store, s.opts)
	s.Hands = s.hands()
	s.handler = s.routes()
	if o.Dir == "" {
		return s, nil
	}
	return s, s.store.Keep(o.Dir)
}

func (o Options) withDefaults() (Options, error) {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Base.IsZero() {
		o.Base = o.Now()
	}
	o.Base = o.Base.UTC().Truncate(time.Millisecond)
	if o.Key == "" {
		o.Key = DefaultKey
	}
	var err error
	if o.Zone == nil {
		o.Zone, err = time.LoadLocation("Europe/Berlin")
	}
	demo := Counts{Equipment: 340, Parts: 420, WorkOrders: 1500, Requests: 400, Readings: 1200, Requisitions: 120}
	for _, p := range []struct{ n, demo *int }{
		{&o.Counts.Equipment, &demo.Equipment}, {&o.Counts.Parts, &demo.Parts}, {&o.Counts.WorkOrders, &demo.WorkOrders},
		{&o.Counts.Requests, &demo.Requests}, {&o.Counts.Readings, &demo.Readings}, {&o.Counts.Requisitions, &demo.Requisitions},
	} {
		if *p.n == 0 {
			*p.n = *p.demo
		}
	}
	return o, err
}

// local is how SimCMMS writes times: as the clock in its plant shows them.
const local = "2006-01-02T15:04:05.000"

func (s *Server) showTime(t time.Time) string { return t.In(s.opts.Zone).Format(local) }

// readTime takes times with a zone, and those of the plant's clock without.
func (s *Server) readTime(text string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, true
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", strings.Replace(text, " ", "T", 1), s.opts.Zone)
	return t, err == nil
}

// Handler answers the API.
func (s *Server) Handler() http.Handler { return s.handler }

// Start serves on a loopback address ("" is any free port) until Close.
func (s *Server) Start(address string) error { return s.Host.Start("SimCMMS", address, s.handler) }

// Serve answers on l, which it takes over, in the background until Close. It is called once.
func (s *Server) Serve(l net.Listener) { s.Host.Serve(l, s.handler) }

// Close stops serving and closes the journal; safe to call twice.
func (s *Server) Close() error { return errors.Join(s.Stop(), s.store.Close()) }
