// Package tryton runs a real Tryton ERP for tests: a private server on a fresh copy of a sample database that
// scripts/tryton.sh builds once and caches, on SQLite or PostgreSQL. It knows nothing of connectors or drivers.
//
// The sample: 101 vendors (one archived), 20 customers, 200 products, 100 purchase orders in every state (ids 1 to 100; 1-20
// draft, 21-40 quotation, 41-55 confirmed, then processing and done, 91-100 cancelled) dated today and back in steps of three days,
// invoices, and stock in the Storage Zone.
package tryton

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/realsys"
)

// Server is a running Tryton. Its methods end the test on errors, except Try.
type Server struct {
	URL      string // http://127.0.0.1:port, without the database
	Database string
	User     string // may do everything
	Password string

	// Clerk is a login that may not see purchasing.
	ClerkUser, ClerkPassword string

	t       testing.TB
	process *process
	client  *http.Client
	context map[string]any // the user's preferences, which every call carries
}

const startTimeout = 2 * time.Minute

// Start gives a server of the test's own on SQLite, stopped when the test ends. It skips, saying why, where Tryton is not installed and
// cannot be (not root); anything else that goes wrong fails the test.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, filepath.Join(template(t), sample+".sqlite"), filepath.Join(dir, sample+".sqlite"))
	return serve(t, dir, sample, "sqlite://\npath = "+dir)
}

// StartOn is Start on an empty PostgreSQL database, which it fills with the same sample data.
func StartOn(t testing.TB, database string) *Server {
	t.Helper()
	uri, name := restore(t, database)
	return serve(t, t.TempDir(), name, uri)
}

// serve starts a server on a database and waits until it answers.
func serve(t testing.TB, dir, database, uri string) *Server {
	t.Helper()
	port := realsys.FreePort(t)
	text := fmt.Sprintf("[web]\nlisten = 127.0.0.1:%d\n[database]\nuri = %s\n", port, uri)
	if err := os.WriteFile(filepath.Join(dir, "trytond.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), Database: database, User: "admin", Password: "admin",
		ClerkUser: "clerk", ClerkPassword: "clerk-password", t: t, client: client(port), process: &process{dir: dir, database: database}}
	t.Cleanup(s.process.kill)
	s.Run()
	s.context = s.preferences()
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
		s.t.Fatalf("start trytond: %v", err)
	}
	s.await()
}

func client(port int) *http.Client {
	loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32)
	return egress.New(egress.Options{Allow: []allow.Rule{{Prefix: loopback, Port: uint16(port)}}}).Client(egress.ClientConfig{})
}

// await asks until the server answers.
func (s *Server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.post(ctx, "/", "common.server.version"); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.t.Fatalf("trytond does not answer within %s:\n%s", startTimeout, s.process.said())
		}
	}
}
