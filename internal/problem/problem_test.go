package problem_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
)

func TestEveryTypeIsComplete(t *testing.T) {
	t.Parallel()
	last, seen := 0, map[string]bool{}
	for _, p := range problem.All() {
		if p.Title == "" || p.Meaning == "" || p.Next == "" || p.Status < 400 || p.Status > 599 {
			t.Errorf("%s lacks a member: %+v", p.Code, p)
		}
		if !strings.Contains("client busbar system connection", p.Origin) || p.Origin == "" {
			t.Errorf("%s has origin %q", p.Code, p.Origin)
		}
		if seen[p.Code] {
			t.Errorf("%s is listed twice", p.Code)
		}
		seen[p.Code] = true
		last = max(last, p.Status)
	}
	if last != 507 {
		t.Errorf("the highest status is %d, want 507", last)
	}
}

func TestEveryReasonIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range problem.Reasons() {
		if r.Code == "" || r.Meaning == "" || r.Next == "" || seen[r.Code] {
			t.Errorf("%q lacks a member or is listed twice: %+v", r.Code, r)
		}
		seen[r.Code] = true
	}
}

func TestIndexIsCurrent(t *testing.T) {
	t.Parallel()
	const file = "../../docs/problems/README.md"
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != problem.Index() {
		t.Errorf("%s differs from problems.yaml; run `make generate`", file)
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire")
	e := problem.New(problem.ValidationFailed, "mend it").At("/name", problem.Required, "give a name").
		After(1500*time.Millisecond).With("entity", "vendors").Wrap(cause)
	wrapped := fmt.Errorf("create connection: %w", e)
	var found *problem.Error
	switch {
	case !errors.As(wrapped, &found) || found != e:
		t.Error("the problem is not found in what wraps it")
	case e.RetryAfter != 2:
		t.Errorf("RetryAfter = %d, want 2", e.RetryAfter)
	case !errors.Is(e, cause), strings.Contains(e.Error(), "fire"):
		t.Error("the cause is lost, or shown")
	case e.Type().Status != 422:
		t.Errorf("status %d", e.Type().Status)
	}
}
