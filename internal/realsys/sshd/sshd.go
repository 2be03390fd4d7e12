// Package sshd runs real OpenSSH servers for tests: a private sshd on a free port of loopback that offers SFTP alone, and ends with the test process however it ends. It uses
// the binary of Debian's package openssh-server, and knows nothing of drivers.
package sshd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/busbar-dev/busbar/internal/realsys"
)

const binary = "/usr/sbin/sshd"

// patience is how long a server may take to start.
const patience = 20 * time.Second

// Server is a running sshd. Its methods end the test on errors.
type Server struct {
	Port    int
	User    string // may log in with Key
	Key     string // private, as a key file has it
	HostKey string // the fingerprint of the server's own key
	Dir     string // a directory that the user may change, as the server knows it

	t       testing.TB
	files   string // the server's own
	watcher *exec.Cmd
}

// Start gives a server of the test's own, stopped when the test ends. The test is skipped where OpenSSH's server is not installed.
func Start(t testing.TB) *Server {
	t.Helper()
	if _, err := os.Stat(binary); err != nil {
		t.Skipf("OpenSSH's server is not installed (%s is missing); scripts/setup-test installs it as root", binary)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Port: realsys.FreePort(t), User: me.Username, Dir: t.TempDir(), files: t.TempDir()}
	if me.Uid == "0" {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var public string
	s.Key, public = s.newKey("client")
	s.put("authorized_keys", public)
	s.NewHostKey()
	t.Cleanup(s.Stop)
	s.Run()
	return s
}

// NewHostKey gives the server another key, from its next Run on.
func (s *Server) NewHostKey() {
	s.t.Helper()
	private, public := s.newKey("host")
	s.put("host_key", private)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		s.t.Fatal(err)
	}
	s.HostKey = ssh.FingerprintSHA256(key)
}

func (s *Server) newKey(comment string) (private, public string) {
	s.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, comment)
	if err != nil {
		s.t.Fatal(err)
	}
	shown, err := ssh.NewPublicKey(pub)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(shown))
}

func (s *Server) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.files, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// config lets one user in with a key, to SFTP and nothing else.
func (s *Server) config() string {
	at := func(name string) string { return filepath.Join(s.files, name) }
	return fmt.Sprintf(`ListenAddress 127.0.0.1:%d
HostKey %s
AuthorizedKeysFile %s
PidFile %s
AllowUsers %s
PermitRootLogin prohibit-password
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp
`, s.Port, at("host_key"), at("authorized_keys"), at("pid"), s.User)
}

// untilInputEnds runs sshd until its own standard input ends, so that a test process that dies leaves no server behind.
const untilInputEnds = `"$0" -D -e -f config <&- 2>> log & trap "kill $!" EXIT; cat`

// Run starts the server anew after Stop, at the same address.
func (s *Server) Run() {
	s.t.Helper()
	s.put("config", s.config())
	s.watcher = exec.Command("bash", "-c", untilInputEnds, binary)
	s.watcher.Dir = s.files
	s.watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := s.watcher.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.watcher.Start(); err != nil {
		s.t.Fatalf("start sshd: %v", err)
	}
	s.await()
}

// Stop ends the server and all its sessions, which are no members of its process group.
func (s *Server) Stop() {
	if s.watcher != nil {
		for _, pid := range append(below(s.watcher.Process.Pid), -s.watcher.Process.Pid) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = s.watcher.Wait()
		s.watcher = nil
		s.until(func(err error) bool { return err != nil })
	}
}

// below lists the processes that a process has started, and those that they have.
func below(pid int) (all []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(text)) {
		if n, err := strconv.Atoi(child); err == nil {
			all = append(append(all, n), below(n)...)
		}
	}
	return all
}

func (s *Server) await() {
	s.t.Helper()
	if !s.until(func(err error) bool { return err == nil }) {
		log, _ := os.ReadFile(filepath.Join(s.files, "log"))
		s.t.Fatalf("sshd does not answer within %s:\n%s", patience, log)
	}
}

// until dials the server until the outcome is as wanted; false: it is not, for as long as one has patience.
func (s *Server) until(wanted func(error) bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)))
		if err == nil {
			_ = conn.Close()
		}
		if wanted(err) {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

var versionText = regexp.MustCompile(`OpenSSH_(\d+\.\d+)`)

// Version tells which OpenSSH it is: "9.2".
func (s *Server) Version() string {
	s.t.Helper()
	said, _ := exec.Command(binary, "-V").CombinedOutput()
	found := versionText.FindSubmatch(bytes.TrimSpace(said))
	if found == nil {
		s.t.Fatalf("sshd does not say which it is: %s", said)
	}
	return string(found[1])
}
