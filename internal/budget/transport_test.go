package budget_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
)

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func respond(status int, header http.Header) answer {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("body"))}, nil
	}
}

func TestThePlaceIsFreeAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next answer
		end  func(resp *http.Response, cancel func())
	}{
		"closed":    {respond(200, nil), func(r *http.Response, _ func()) { _ = r.Body.Close() }},
		"read":      {respond(200, nil), func(r *http.Response, _ func()) { _, _ = io.ReadAll(r.Body) }},
		"cancelled": {respond(200, nil), func(_ *http.Response, cancel func()) { cancel() }},
		"failed":    {func(*http.Request) (*http.Response, error) { return nil, errors.New("no") }, func(*http.Response, func()) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := budget.New(manifest.Limits{Concurrency: 1})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://x", nil)
				resp, err := (&budget.Transport{Budget: b, Next: test.next}).RoundTrip(req) //nolint:bodyclose // what the test is about
				if err == nil && b.InUse() != 1 {
					t.Error("the place is free before the body is read")
				}
				test.end(resp, cancel)
				synctest.Wait()
				if b.InUse() != 0 {
					t.Error("the place is still taken")
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "0.5": time.Second / 2, "-3": 0, "NaN": 0, "1e300": 24 * time.Hour, "soon": 0,
		"Mon, 23 Nov 2026 12:01:00 GMT": time.Minute, "Mon, 23 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := budget.RetryAfter(&http.Response{Header: http.Header{"Retry-After": {text}}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
