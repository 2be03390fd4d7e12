package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// gate stands before the first byte of one write. One connection passes it once; behind that nobody else does, whatever the transport tries.
type gate struct {
	over    func() error // the caller has gone
	allowed func() error // nil: always

	mu     sync.Mutex
	passed *gatedConn // the connection that the write goes out on; nil: none so far
	gone   bool       // a byte may have gone out
	closed bool       // nothing more may go out
}

type gateKey struct{}

// errPassed is what a second attempt meets.
var errPassed = errors.New("the connection broke before an answer came, and a write is not sent twice")

// errShut is what an attempt meets whose caller has its answer already.
var errShut = errors.New("the write was given up before it was sent")

// meet is told of the connection that the request is about to be written to.
func (g *gate) meet(info httptrace.GotConnInfo) {
	conn := info.Conn
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = wrapped.NetConn()
	}
	if c, ok := conn.(*gatedConn); ok {
		c.gate.Store(g)
	}
}

// pass lets a connection write when it is the first that asks and the sender is still allowed to.
func (g *gate) pass(c *gatedConn) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.passed == c && !g.closed:
		return nil
	case g.passed != nil:
		return errPassed
	case g.closed:
		return errShut
	}
	if err := g.leave(); err != nil {
		g.closed = true
		return err
	}
	g.passed, g.gone = c, true
	return nil
}

// leave asks the sender, and then whether its caller still waits, for the answer may take a while.
func (g *gate) leave() error {
	if g.allowed != nil {
		if err := g.allowed(); err != nil {
			return fmt.Errorf("%w: %w", errForbidden, err)
		}
	}
	if err := g.over(); err != nil {
		return fmt.Errorf("%w: %w", errShut, err)
	}
	return nil
}

// failed notes that not a byte of the first write was taken: the kernel has none of it.
func (g *gate) failed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone, g.closed = false, true
}

// shut closes the gate for who has not passed it, and tells whether nothing has gone out.
func (g *gate) shut() (unsent bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.gone {
		g.closed = true
	}
	return !g.gone
}

// gatedConn is a connection on which every write waits at the gate of its request. What is written before the first request (TLS) passes.
type gatedConn struct {
	net.Conn
	gate atomic.Pointer[gate]
	last *gate // whose first byte went out; of the goroutine that writes
}

func (c *gatedConn) Write(p []byte) (int, error) {
	g := c.gate.Load()
	if g == nil {
		return c.Conn.Write(p)
	}
	if err := g.pass(c); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if c.last != g && n == 0 && err != nil {
		g.failed()
	}
	c.last = g
	return n, err
}

// gated makes the connections that a dialler opens wait at gates.
func gated(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gatedConn{Conn: conn}, nil
	}
}
