package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// cutter stands in front of a system that does not speak HTTP, and cuts its connections at chosen moments.
type cutter struct {
	listener net.Listener
	line     driver.Line
	target   string
	mu       sync.Mutex
	open     map[net.Conn]bool
	left     atomic.Int64 // bytes of answers that still come through; -1: all
	refuse   atomic.Bool  // new connections are closed at once
}

func newCutter(g *egress.Guard, host, port string) (*cutter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the suite's proxy: %w", err)
	}
	c := &cutter{listener: l, line: g.Line(egress.ClientConfig{}), target: net.JoinHostPort(host, port), open: map[net.Conn]bool{}}
	c.left.Store(-1)
	go c.serve()
	return c, nil
}

func (c *cutter) host() string { return "127.0.0.1" }

func (c *cutter) port() string {
	_, port, _ := net.SplitHostPort(c.listener.Addr().String())
	return port
}

func (c *cutter) rule() allow.Rule {
	return allow.One(netip.MustParseAddrPort(c.listener.Addr().String()))
}

func (c *cutter) close() {
	_ = c.listener.Close()
	c.cut()
}

// after lets so many bytes of answers through and then cuts every connection; -1 heals it.
func (c *cutter) after(n int64) { c.left.Store(n) }

// cut ends every connection.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.open {
		_ = conn.Close()
	}
	clear(c.open)
}

func (c *cutter) serve() {
	for {
		in, err := c.listener.Accept()
		if err != nil {
			return
		}
		if c.refuse.Load() {
			_ = in.Close()
			continue
		}
		go c.pass(in)
	}
}

// pass leads one connection through.
func (c *cutter) pass(in net.Conn) {
	defer func() { _ = in.Close() }()
	out, err := c.line.Dial(context.Background(), "tcp", c.target)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	c.mu.Lock()
	c.open[in], c.open[out] = true, true
	c.mu.Unlock()
	go func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	_, _ = io.Copy(limited{c, in}, out)
	c.mu.Lock()
	delete(c.open, in)
	delete(c.open, out)
	c.mu.Unlock()
}

// limited lets answers through as far as the cutter lets them.
type limited struct {
	c  *cutter
	to net.Conn
}

// Write implements io.Writer.
func (l limited) Write(p []byte) (int, error) {
	left := l.c.left.Load()
	if left < 0 {
		return l.to.Write(p)
	}
	n := min(int64(len(p)), left)
	l.c.left.Add(-n)
	if _, err := l.to.Write(p[:n]); err != nil || n < int64(len(p)) {
		l.c.cut()
		return int(n), io.ErrClosedPipe
	}
	return len(p), nil
}
