package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/trust"
)

type readKey struct{}

// AsRead marks requests made with the context as reads: they change nothing, so they may be sent again. A POST that
// queries (JSON-RPC) needs the mark as much as a GET.
func AsRead(ctx context.Context) context.Context { return context.WithValue(ctx, readKey{}, true) }

func isRead(ctx context.Context) bool { return ctx.Value(readKey{}) != nil }

// retry repeats reads after transient failures, with growing, jittered gaps; a Retry-After is honoured up to maxWait and
// beyond it the response is given as it is. Everything else passes through once.
type retry struct {
	next    http.RoundTripper
	policy  retrypolicy.RetryPolicy[*http.Response]
	maxWait time.Duration
}

func newRetry(next http.RoundTripper, attempts int, maxWait time.Duration) *retry {
	r := &retry{next: next, maxWait: maxWait}
	r.policy = retrypolicy.NewBuilder[*http.Response]().
		HandleIf(r.transient).
		WithMaxAttempts(attempts).
		WithBackoff(250*time.Millisecond, 5*time.Second).
		WithJitterFactor(0.5).
		WithDelayFunc(retryAfter).
		ReturnLastFailure().
		Build()
	return r
}

func (r *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	if !isRead(req.Context()) {
		return r.next.RoundTrip(req)
	}
	body, err := rewindable(req)
	if err != nil {
		return nil, err
	}
	return failsafe.With(r.policy).WithContext(req.Context()).GetWithExecution(
		func(e failsafe.Execution[*http.Response]) (*http.Response, error) {
			discard(e.LastResult())
			again := req.Clone(req.Context())
			again.Body = body()
			return r.next.RoundTrip(again)
		})
}

func (r *retry) transient(resp *http.Response, err error) bool {
	if err != nil {
		return transientError(err)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return budget.RetryAfter(resp, time.Now()) <= r.maxWait
	}
	return false
}

// transientError tells failures of the moment from those that the next attempt meets again.
func transientError(err error) bool {
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var refused *budget.Refusal
	var unusable *trust.FieldError
	switch {
	case errors.As(err, &refused), errors.Is(err, budget.ErrClosed):
		return false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, ErrBlocked), errors.Is(err, ErrTooLarge), errors.Is(err, ErrDeadline), errors.Is(err, ErrEncoding):
		return false
	case errors.As(err, &cert), errors.As(err, &unusable), errors.Is(err, trust.ErrPin):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return true
}

// unanswered tells errors that mean that nothing came from the system: what our own rules ended is none.
func unanswered(err error) bool {
	var unusable *trust.FieldError
	if errors.As(err, &unusable) {
		return false
	}
	for _, own := range []error{context.Canceled, ErrBlocked, ErrTooLarge, ErrEncoding, errForbidden, errShut} {
		if errors.Is(err, own) {
			return false
		}
	}
	return true
}

func retryAfter(e failsafe.ExecutionAttempt[*http.Response]) time.Duration {
	if resp := e.LastResult(); resp != nil {
		if wait := budget.RetryAfter(resp, time.Now()); wait > 0 {
			return wait
		}
	}
	return -1 // the policy's own backoff
}

// rewindable reads the body once and gives it anew for each attempt.
func rewindable(req *http.Request) (func() io.ReadCloser, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return func() io.ReadCloser { return http.NoBody }, nil
	}
	raw, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(raw)) }, err
}

func discard(resp *http.Response) {
	if resp != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 16<<10)
		_ = resp.Body.Close()
	}
}

// once keeps net/http from sending a request a second time by itself: that needs a body it can get again, or none. Writes have a gate for it.
type once struct{ next http.RoundTripper }

func (o *once) RoundTrip(req *http.Request) (*http.Response, error) {
	_, gated := writing(req.Context())
	if gated || isRead(req.Context()) || req.Method == http.MethodGet || req.Method == http.MethodHead {
		return o.next.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.GetBody = nil
	if req.Body == nil || req.Body == http.NoBody {
		req.Body = io.NopCloser(strings.NewReader(""))
	}
	return o.next.RoundTrip(req)
}
