package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	s := &server{Deps: Deps{Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{fmt.Errorf("store page: %w", store.ErrFull), 507, "storage-full"},
		{fmt.Errorf("read: %w", store.ErrNotFound), 404, "not-found"},
		{fmt.Errorf("change: %w", store.ErrConflict), 409, "conflict"},
		{fmt.Errorf("connect: %w", &problem.Error{Code: problem.SystemUnreachable}), 503, "system-unreachable"},
		{&problem.Error{Code: "no-such-code"}, 500, "internal"},
		{errors.New("select * from secret_table"), 500, "internal"},
	} {
		d := s.documentOf(t.Context(), tt.err)
		if d.Status != tt.status || d.Code != tt.code || d.Detail == "" {
			t.Errorf("%v: got %d %s %q", tt.err, d.Status, d.Code, d.Detail)
		}
	}
}

// TestLogTellsTheCause: operators read why; a customer's system that is down is no fault of ours.
func TestLogTellsTheCause(t *testing.T) {
	t.Parallel()
	for code, level := range map[problem.Code]string{
		problem.Internal: "ERROR", problem.StorageFull: "ERROR", problem.SystemUnreachable: "WARN", problem.Overloaded: "WARN",
	} {
		var log bytes.Buffer
		s := &server{Deps: Deps{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		s.documentOf(t.Context(), problem.New(code, "said").Wrap(errors.New("the true cause")))
		if got := log.String(); !strings.Contains(got, "level="+level) || !strings.Contains(got, "the true cause") {
			t.Errorf("%s: %s", code, got)
		}
	}
}

func TestProblemKeepsFurtherMembers(t *testing.T) {
	t.Parallel()
	s := &server{Deps: Deps{Log: slog.New(slog.DiscardHandler)}}
	d := s.documentOf(t.Context(), &problem.Error{Code: problem.NotFound, Detail: "x", RetryAfter: 7, Extra: map[string]any{"near": []string{"a"}},
		Upstream: &problem.Upstream{Status: 500}})
	text, err := d.MarshalJSON()
	want := `{"type":"/docs/problems/not-found","title":"There is nothing at this address","status":404,"detail":"x","code":"not-found",` +
		`"origin":"client","retryable":false,"retry_after":7,"upstream":{"status":500},"instance":"","request_id":"","near":["a"]}`
	if err != nil || string(text) != want || d.headers.Get("Retry-After") != "7" {
		t.Errorf("got %s %v %v", text, d.headers, err)
	}
}

func TestQuoteIsHarmless(t *testing.T) {
	t.Parallel()
	long := make([]byte, 1000)
	for text, want := range map[string]string{
		"plain": `"plain"`, "a\nb": `"a\nb"`, "\xff": `"�"`, string(long): `"` + zeros(64) + `…"`, "ééééééééééééééééééééééééééééééééééééééééé": `"éééééééééééééééééééééééééééééééé…"`,
	} {
		if got := quote(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func zeros(n int) string {
	out := ""
	for range n {
		out += `\x00`
	}
	return out
}

// What is no operation of an item is not kept: nobody knows what it is.
func TestAnItemKeepsNoWrongOp(t *testing.T) {
	t.Parallel()
	for op, kept := range map[string]bool{"create": true, "bb_key_9Zs4": false, "Create": false} {
		it := batchItemOf([]byte(`{"op":"`+op+`","data":{}}`), nil)
		if (it.Fault == nil) != kept || (string(it.Op) == op) != kept || !kept && it.Op != "" {
			t.Errorf("%s is kept as %q with %v", op, it.Op, it.Fault)
		}
	}
}
