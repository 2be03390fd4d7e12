package tryton

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

// process is the server's, started as often as the test wants.
type process struct {
	dir, database string

	mu  sync.Mutex
	cmd *exec.Cmd
}

// untilInputEnds runs trytond until its own standard input ends, so that a test process that dies leaves no server behind.
const untilInputEnds = `trytond -c trytond.conf -d "$0" <&- & trap "kill $!" EXIT; cat`

// start starts the server in a process group of its own.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	file, err := os.OpenFile(p.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.Command("bash", "-c", untilInputEnds, p.database)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, file, file
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

func (p *process) log() string { return filepath.Join(p.dir, "trytond.log") }

func (p *process) said() string {
	text, _ := os.ReadFile(p.log())
	return string(text)
}
