package egress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"

	"github.com/busbar-dev/busbar/internal/budget"
)

// Sending marks a write.
type Sending struct {
	// Allowed is asked right before the first byte goes out, once a connection stands: an error keeps the write from being sent. nil: always.
	Allowed func() error
	// Stores says that Allowed stores something in the database, for good, before it lets the write go out.
	Stores bool
	// Fresh wants a connection of its own, which no other call has used: where an unknown outcome cannot be found out, none may come from a connection that the system had
	// closed already.
	Fresh bool
}

type sendingKey struct{}

// AsWrite marks requests made with the context as writes: each is sent at most once, and an error tells by Unsent whether a byte of it went out. Within it, AsRead marks those requests
// that only read all the same.
func AsWrite(ctx context.Context, s Sending) context.Context {
	return context.WithValue(ctx, sendingKey{}, s)
}

// Writes tells whether requests made with the context are writes.
func Writes(ctx context.Context) bool {
	_, ok := writing(ctx)
	return ok
}

// ErrUnsent is in the chain of an error of a write of which no byte went out.
var ErrUnsent = errors.New("nothing was sent")

// Unsent says that no byte of the write went out.
func Unsent(err error) bool { return errors.Is(err, ErrUnsent) }

// errForbidden is in the chain of an error that Sending.Allowed gave.
var errForbidden = errors.New("the write may not be sent any more")

// writing tells the sender of a write by its context, and whether it is one.
func writing(ctx context.Context) (Sending, bool) {
	s, ok := ctx.Value(sendingKey{}).(Sending)
	return s, ok && !isRead(ctx)
}

// writes gives each write a gate, and its errors what the gate knows. Everything else passes.
type writes struct{ next http.RoundTripper }

func (w *writes) RoundTrip(req *http.Request) (*http.Response, error) {
	s, ok := writing(req.Context())
	if !ok {
		return w.next.RoundTrip(req)
	}
	g := &gate{over: req.Context().Err, allowed: s.Allowed}
	ctx := context.WithValue(req.Context(), gateKey{}, g)
	if s.Stores {
		ctx = budget.Followed(ctx)
	}
	req = req.Clone(ctx)
	req.GetBody = nil
	resp, err := w.next.RoundTrip(req)
	switch unsent := g.shut(); {
	case err != nil && unsent:
		return nil, fmt.Errorf("%w: %w", ErrUnsent, err)
	case err == nil && unsent:
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%w: an answer stood on the connection before anything was asked", ErrUnsent)
	}
	return resp, err
}

// lanes leads each request to the connections of its kind.
type lanes struct {
	reads  *http.Transport
	writes *http.Transport // one request at a time on a connection, which does not rest for long
	fresh  *http.Transport // a connection for each request
}

func newLanes(reads *http.Transport) *lanes {
	l := &lanes{reads: reads, writes: single(reads), fresh: single(reads)}
	l.writes.IdleConnTimeout, l.fresh.DisableKeepAlives = writeRest, true
	return l
}

// rest lets go of idle connections.
func (l *lanes) rest() {
	for _, t := range []*http.Transport{l.reads, l.writes, l.fresh} {
		t.CloseIdleConnections()
	}
}

func (l *lanes) RoundTrip(req *http.Request) (*http.Response, error) {
	s, ok := writing(req.Context())
	g, gated := req.Context().Value(gateKey{}).(*gate)
	if !ok || !gated {
		return l.reads.RoundTrip(req)
	}
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: g.meet})
	if s.Fresh {
		return l.fresh.RoundTrip(req.WithContext(ctx))
	}
	return l.writes.RoundTrip(req.WithContext(ctx))
}
