// Package tryton runs a real Tryton ERP for tests: a private server on a fresh copy of a sample database that
// scripts/tryton.sh builds once and caches. It knows nothing of connectors or drivers.
//
// The sample: 101 vendors (one archived), 20 customers, 200 products, 100 purchase orders in every state (ids 1 to 100; 1-20
// draft, 21-40 quotation, 41-55 confirmed, then processing and done, 91-100 cancelled) dated today and back in steps of three days,
// invoices, and stock in the Storage Zone.
package tryton

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
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
	client  *http.Client
	context map[string]any // the user's preferences, which every call carries
}

const (
	database     = "busbar"
	startTimeout = 2 * time.Minute
	missing      = 77 // exit code of the script where Tryton can neither be found nor installed
)

// Start gives a server of the test's own, stopped when the test ends. It skips, saying why, where Tryton is not installed and
// cannot be (not root); anything else that goes wrong fails the test.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, filepath.Join(template(t), database+".sqlite"), filepath.Join(dir, database+".sqlite"))
	port := freePort(t)
	writeConfig(t, dir, port)
	stderr := run(t, dir)
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), Database: database, User: "admin", Password: "admin",
		ClerkUser: "clerk", ClerkPassword: "clerk-password", t: t, client: client(port)}
	s.await(stderr)
	s.context = s.preferences()
	return s
}

// template builds the sample database unless it is cached and gives its directory.
func template(t testing.TB) string {
	t.Helper()
	cmd := exec.Command("bash", filepath.Join(root(t), "scripts", "tryton.sh"), "template")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == missing {
		t.Skipf("no real Tryton here: %s", stderr.String())
	}
	if err != nil {
		t.Fatalf("build the Tryton sample database: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// root is the directory of go.mod above the test's.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	for ; err == nil && dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatalf("no go.mod above the test's directory (%v)", err)
	return ""
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		t.Fatalf("copy the sample database: %v", err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func writeConfig(t testing.TB, dir string, port int) {
	t.Helper()
	text := fmt.Sprintf("[web]\nlisten = 127.0.0.1:%d\n[database]\nuri = sqlite://\npath = %s\n", port, dir)
	if err := os.WriteFile(filepath.Join(dir, "trytond.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// untilInputEnds runs trytond until its own standard input ends, so that a test process that dies leaves no server behind.
const untilInputEnds = `trytond -c trytond.conf -d ` + database + ` <&- & trap "kill $!" EXIT; cat`

// run starts the server in a process group of its own and gives the name of its log.
func run(t testing.TB, dir string) (log string) {
	t.Helper()
	log = filepath.Join(dir, "trytond.log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command("bash", "-c", untilInputEnds)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start trytond: %v", err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return log
}

func client(port int) *http.Client {
	loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 32)
	return egress.New(egress.Options{Allow: []allow.Rule{{Prefix: loopback, Port: uint16(port)}}}).Client(egress.ClientConfig{})
}

// await asks until the server answers.
func (s *Server) await(log string) {
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
			text, _ := os.ReadFile(log)
			s.t.Fatalf("trytond does not answer within %s:\n%s", startTimeout, text)
		}
	}
}
