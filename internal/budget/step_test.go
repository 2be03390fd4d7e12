package budget

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

var epoch = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// script runs asks against one state at instants of its own.
type script struct {
	t     *testing.T
	state State
	terms terms
	now   time.Time
	asks  map[string]*Ask
}

func newScript(t *testing.T, l manifest.Limits) *script {
	return &script{t: t, terms: termsOf(l), now: epoch, asks: map[string]*Ask{}}
}

// ask lets a holder ask, with these who wait besides those who wait already.
func (s *script) ask(holder string, waiting ...Priority) Answer {
	a := s.asks[holder]
	if a == nil {
		a = &Ask{Holder: holder, Lease: placeLease, Late: minLate, terms: s.terms}
		s.asks[holder] = a
	}
	for _, p := range waiting {
		a.Waiting[p]++
	}
	out := s.state.Step(a, s.now)
	a.Outcomes = nil
	for _, g := range out.Grants {
		a.Waiting[g.Priority]--
		a.Held++
	}
	for p, r := range out.Refuse {
		if r.After > 0 {
			a.Waiting[p] = 0
		}
	}
	a.Probing = a.Probing || out.Probe
	return out
}

// end ends a call of the holder.
func (s *script) end(holder string, kind Kind, pause time.Duration) {
	a := s.asks[holder]
	a.Held--
	a.Outcomes = append(a.Outcomes, Outcome{Kind: kind, Pause: pause, Granted: s.state.At, Probe: a.Probing})
	a.Probing = false
}

func granted(a Answer) (p []Priority) {
	for _, g := range a.Grants {
		p = append(p, g.Priority)
	}
	return p
}

func (s *script) want(what string, a Answer, p ...Priority) {
	s.t.Helper()
	if got := granted(a); !slices.Equal(got, p) {
		s.t.Errorf("%s: granted %v, want %v", what, got, p)
	}
}

func TestTheUrgentOfAnotherReplicaGoFirst(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 1})
	s.want("the first", s.ask("a", Backfill), Backfill)
	s.want("no place", s.ask("a", Backfill, Backfill))
	s.want("no place", s.ask("b", InteractiveRead))
	s.end("a", Answered, 0)
	out := s.ask("a")
	s.want("kept for b", out)
	if !out.Others || out.Wait <= 0 || out.Wait > 250*time.Millisecond {
		t.Errorf("a should know that others wait, and ask again: %+v", out)
	}
	s.want("b", s.ask("b"), InteractiveRead)
	s.now = s.now.Add(5 * time.Second) // b died: it comes back no more
	s.end("b", Answered, 0)
	delete(s.asks, "b")
	s.now = s.now.Add(placeLease)
	s.want("the place of the dead", s.ask("a"), Backfill)
}

func TestWhoWaitsIsForgottenWhenItDies(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 1})
	s.ask("a", Backfill)
	s.ask("b", InteractiveWrite)
	s.end("a", Answered, 0)
	s.want("kept for b", s.ask("a", Backfill))
	s.now = s.now.Add(2 * time.Second)
	s.want("b does not come", s.ask("a"), Backfill)
}

func TestEquallyUrgentTakeTurns(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 1})
	s.ask("a", Backfill)
	s.ask("a", Backfill, Backfill, Backfill)
	s.ask("b", Backfill)
	s.now = s.now.Add(time.Second / 2)
	s.end("a", Answered, 0)
	s.want("a's line is older", s.ask("a"), Backfill)
	s.end("a", Answered, 0)
	s.want("now b's is", s.ask("a"))
	s.want("b", s.ask("b"), Backfill)
}

func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		urgent, other Priority
	}{{Incremental, Backfill}, {InteractiveWrite, InteractiveRead}, {InteractiveRead, Backfill}} {
		s := newScript(t, manifest.Limits{Concurrency: 1})
		s.ask("a", test.other)
		s.ask("a", test.other)
		turns := 0
		for !slices.Contains(granted(s.ask("a", test.urgent)), test.other) && turns < 100 {
			s.end("a", Answered, 0)
			if slices.Contains(granted(s.ask("a")), test.other) {
				break
			}
			turns++
		}
		if turns < agedTurns-1 || turns > agedTurns+1 {
			t.Errorf("%d turns of %d went past %d", turns, test.urgent, test.other)
		}
	}
}

// TestAPersonNeverPaysForTheBackground: that incremental work went past a backfill costs a person no turn.
func TestAPersonNeverPaysForTheBackground(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 1})
	s.ask("a", Incremental)
	s.ask("a", Backfill)
	for n := range agedTurns {
		s.end("a", Answered, 0)
		s.want(fmt.Sprint("turn ", n), s.ask("a", Incremental), Incremental)
	}
	s.end("a", Answered, 0)
	s.want("a person comes", s.ask("a", InteractiveRead, Incremental), InteractiveRead)
	s.end("a", Answered, 0)
	s.want("the turn that is owed", s.ask("a"), Backfill)
}

func TestAClockThatGoesBackStopsNobody(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 2, PerSecond: 1})
	s.want("the first", s.ask("a", Backfill), Backfill)
	s.now = s.now.Add(-time.Hour)
	out := s.ask("a", Backfill)
	s.want("no time has passed", out)
	if out.Wait < time.Second || out.Wait > 2*time.Second {
		t.Errorf("waits %s", out.Wait)
	}
	s.now = s.now.Add(out.Wait)
	s.want("a second later", s.ask("a"), Backfill)
}

func TestLateCallsLowerTheRate(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 9, PerSecond: 10})
	gap := func() time.Duration {
		s.now = s.now.Add(s.ask("a", Backfill).Wait)
		before := s.now
		s.ask("a")
		s.now = s.now.Add(s.ask("a", Backfill).Wait)
		s.ask("a")
		return s.now.Sub(before)
	}
	normal := gap()
	s.asks["a"].Late = time.Second
	s.ask("a")
	if late := gap(); late < 19*normal/10 {
		t.Errorf("calls that may come a second late go every %s, others every %s", late, normal)
	}
	s.asks["a"].Late = minLate
	s.asks["a"].Held = 0
	if again := gap(); again < 19*normal/10 {
		t.Errorf("while late calls may be on their way the next go after %s", again)
	}
	s.now = s.now.Add(5 * time.Second)
	s.ask("a", Backfill)
	if again := gap(); again > 11*normal/10 {
		t.Errorf("later calls go every %s, before %s", again, normal)
	}
}

func TestAPauseSendsAwayWhoCannotWait(t *testing.T) {
	t.Parallel()
	for pause, want := range map[time.Duration][2]bool{ // person, background refused
		3 * time.Second: {}, 20 * time.Second: {true, false}, time.Minute: {true, true}, 1000 * time.Hour: {true, true},
	} {
		s := newScript(t, manifest.Limits{Concurrency: 4})
		s.ask("a", Backfill)
		s.end("a", Refused, pause)
		out := s.ask("a", InteractiveRead, Backfill)
		got := [2]bool{out.Refuse[InteractiveRead].After > 0, out.Refuse[Backfill].After > 0}
		if got != want || len(out.Grants) > 0 {
			t.Errorf("a pause of %s: refused %v, want %v; granted %v", pause, got, want, out.Grants)
		}
		for _, r := range out.Refuse {
			if r.After > maxPause || r.After > 0 && r.Reason != Paused {
				t.Errorf("a pause of %s: %+v", pause, r)
			}
		}
	}
}

func TestManyRefusalsOfOneMomentNarrowOnce(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 8})
	s.ask("a", Backfill, Backfill, Backfill, Backfill, Backfill, Backfill, Backfill, Backfill)
	for range 8 {
		s.end("a", Overloaded, 0)
	}
	s.ask("a")
	if l := s.state.look(manifest.Limits{Concurrency: 8}, s.now); l.Share != 0.5 || l.AtOnce != 4 {
		t.Errorf("%+v", l)
	}
}
