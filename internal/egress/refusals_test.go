package egress

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A refused address is told at once and then once a minute, with how often it was refused in between; another one is told by itself.
func TestRefusalsDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	var r refusals
	at, other, now := netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.0.2:80"), time.Unix(0, 0)
	for i, want := range []bool{true, false, false} {
		if before, tell := r.refused(at, now); tell != want || before != 0 {
			t.Errorf("refusal %d: %d, %v", i, before, tell)
		}
	}
	if _, tell := r.refused(other, now); !tell {
		t.Error("another address is not told")
	}
	if before, tell := r.refused(at, now.Add(time.Minute)); !tell || before != 2 {
		t.Errorf("a minute later: %d, %v", before, tell)
	}
	for port := range uint16(3 * maxRefusals) {
		r.refused(netip.AddrPortFrom(at.Addr(), port), now)
	}
	if len(r.by) > maxRefusals {
		t.Errorf("%d addresses are remembered", len(r.by))
	}
}

func TestRefusedDialsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 100 {
		if err := g.control(t.Context(), "tcp4", "169.254.169.254:80", nil); err == nil {
			t.Fatal("metadata may be reached")
		}
	}
	if n := strings.Count(log.String(), "169.254.169.254"); n != 1 {
		t.Errorf("it is logged %d times", n)
	}
}
