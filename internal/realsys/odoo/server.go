// Package odoo runs a real Odoo 14 for tests: a private server on a copy of a sample database that scripts/odoo.sh builds once and caches, on a PostgreSQL of the test's
// own. It knows nothing of connectors or drivers.
//
// The sample: 101 vendors (the last archived), 20 customers, 200 products (each 25th a service), 100 purchase orders (ids 1 to 40 draft, 41-60 sent, 61-85 confirmed, 86-90 done,
// 91-100 cancelled) dated today and back in steps of three days, stock on five shelves, 60 machines (the last archived), and 120 maintenance requests (the last archived).
package odoo

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/realsys"
	"github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// Server is a running Odoo. Its methods end the test on errors, except Try.
type Server struct {
	URL      string // http://127.0.0.1:port
	Database string
	User     string // has the groups that Busbar needs
	Key      string // the API key of that user
	Address  string // of its PostgreSQL database

	// Clerk is a login that may not see purchasing.
	ClerkUser, ClerkPassword string

	t      testing.TB
	client *http.Client
	uid    int
}

const (
	missing      = 77 // exit code of the script where Odoo can neither be found nor installed
	startTimeout = 3 * time.Minute
)

// Start gives a server of the test's own, stopped when the test ends. It skips, saying why, where Odoo is not installed and cannot be.
func Start(t testing.TB) *Server {
	t.Helper()
	return serve(t, postgres.Start(t).Database(t))
}

// StartIfCached is Start for tests that everybody runs: it skips where the server would have to be built first, which takes minutes.
func StartIfCached(t testing.TB) *Server {
	t.Helper()
	if err := exec.Command("bash", script(t), "cached").Run(); err != nil {
		t.Skip("no real Odoo is built here: make live builds it")
	}
	return Start(t)
}

func script(t testing.TB) string {
	t.Helper()
	return filepath.Join(realsys.Root(t), "scripts", "odoo.sh")
}

func serve(t testing.TB, database string) *Server {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme, u.RawQuery = "postgresql", ""
	dir := t.TempDir()
	restore(t, u.String(), dir)
	key, err := os.ReadFile(filepath.Join(dir, "data", "busbar.key"))
	if err != nil {
		t.Fatal(err)
	}
	port := realsys.FreePort(t)
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), Database: strings.TrimPrefix(u.Path, "/"), User: "busbar", Key: string(key), Address: database,
		ClerkUser: "clerk", ClerkPassword: "clerk", t: t, client: client(port)}
	s.run(u.String(), dir, port)
	return s
}

func restore(t testing.TB, database, dir string) {
	t.Helper()
	cmd := exec.Command("bash", script(t), "restore", database, dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == missing {
		t.Skipf("no real Odoo here: %s", stderr.String())
	}
	if err != nil {
		t.Fatalf("scripts/odoo.sh restore: %v\n%s", err, stderr.String())
	}
}

// untilInputEnds runs the server until its own standard input ends, so that a test process that dies leaves none behind.
const untilInputEnds = `bash "$0" serve "$@" <&- & trap "kill $!" EXIT; cat`

// run starts the server in a process group of its own and waits until it answers.
func (s *Server) run(database, dir string, port int) {
	s.t.Helper()
	var said bytes.Buffer
	cmd := exec.Command("bash", "-c", untilInputEnds, script(s.t), database, dir, strconv.Itoa(port))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := cmd.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start Odoo: %v", err)
	}
	stop := func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
	s.t.Cleanup(stop)
	if !s.answers() {
		stop()
		s.t.Fatalf("Odoo does not answer within %s:\n%s", startTimeout, said.String())
	}
}

// answers asks until the server lets its user in.
func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.logIn(ctx) == nil {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// For gives the same server to a test within the one that started it.
func (s *Server) For(t testing.TB) *Server {
	other := *s
	other.t = t
	return &other
}

func client(port int) *http.Client {
	loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32)
	return egress.New(egress.Options{Allow: []allow.Rule{{Prefix: loopback, Port: uint16(port)}}}).Client(egress.ClientConfig{})
}
