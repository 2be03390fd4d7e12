// Package requesttracker runs a real Request Tracker 5 for tests: a private server on a copy of a sample database that is built once and kept in .cache. It knows
// nothing of connectors or drivers.
//
// The sample: 25 tickets of the queue Work orders (ids 1 to 25; n mod 5 is 0 new, 1 open, 2 stalled, 3 resolved, 4 rejected; odd ones are tina's), 6 of Service
// requests (26 to 31), one of a queue that the API's login may not see, one that is deleted (33) and one that became part of ticket 1 (34); 12 assets of two
// catalogs; and what the connector's guide asks for.
package requesttracker

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys"
)

// Server is a running Request Tracker. Its methods that give no error end the test on one.
type Server struct {
	URL            string // http://127.0.0.1:port
	User, Password string // a login with the rights that the guide asks for
	Token          string // of the same login

	Root, RootPassword   string // may do everything
	Clerk, ClerkPassword string // a login without any right

	t       testing.TB
	process *process
	client  *http.Client
}

const startTimeout = 2 * time.Minute

// Start gives a server of the test's own, stopped when the test ends. It skips, saying why, where Request Tracker is not installed.
func Start(t testing.TB) *Server {
	t.Helper()
	from, dir := template(t), t.TempDir()
	copyFile(t, filepath.Join(from, "rtdb"), filepath.Join(dir, "rtdb"))
	token, err := os.ReadFile(filepath.Join(from, "token"))
	if err != nil {
		t.Fatal(err)
	}
	port := realsys.FreePort(t)
	configure(t, dir, port)
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), User: "busbar", Password: "busbar-password", Token: strings.TrimSpace(string(token)),
		Root: "root", RootPassword: "password", Clerk: "clerk", ClerkPassword: "clerk-password",
		t: t, process: &process{dir: dir, port: port}, client: &http.Client{Timeout: time.Minute}}
	t.Cleanup(s.Kill)
	s.Run()
	return s
}

// For gives the same server to a test within the one that started it.
func (s *Server) For(t testing.TB) *Server {
	other := *s
	other.t = t
	return &other
}

// Kill ends the server at once, whatever it is doing.
func (s *Server) Kill() { s.process.kill() }

// Run starts the server anew after Kill, at the same address.
func (s *Server) Run() {
	s.t.Helper()
	if err := s.process.start(); err != nil {
		s.t.Fatalf("start Request Tracker: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.Try(ctx, http.MethodGet, "rt", nil); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("Request Tracker does not answer within %s:\n%s", startTimeout, s.process.said())
		}
	}
}
