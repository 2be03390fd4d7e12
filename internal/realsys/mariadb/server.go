// Package mariadb runs a real MariaDB server for tests: one of each test process, on loopback, with a data directory of its own, which ends with the process however it
// ends. It uses the binaries of Debian's package mariadb-server, and knows nothing of what is kept in it.
package mariadb

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // the client by which tests speak to it

	"github.com/busbar-dev/busbar/internal/realsys"
)

const (
	server   = "/usr/sbin/mariadbd"
	install  = "/usr/bin/mariadb-install-db"
	patience = time.Minute
)

// Admin may do everything, and has no password.
const Admin = "busbar_admin"

// Server is one MariaDB. Its methods end the test on errors.
type Server struct {
	Port int

	dir     string
	process *exec.Cmd // nil while stopped
	watcher *exec.Cmd
	alive   io.Closer // the watcher's standard input
	names   atomic.Int64
}

var shared struct {
	sync.Mutex
	*Server
}

// Shared gives the server that all tests of the process share. The test is skipped where MariaDB is not installed.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Server == nil {
		shared.Server = begin(t)
	}
	return shared.Server
}

// Start starts a server of the test's own, which ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := begin(t)
	t.Cleanup(func() {
		s.Stop(t)
		_ = s.alive.Close()
		_ = s.watcher.Wait()
	})
	return s
}

func begin(t testing.TB) *Server {
	t.Helper()
	if _, err := os.Stat(server); err != nil {
		t.Skipf("no MariaDB in %s: install Debian's package mariadb-server, or run scripts/setup-test as root", server)
	}
	s := &Server{Port: realsys.FreePort(t)}
	var err error
	if s.dir, err = os.MkdirTemp("", "busbar-mariadb-"); err != nil {
		t.Fatal(err)
	}
	s.watch(t)
	made := exec.Command(install, "--no-defaults", "--datadir="+s.data(), "--auth-root-authentication-method=normal", "--skip-test-db", "--user="+user())
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("make MariaDB's directory: %v\n%s", err, out)
	}
	s.Start(t)
	return s
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// user is as whom the server runs.
func user() string {
	if os.Geteuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}

// untilInputEnds waits for the end of its standard input, which a test process that dies closes too, and removes the server.
const untilInputEnds = `cat > /dev/null
if read -r pid 2> /dev/null < "$1/pid"; then kill -KILL "$pid" 2> /dev/null; fi
for _ in $(seq 100); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
rm -rf "$1"`

func (s *Server) watch(t testing.TB) {
	t.Helper()
	s.watcher = exec.Command("/bin/sh", "-c", untilInputEnds, "watch", s.dir)
	s.watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if s.alive, err = s.watcher.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.watcher.Start(); err != nil {
		t.Fatalf("watch over MariaDB: %v", err)
	}
}

// Start starts the server again after Stop, with the port and files that it had.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	init := filepath.Join(s.dir, "init.sql")
	text := "CREATE USER IF NOT EXISTS " + Admin + "@'127.0.0.1';\nGRANT ALL ON *.* TO " + Admin + "@'127.0.0.1' WITH GRANT OPTION;\n"
	if err := os.WriteFile(init, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s.process = exec.Command(server, "--no-defaults", "--datadir="+s.data(), "--port="+strconv.Itoa(s.Port), "--bind-address=127.0.0.1", "--socket="+filepath.Join(s.dir, "socket"),
		"--pid-file="+filepath.Join(s.dir, "pid"), "--user="+user(), "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
		"--default-time-zone=+05:00", "--init-file="+init, "--log-error="+filepath.Join(s.dir, "log.err"))
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.process.Start(); err != nil {
		t.Fatalf("start MariaDB: %v", err)
	}
	s.await(t)
}

// Stop ends the server at once.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		s.process = nil
	}
}

func (s *Server) await(t testing.TB) {
	t.Helper()
	db := s.Open(t, "")
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log.err"))
			t.Fatalf("MariaDB does not answer within %s: %v\n%s", patience, err, log)
		}
	}
}

// Open opens a database as Admin.
func (s *Server) Open(t testing.TB, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(127.0.0.1:%d)/%s?multiStatements=true", Admin, s.Port, database))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Database makes a new, empty database, which goes with the test.
func (s *Server) Database(t testing.TB) (name string) {
	t.Helper()
	name = fmt.Sprintf("test_%d", s.names.Add(1))
	s.Exec(t, "", "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	t.Cleanup(func() {
		db := s.Open(t, "")
		defer db.Close()
		_, _ = db.Exec("DROP DATABASE " + name)
	})
	return name
}

// Exec runs statements as Admin.
func (s *Server) Exec(t testing.TB, database, statements string) {
	t.Helper()
	db := s.Open(t, database)
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}
