package conformance

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// writeHeader marks, between Busbar and the suite's proxy, the requests that have an effect. The proxy takes it off.
const writeHeader = "Busbar-Suite-Write"

// tap stands between Busbar and the driver: it counts the writes that go out, and does what a check wants done around a page.
type tap struct {
	writes atomic.Int64
	mu     sync.Mutex
	before func(driver.Request) error
	after  func(driver.Request, *driver.Page)
}

// around sets what happens before and after each page; nil: nothing.
func (t *tap) around(before func(driver.Request) error, after func(driver.Request, *driver.Page)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.before, t.after = before, after
}

func (t *tap) hooks() (func(driver.Request) error, func(driver.Request, *driver.Page)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.before, t.after
}

// tapped is a driver with a tap.
type tapped struct {
	driver.Driver
	tap *tap
}

// Open implements driver.Driver.
func (d tapped) Open(s *system, c driver.Config) (driver.Client, error) {
	if c.HTTP != nil {
		wire := *c.HTTP
		wire.Transport = marking{wire.Transport, d.tap}
		c.HTTP = &wire
	}
	if c.Line != nil {
		c.Line = countedLine{c.Line, d.tap}
	}
	inner, err := d.Driver.Open(s, c)
	if err != nil {
		return nil, err
	}
	client := tappedClient{inner, d.tap}
	w, writes := inner.(driver.Writer)
	p, permits := inner.(driver.Permitter)
	switch {
	case writes && permits:
		return struct {
			tappedWriter
			driver.Permitter
		}{tappedWriter{client, w}, p}, nil
	case writes:
		return tappedWriter{client, w}, nil
	case permits:
		return struct {
			tappedClient
			driver.Permitter
		}{client, p}, nil
	}
	return client, nil
}

// marking marks writes for the proxy.
type marking struct {
	next http.RoundTripper
	tap  *tap
}

// RoundTrip implements http.RoundTripper.
func (m marking) RoundTrip(r *http.Request) (*http.Response, error) {
	if egress.Writes(r.Context()) {
		m.tap.writes.Add(1)
		r = r.Clone(r.Context())
		r.Header.Set(writeHeader, "1")
	}
	return m.next.RoundTrip(r)
}

type countedLine struct {
	driver.Line
	tap *tap
}

// Send implements driver.Line.
func (l countedLine) Send(ctx context.Context, do func(context.Context, func() error) error, silent func(error) bool) error {
	return l.Line.Send(ctx, func(ctx context.Context, pass func() error) error {
		return do(ctx, func() error {
			err := pass()
			if err == nil {
				l.tap.writes.Add(1)
			}
			return err
		})
	}, silent)
}

type tappedClient struct {
	driver.Client
	tap *tap
}

// Fetch implements driver.Client. While somebody looks on, no page is read ahead.
func (c tappedClient) Fetch(ctx context.Context, r driver.Request) (*driver.Page, error) {
	before, after := c.tap.hooks()
	if before != nil {
		if err := before(r); err != nil {
			return nil, err
		}
	}
	page, err := c.Client.Fetch(ctx, r)
	if err == nil && after != nil {
		after(r, page)
	}
	if page != nil && (before != nil || after != nil) {
		page.Ahead = nil
	}
	return page, err
}

type tappedWriter struct {
	tappedClient
	driver.Writer
}
