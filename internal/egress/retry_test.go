package egress_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
)

// script answers the first calls as told and every later one with 200, and checks that each brings the whole body.
func script(t *testing.T, calls *atomic.Int32, first ...http.HandlerFunc) string {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "query" {
			t.Errorf("call %d brought %q, %v", n, body, err)
		}
		if n <= len(first) {
			first[n-1](w, r)
		}
	})
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

// hangUp ends the connection without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func post(ctx context.Context, c *http.Client, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("query"))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Idempotency-Key", "1") // net/http takes it as leave to send again
	resp, err := egress.Do(c, req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first  []http.HandlerFunc
		calls  int
		status int
	}{
		"busy once":               {[]http.HandlerFunc{status(503, "")}, 2, 200},
		"busy always":             {[]http.HandlerFunc{status(503, ""), status(502, ""), status(504, "")}, 3, 504},
		"connection lost":         {[]http.HandlerFunc{hangUp}, 2, 200},
		"asked to wait a little":  {[]http.HandlerFunc{status(429, "1")}, 2, 200},
		"asked to wait too long":  {[]http.HandlerFunc{status(429, "3600")}, 1, 429},
		"failed for good":         {[]http.HandlerFunc{status(500, "")}, 1, 500},
		"refused":                 {[]http.HandlerFunc{status(401, "")}, 1, 401},
		"asked to wait nonsense":  {[]http.HandlerFunc{status(429, "soon")}, 2, 200},
		"asked to wait backwards": {[]http.HandlerFunc{status(429, "-5")}, 2, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			got, err := post(egress.AsRead(t.Context()), open(t, egress.ClientConfig{}), script(t, &calls, test.first...))
			if err != nil || got != test.status || int(calls.Load()) != test.calls {
				t.Errorf("status %d after %d calls, %v", got, calls.Load(), err)
			}
		})
	}
}

func TestOthersAreSentOnce(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{"busy": status(503, ""), "lost": hangUp} {
		var calls atomic.Int32
		client := open(t, egress.ClientConfig{})
		url := script(t, &calls, status(200, ""), answer)
		if _, err := post(t.Context(), client, url); err != nil { // leaves a connection to reuse
			t.Fatal(err)
		}
		_, err := post(t.Context(), client, url)
		if (err != nil) != (name == "lost") || calls.Load() != 2 {
			t.Errorf("%s: %d calls, want 2; %v", name, calls.Load(), err)
		}
	}
}

func TestWaitingForAnotherAttemptEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url := script(t, &calls, status(429, "20"))
	ctx, cancel := context.WithTimeout(egress.AsRead(t.Context()), 200*time.Millisecond)
	defer cancel()
	if _, err := post(ctx, open(t, egress.ClientConfig{}), url); !errors.Is(err, context.DeadlineExceeded) || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}
