package requesttracker

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// process is the server's, started as often as the test wants.
type process struct {
	dir  string
	port int

	mu  sync.Mutex
	cmd *exec.Cmd
}

// untilInputEnds runs the server until its own standard input ends, so that a test process that dies leaves no server behind.
const untilInputEnds = program + ` --server Standalone --host 127.0.0.1 --port "$0" <&- & trap "kill $!" EXIT; cat`

// start starts the server in a process group of its own.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	file, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.Command("bash", "-c", untilInputEnds, strconv.Itoa(p.port))
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = p.dir, file, file, environment(p.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	return nil
}

// kill ends the group; when there is none it does nothing.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

func (p *process) log() string { return filepath.Join(p.dir, "server.log") }

func (p *process) said() string {
	text, _ := os.ReadFile(p.log())
	return string(text)
}
