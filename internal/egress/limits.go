package egress

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// limits bounds one response: its size, its compression, its pauses and its whole time.
type limits struct {
	next           http.RoundTripper
	maxBody        int64
	idle, deadline time.Duration
}

func (l *limits) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(l.deadline, func() { cancel(ErrDeadline) })
	stop := func() { timer.Stop(); cancel(nil) }
	req = req.Clone(ctx)
	if req.Header.Get("Accept-Encoding") == "" {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		err = causeOf(ctx, err)
		stop()
		return nil, err
	}
	if err := l.bound(ctx, cancel, stop, resp); err != nil {
		_ = resp.Body.Close()
		stop()
		return nil, err
	}
	return resp, nil
}

// bound puts the limits around the response's body.
func (l *limits) bound(ctx context.Context, cancel context.CancelCauseFunc, stop func(), resp *http.Response) error {
	if resp.ContentLength > l.maxBody {
		return fmt.Errorf("%w: %d bytes announced, %d allowed", ErrTooLarge, resp.ContentLength, l.maxBody)
	}
	wire := &idleReader{ctx: ctx, body: resp.Body, idle: l.idle, cancel: cancel}
	var plain io.Reader = wire
	switch enc := strings.ToLower(resp.Header.Get("Content-Encoding")); enc {
	case "", "identity":
	case "gzip", "x-gzip":
		plain = &gunzip{wire: wire}
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
	default:
		return fmt.Errorf("%w: %q", ErrEncoding, enc)
	}
	resp.Body = &boundedBody{plain: plain, left: l.maxBody, max: l.maxBody, wire: resp.Body, stop: stop}
	return nil
}

// causeOf prefers the reason why we ended the request over the words of net/http.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return cause
	}
	return err
}

// idleReader cancels the request when a single read takes longer than idle.
type idleReader struct {
	ctx    context.Context //nolint:containedctx // it is the response's own
	body   io.Reader
	idle   time.Duration
	cancel context.CancelCauseFunc
	read   int64
}

func (r *idleReader) Read(p []byte) (int, error) {
	timer := time.AfterFunc(r.idle, func() { r.cancel(ErrStalled) })
	n, err := r.body.Read(p)
	timer.Stop()
	r.read += int64(n)
	if err != nil && err != io.EOF {
		err = causeOf(r.ctx, err)
	}
	return n, err
}

// boundedBody ends with ErrTooLarge one byte beyond its size.
type boundedBody struct {
	plain     io.Reader
	left, max int64
	wire      io.Closer
	stop      func()
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.plain.Read(p)
	if int64(n) > b.left {
		return int(b.left), fmt.Errorf("%w: more than %d bytes", ErrTooLarge, b.max)
	}
	b.left -= int64(n)
	return n, err
}

func (b *boundedBody) Close() error {
	err := b.wire.Close()
	b.stop()
	return err
}
