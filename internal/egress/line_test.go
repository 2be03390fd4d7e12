package egress_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

func always(error) bool { return true }

// A line reaches only what the policy lets it reach.
func TestLineKeepsToThePolicy(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := egress.New(egress.Options{}).Line(egress.ClientConfig{}).Dial(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, egress.ErrBlocked) {
		t.Errorf("a loopback address without a rule: %v", err)
	}
	rule := allow.One(netip.MustParseAddrPort(l.Addr().String()))
	conn, err := egress.New(egress.Options{Allow: []allow.Rule{rule}}).Line(egress.ClientConfig{}).Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("an allowed address: %v", err)
	}
	_ = conn.Close()
}

// What fails before the step that has the effect is unsent; that step is let through once, while its sender may, and never after its caller has gone.
func TestLineSendsOnce(t *testing.T) {
	t.Parallel()
	line := egress.New(egress.Options{}).Line(egress.ClientConfig{})
	broken, no := errors.New("broken"), errors.New("no lease")
	write := egress.AsWrite(t.Context(), egress.Sending{})
	err := line.Send(write, func(context.Context, func() error) error { return broken }, always)
	if !egress.Unsent(err) || !errors.Is(err, broken) {
		t.Errorf("before the step: %v", err)
	}
	err = line.Send(write, func(_ context.Context, pass func() error) error {
		if err := pass(); err != nil {
			return err
		}
		return broken
	}, always)
	if egress.Unsent(err) || !errors.Is(err, broken) {
		t.Errorf("behind the step: %v", err)
	}
	steps := 0
	step := func(_ context.Context, pass func() error) error {
		for range 2 {
			if err := pass(); err != nil {
				return err
			}
			steps++
		}
		return nil
	}
	if err = line.Send(write, step, always); err == nil || egress.Unsent(err) || steps != 1 {
		t.Errorf("twice: %v, %d steps", err, steps)
	}
	forbidden := egress.AsWrite(t.Context(), egress.Sending{Allowed: func() error { return no }})
	if err = line.Send(forbidden, step, always); !egress.Unsent(err) || !errors.Is(err, no) || steps != 1 {
		t.Errorf("not allowed any more: %v, %d steps", err, steps)
	}
	gone, leave := context.WithCancel(write)
	leave()
	if err = line.Send(gone, step, always); !egress.Unsent(err) || steps != 1 {
		t.Errorf("a caller that has gone: %v, %d steps", err, steps)
	}
}

// The breaker opens when a system falls silent on a line, and not for what it refuses.
func TestLineTellsTheBudget(t *testing.T) {
	t.Parallel()
	b := budget.New(manifest.Limits{Concurrency: 1})
	line := egress.New(egress.Options{}).Line(egress.ClientConfig{Budget: b, Deadline: time.Minute})
	fails := func(context.Context) error { return errors.New("refused") }
	for range 12 {
		_ = line.Call(t.Context(), fails, func(error) bool { return false })
	}
	var refusal *budget.Refusal
	if err := line.Call(t.Context(), func(context.Context) error { return nil }, always); err != nil {
		t.Fatalf("after refusals: %v", err)
	}
	for range 12 {
		_ = line.Call(t.Context(), fails, always)
	}
	if err := line.Call(t.Context(), func(context.Context) error { return nil }, always); !errors.As(err, &refusal) {
		t.Errorf("after silence: %v", err)
	}
}
