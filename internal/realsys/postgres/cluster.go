// Package postgres runs real PostgreSQL servers for tests: private clusters on loopback, which end with the test process however it ends. It uses
// the binaries of Debian's package postgresql, and knows nothing of what is kept in them.
package postgres

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/busbar-dev/busbar/internal/realsys"
)

// Cluster is one PostgreSQL server with a data directory of its own. Its methods end the test on errors.
type Cluster struct {
	Port int

	bin, dir string
	settings []string
	owner    *syscall.Credential // who the server runs as; nil: who we are
	server   *exec.Cmd           // nil while stopped
	watcher  *exec.Cmd
	alive    io.Closer // the watcher's standard input
	names    atomic.Int64
	filled   map[string]bool // databases that others are copied from
}

// The roles of a cluster. Role owns its databases and is no superuser, as a program's role should be; Admin may do everything. Neither has a password.
// A role of the name Guarded, when a test makes one, must give its password.
const (
	Role    = "busbar"
	Admin   = "postgres"
	Guarded = "guarded"
)

// patience is how long a server may take to start or stop.
const patience = time.Minute

// ticksASecond is the unit of Linux for processor time.
const ticksASecond = 100

// Start starts a cluster of the test's own, with settings such as "wal_level=logical" beside the usual ones. It ends with the test. The test is
// skipped where PostgreSQL is not installed.
func Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c := begin(t, settings)
	t.Cleanup(c.remove)
	return c
}

func begin(t testing.TB, settings []string) *Cluster {
	t.Helper()
	c := &Cluster{bin: binaries(t), settings: append(usual(), settings...), owner: owner(t), Port: realsys.FreePort(t), filled: map[string]bool{}}
	c.fill(t, template(t, c.bin, c.owner))
	c.watch(t)
	c.Start(t)
	return c
}

// usual are the settings of every cluster: nothing must outlive the machine, and an operator's time zone is not ours.
func usual() []string {
	return []string{
		"fsync=off", "full_page_writes=off", "max_wal_size=2GB", "shared_buffers=128MB", "max_connections=400", "timezone=Europe/Berlin",
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "logging_collector=off",
	}
}

// fill makes the cluster's directory from a copy of the template.
func (c *Cluster) fill(t testing.TB, from string) {
	t.Helper()
	var err error
	if c.dir, err = os.MkdirTemp("", "busbar-postgres-"); err != nil {
		t.Fatal(err)
	}
	output(t, exec.Command("cp", "-a", from, filepath.Join(c.dir, "data")))
	if c.owner != nil {
		output(t, exec.Command("chown", "-R", fmt.Sprintf("%d:%d", c.owner.Uid, c.owner.Gid), c.dir))
	}
}

// untilInputEnds waits for the end of its standard input, which a test process that dies closes too, and removes the cluster.
const untilInputEnds = `cat > /dev/null
read -r pid < data/postmaster.pid && kill -QUIT "$pid"
for _ in $(seq 100); do [ -e data/postmaster.pid ] || break; sleep 0.1; done
rm -rf "$1"`

// watch makes sure that neither server nor files are left behind when the test process dies.
func (c *Cluster) watch(t testing.TB) {
	t.Helper()
	c.watcher = exec.Command("/bin/sh", "-c", untilInputEnds, "watch", c.dir)
	c.run(c.watcher)
	var err error
	if c.alive, err = c.watcher.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.watcher.Start(); err != nil {
		t.Fatalf("watch over PostgreSQL: %v", err)
	}
}

// run lets a command run as the server does, in a process group of its own.
func (c *Cluster) run(cmd *exec.Cmd) {
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.owner}
}

// remove ends the server and takes its files away.
func (c *Cluster) remove() {
	c.quit(syscall.SIGQUIT)
	_ = c.alive.Close()
	_ = c.watcher.Wait()
}

func (c *Cluster) quit(sig syscall.Signal) {
	if c.server != nil {
		c.signal(sig)
		_ = c.server.Wait()
		c.server = nil
	}
}

// Stop ends the server at once, as a crash of the program would: what was committed is there after the next Start.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	if c.server == nil {
		t.Fatal("PostgreSQL is stopped already")
	}
	c.quit(syscall.SIGQUIT)
}

// Start starts the server again after Stop, with the port and files that it had.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if c.server != nil {
		t.Fatal("PostgreSQL is running already")
	}
	args := []string{"-D", filepath.Join(c.dir, "data"), "-p", strconv.Itoa(c.Port)}
	for _, s := range c.settings {
		args = append(args, "-c", s)
	}
	log, err := os.OpenFile(c.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c.server = exec.Command(filepath.Join(c.bin, "postgres"), args...)
	c.run(c.server)
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	c.await(t)
}

func (c *Cluster) log() string { return filepath.Join(c.dir, "log") }

// Log gives what the server wrote.
func (c *Cluster) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(c.log())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Keep copies the files of a stopped server, for FallBack.
func (c *Cluster) Keep(t testing.TB) (kept string) {
	t.Helper()
	kept = filepath.Join(c.dir, fmt.Sprintf("kept-%d", c.names.Add(1)))
	output(t, exec.Command("cp", "-a", filepath.Join(c.dir, "data"), kept))
	return kept
}

// FallBack starts a stopped server from a copy, on a timeline of its own, as a standby does that takes over before it has received everything: what was committed after the
// copy is gone.
func (c *Cluster) FallBack(t testing.TB, kept string) {
	t.Helper()
	data := filepath.Join(c.dir, "data")
	output(t, exec.Command("rm", "-rf", data))
	output(t, exec.Command("cp", "-a", kept, data))
	output(t, exec.Command("cp", "--preserve=ownership", filepath.Join(data, "PG_VERSION"), filepath.Join(data, "recovery.signal")))
	c.settings = append(c.settings, "restore_command=false", "hot_standby=off") // it answers once it has taken over
	c.Start(t)
}

// await asks until the server answers.
func (c *Cluster) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.URL(Admin, "postgres"))
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("PostgreSQL does not answer within %s: %v\n%s", patience, err, c.Log(t))
		}
	}
}

func (c *Cluster) signal(sig syscall.Signal) { _ = syscall.Kill(c.server.Process.Pid, sig) }

func (c *Cluster) children() (pids []int) {
	pid := c.server.Process.Pid
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, word := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(word); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// CPU is the processor time that the server has spent.
func (c *Cluster) CPU(t testing.TB) (spent time.Duration) {
	t.Helper()
	for _, pid := range append(c.children(), c.server.Process.Pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended, and its parent counts it
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		for _, ticks := range strings.Fields(rest)[11:15] {
			n, _ := strconv.ParseInt(ticks, 10, 64)
			spent += time.Duration(n) * time.Second / ticksASecond
		}
	}
	return spent
}
