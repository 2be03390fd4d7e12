package api_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/store"
)

const largePage = "/v1/purchase-orders?limit=500&include=raw"

// TestReaderWhoNeverReads asks for what does not fit into the network's buffers and takes none of it: the request ends all the same.
func TestReaderWhoNeverReads(t *testing.T) {
	ended := make(chan struct{}, 2)
	w := newWorld(t, func(d *api.Deps) {
		d.Limits.Answer = 50 * time.Millisecond
		d.Log = slog.New(told{d.Log.Handler(), ended})
	})
	c, token := w.connect("A")
	w.putLarge(c, 64, 60<<10)
	conn := w.dialSlow()
	defer conn.Close()
	w.ask(conn, largePage, token)
	<-ended
	got, _ := io.Copy(io.Discard, conn)
	if got > 3<<20 {
		t.Errorf("%d bytes arrived after the time was over", got)
	}
	if all := w.call("GET", largePage, token, ""); all.status != 200 || len(all.text) < 3<<20 {
		t.Errorf("a good reader got %d, %d bytes", all.status, len(all.text))
	}
}

// TestAnswersOnTheirWayAreBounded lets readers who never read take up the memory that there is for large answers.
func TestAnswersOnTheirWayAreBounded(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Limits.Held, d.Limits.Answer = 8<<20, time.Minute
	})
	a, first := w.connect("A")
	b, second := w.connect("B")
	c, third := w.connect("C")
	for _, of := range []*store.Connection{a, b, c} {
		w.putLarge(of, 64, 60<<10)
	}
	for _, token := range []string{first, second} {
		conn := w.dialSlow()
		defer conn.Close()
		w.ask(conn, largePage, token)
		w.until(conn)
	}
	refused := w.want(w.call("GET", largePage, first, ""), 429, "rate-limited")
	if refused.header.Get("Retry-After") == "" {
		t.Errorf("no word of when to try again: %v", refused.header)
	}
	refused = w.want(w.call("GET", largePage, third, ""), 503, "overloaded")
	if refused.header.Get("Retry-After") == "" || refused.header.Get("Link") != "" {
		t.Errorf("headers: %v", refused.header)
	}
	w.want(w.call("GET", "/v1/purchase-orders?limit=10", third, ""), 200, "")
	w.want(w.call("GET", "/v1/connection", first, ""), 200, "")
}

// until reads the first byte of an answer: from then on it is on its way.
func (w *world) until(conn net.Conn) {
	w.t.Helper()
	_, err := io.ReadFull(conn, make([]byte, 1))
	w.ok(err)
}

// dialSlow opens a connection that takes in little.
func (w *world) dialSlow() net.Conn {
	w.t.Helper()
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		outer := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
		if err == nil {
			err = outer
		}
		return err
	}}
	conn, err := d.DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	w.ok(err)
	return conn
}

func (w *world) ask(conn net.Conn, path, token string) {
	w.t.Helper()
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
	w.ok(err)
}

// many holds any number of requests until they are let go.
type many struct{ in, out chan struct{} }

func (m many) Wait(context.Context, store.Scope, string, int64) { m.in <- struct{}{}; <-m.out }

// TestPollsLeaveRoom fills the polls of a token: its other requests go on, and so do other tokens.
func TestPollsLeaveRoom(t *testing.T) {
	m := many{make(chan struct{}), make(chan struct{})}
	w := newWorld(t, func(d *api.Deps) { d.Changes, d.Limits = m, api.Limits{AtOnce: 4, PollsAtOnce: 2} })
	_, token := w.connect("A")
	_, other := w.connect("B")
	letGo := sync.OnceFunc(func() { close(m.out) })
	defer letGo()
	const poll = "/v1/changes?entity=vendors&wait=60"
	done := make(chan answer, 3)
	for _, secret := range []string{token, token, other} {
		go func() { done <- w.call("GET", poll, secret, "") }()
		<-m.in
	}
	refused := w.want(w.call("GET", poll, token, ""), 429, "rate-limited")
	if !strings.Contains(refused.text, "waiting for changes") || refused.header.Get("Retry-After") == "" {
		t.Errorf("got %s", refused.text)
	}
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
	letGo()
	for range 3 {
		w.want(<-done, 200, "")
	}
	go func() { <-m.in }()
	w.want(w.call("GET", poll, token, ""), 200, "")
}

// TestStrangersAreSlowedDown sends wrong tokens until the address has to wait; who was let in lately does not.
func TestStrangersAreSlowedDown(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.FailuresPerSecond, d.Limits.FailureBurst = 1, 3 })
	_, token := w.connect("A")
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
	for _, secret := range []string{"", "garbage", token[:len(token)-1] + "!"} {
		w.want(w.call("GET", "/v1/connection", secret, ""), 401, "invalid-token")
	}
	a := w.want(w.call("GET", "/v1/connection", "garbage", ""), 429, "rate-limited")
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("got %v", a.header)
	}
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
	w.want(w.call("GET", "/healthz", "", ""), 200, "")
	w.tick(time.Second)
	w.want(w.call("GET", "/v1/connection", "garbage", ""), 401, "invalid-token")
	w.want(w.call("GET", "/v1/connection", "garbage", ""), 429, "rate-limited")
}
