package egress_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestASystemThatDoesNotAnswerIsLeftAlone: calls without an answer open the breaker, and then none goes out.
func TestASystemThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{"lost": hangUp, "bad gateway": status(502, ""), "overloaded": status(503, "")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); answer(w, r) })
			client := open(t, egress.ClientConfig{Budget: budget.New(manifest.Limits{}), Attempts: 1})
			var refused *budget.Refusal
			for !errors.As(lastError(post(egress.AsRead(t.Context()), client, url)), &refused) && calls.Load() < 100 {
			}
			if calls.Load() != 5 || refused.Reason != budget.Unreachable || refused.After <= 0 {
				t.Errorf("%d calls, then %+v", calls.Load(), refused)
			}
		})
	}
}

// TestOurOwnRefusalsAreNotTheSystems: what policy forbids says nothing of the system.
func TestOurOwnRefusalsAreNotTheSystems(t *testing.T) {
	t.Parallel()
	g := egress.New(egress.Options{})
	t.Cleanup(g.Close)
	client := g.Client(egress.ClientConfig{Budget: budget.New(manifest.Limits{}), Attempts: 1})
	for range 20 {
		if err := lastError(post(t.Context(), client, "http://127.0.0.1:9")); !errors.Is(err, egress.ErrBlocked) {
			t.Fatal(err)
		}
	}
}

// TestARefusedCallIsNotTriedAgain: whoever would have to wait for the end of a long pause is told at once.
func TestARefusedCallIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { calls.Add(1); status(429, "600")(w, r) })
	client := open(t, egress.ClientConfig{Budget: budget.New(manifest.Limits{})})
	if code, err := post(egress.AsRead(t.Context()), client, url); code != 429 || err != nil {
		t.Fatal(code, err)
	}
	var refused *budget.Refusal
	if _, err := post(egress.AsRead(t.Context()), client, url); !errors.As(err, &refused) || refused.Reason != budget.Paused || refused.After < 9*time.Minute || calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}

func lastError(_ int, err error) error { return err }
