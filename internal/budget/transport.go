package budget

import (
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"
)

// maxPause caps the pause that one response can impose.
const maxPause = 15 * time.Minute

// Transport lets a request through when the budget has room. The place is free again when the response's body ends or is
// closed, when the request fails, or when its context ends: whichever comes first.
type Transport struct {
	Budget *Budget
	Next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	release, err := t.Budget.Acquire(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.Next.RoundTrip(req)
	if err != nil {
		release()
		return nil, err
	}
	t.observe(resp)
	resp.Body = holdUntilRead(req.Context(), resp.Body, release)
	return resp, nil
}

func (t *Transport) observe(resp *http.Response) {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		t.Budget.Limited(min(RetryAfter(resp, time.Now()), maxPause))
	case http.StatusServiceUnavailable:
		if wait := RetryAfter(resp, time.Now()); wait > 0 {
			t.Budget.Limited(min(wait, maxPause))
		}
	default:
		t.Budget.Succeeded()
	}
}

// RetryAfter is the wait that a response asks for, in seconds or as a date; 0 when it names none, a past or a senseless one.
func RetryAfter(resp *http.Response, now time.Time) time.Duration {
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(s) {
		return time.Duration(min(max(s, 0), (24*time.Hour).Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
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
