package app

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/cmms"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// simulated is a simulated system beside the demo's Busbar.
type simulated struct {
	system, name string
	prefix       string // of its variables in demo.env
	variables    string // what comes behind BUSBAR in the names of its connection's variables
	key          string
	open         func(dir string, now func() time.Time) (simulator, error)
	listener     net.Listener
	server       simulator
	url          string
}

// simulator is a system that keeps its state in a directory.
type simulator interface {
	Serve(l net.Listener)
	Close() error
}

// simulations are the demo's systems.
func simulations() []*simulated {
	return []*simulated{
		{system: "sim-erp", name: "Simulated ERP", prefix: "SIM_ERP", key: erp.DefaultKey, open: func(dir string, now func() time.Time) (simulator, error) {
			return erp.Open(erp.Options{Dir: dir, Now: now})
		}},
		{system: "sim-cmms", name: "Simulated CMMS", prefix: "SIM_CMMS", variables: "_CMMS", key: cmms.DefaultKey, open: func(dir string, now func() time.Time) (simulator, error) {
			return cmms.Open(cmms.Options{Dir: dir, Now: now})
		}},
	}
}

func (s *simulated) token() string      { return "BUSBAR" + s.variables + "_TOKEN" }
func (s *simulated) connection() string { return "BUSBAR" + s.variables + "_CONNECTION" }

func (s *simulated) credentials() map[string]string {
	return map[string]string{"url": s.url, "api_key": s.key}
}

// reserve opens the simulator's address: the one of the last start where that is free, so that the connection needs no new address.
func (s *simulated) reserve(ctx context.Context, env map[string]string) (err error) {
	if host := strings.TrimPrefix(env[s.prefix+"_URL"], "http://"); strings.HasPrefix(host, "127.0.0.1:") {
		s.listener, err = listen(ctx, host)
	}
	if s.listener == nil || err != nil {
		s.listener, err = listen(ctx, "127.0.0.1:0")
	}
	if err == nil {
		s.url = "http://" + s.listener.Addr().String()
	}
	return err
}

// start takes up the state below the data directory, and answers.
func (s *simulated) start(data string, now func() time.Time) error {
	server, err := s.open(filepath.Join(data, s.system), now)
	if err != nil {
		return err
	}
	s.server = server
	s.server.Serve(s.listener)
	return nil
}

func (s *simulated) close() error {
	switch {
	case s.server != nil:
		return s.server.Close()
	case s.listener != nil:
		return s.listener.Close()
	}
	return nil
}
