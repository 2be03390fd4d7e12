package budget

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Transport lets a request through when the budget has room. The place is free again when the response's body ends or is
// closed, when the request fails, or when its context ends: whichever comes first.
type Transport struct {
	Budget *Budget
	Next   http.RoundTripper
	// Unanswered tells the errors of Next that mean that the system did not answer from those that we made ourselves. nil: all but the
	// caller's own going away.
	Unanswered func(error) bool
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	call, err := t.Budget.acquire(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.Next.RoundTrip(req)
	if err != nil {
		if req.Context().Err() == nil && t.unanswered(err) {
			call.outcome.Kind = Silent
		}
		call.release()
		return nil, err
	}
	call.outcome.Kind, call.outcome.Pause = judge(resp, time.Now())
	if call.outcome.Kind != Answered || call.outcome.Probe {
		t.Budget.learn(call)
	}
	resp.Body = holdUntilRead(req.Context(), resp.Body, call.release)
	return resp, nil
}

// Do makes one call that is not of HTTP when the budget has room, and learns from what came of it: judge tells that from do's error, nil or not. A *Refusal says that it
// was not made.
func (b *Budget) Do(ctx context.Context, do func(context.Context) error, judge func(error) Kind) error {
	call, err := b.acquire(ctx)
	if err != nil {
		return err
	}
	defer call.release()
	err = do(ctx)
	call.outcome.Kind = judge(err)
	return err
}

// learn takes in what came of a call that still holds its place.
func (b *Budget) learn(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.over {
		return
	}
	b.outcomes = append(b.outcomes, c.outcome)
	if c.outcome.Probe {
		b.probing = false
	}
	c.outcome = Outcome{}
	b.wake()
}

func (t *Transport) unanswered(err error) bool {
	if t.Unanswered != nil {
		return t.Unanswered(err)
	}
	return !errors.Is(err, context.Canceled)
}

// judge says what a response means to the budget.
func judge(resp *http.Response, now time.Time) (Kind, time.Duration) {
	wait := min(RetryAfter(resp, now), maxPause)
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		if wait == 0 {
			wait = usualPause
		}
		return Refused, wait
	case http.StatusServiceUnavailable:
		if wait > 0 {
			return Refused, wait
		}
		return Overloaded, 0
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return Silent, 0
	}
	return Answered, 0
}

type heldBody struct {
	io.ReadCloser
	release func()
}

func holdUntilRead(ctx context.Context, body io.ReadCloser, release func()) io.ReadCloser {
	stop := context.AfterFunc(ctx, release)
	return &heldBody{body, func() { stop(); release() }}
}

func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.release()
	}
	return n, err
}

func (b *heldBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
