package budget

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// fail lets calls of a holder get no answer.
func (s *script) fail(holder string, n int) {
	for range n {
		s.ask(holder, Backfill)
		s.end(holder, Silent, 0)
		s.ask(holder)
	}
}

func (s *script) breaker(want string) {
	s.t.Helper()
	if got := s.state.look(manifest.Limits{}, s.now).Breaker.State; got != want {
		s.t.Errorf("the breaker is %s, want %s", got, want)
	}
}

func TestTheBreaker(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 4})
	s.fail("a", failuresToOpen-1)
	s.want("closed still", s.ask("a", Backfill), Backfill)
	s.end("a", Answered, 0)
	s.ask("a")
	s.fail("b", failuresToOpen-1)
	s.breaker("closed")
	s.fail("b", 1)
	s.breaker("open")

	out := s.ask("a", InteractiveRead, Backfill)
	s.want("open", out)
	if r := out.Refuse[InteractiveRead]; r.Reason != Unreachable || r.After != firstOpen {
		t.Errorf("a person is told %+v", r)
	}
	if r := out.Refuse[Backfill]; r.After != firstOpen {
		t.Errorf("background work is sent back to its queue: %+v", r)
	}
	s.now = s.now.Add(firstOpen - time.Second/2)
	if out = s.ask("a", Backfill); out.Refuse[Backfill].After > 0 || out.Wait != time.Second/2 {
		t.Errorf("background work waits for the little that is left: %+v", out)
	}
	s.now = s.now.Add(time.Second / 2)
	s.breaker("half_open")
	s.want("one probe", s.ask("a", Backfill), Backfill)
	s.want("no second one", s.ask("b", InteractiveRead))
	s.end("a", Silent, 0)
	s.ask("a")
	s.breaker("open")
	if next := s.state.look(manifest.Limits{}, s.now).Breaker.NextProbeAt.Sub(s.now); next != 2*firstOpen {
		t.Errorf("the second time it stays open for %s", next)
	}
	s.now = s.now.Add(2 * firstOpen)
	s.want("the next probe", s.ask("b", InteractiveRead), InteractiveRead)
	s.end("b", Answered, 0)
	s.ask("b")
	s.breaker("closed")
}

func TestALoginIsCheckedWhileTheBreakerIsOpen(t *testing.T) {
	t.Parallel()
	s := newScript(t, manifest.Limits{Concurrency: 4})
	s.fail("a", failuresToOpen)
	s.want("a check tries at once", s.ask("b", Check, InteractiveRead), Check)
	s.want("the next one waits for it", s.ask("a", Check))
	s.end("b", Answered, 0)
	s.want("the system answers", s.ask("b", InteractiveRead), InteractiveRead)
	s.breaker("closed")
}

func TestAProbeThatIsLostIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *script){
		"given up":     func(s *script) { s.end("b", Abandoned, 0); s.ask("b") },
		"never known":  func(s *script) { s.asks["b"].Held, s.asks["b"].Probing = 0, false; s.ask("b") },
		"holder died":  func(s *script) { s.now = s.now.Add(placeLease) },
		"clock jumped": func(s *script) { s.now = s.now.Add(1000 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, manifest.Limits{Concurrency: 1})
			s.fail("a", failuresToOpen)
			s.now = s.now.Add(longestOpen)
			s.want("the probe", s.ask("b", Backfill), Backfill)
			s.want("one only", s.ask("a", Backfill))
			lose(s)
			s.want("another", s.ask("a"), Backfill)
			s.breaker("half_open")
		})
	}
}

func TestOpenTimesGrowAndDiffer(t *testing.T) {
	t.Parallel()
	var b breaker
	for n, want := range []time.Duration{firstOpen, 2 * firstOpen, 4 * firstOpen, 8 * firstOpen, 16 * firstOpen, 32 * firstOpen, longestOpen, longestOpen} {
		low, high := b, b
		low.trip(0, 0)
		high.trip(0, 1)
		if low.Until != micros(want) || high.Until != micros(want+want/4) {
			t.Errorf("trip %d: %d to %d, want from %s", n, low.Until, high.Until, want)
		}
		b = low
	}
}

func TestOldNewsDoNotOpenTheBreakerAgain(t *testing.T) {
	t.Parallel()
	var b breaker
	b.trip(100, 0)
	b.answered(200, true)
	for range 2 * failuresToOpen {
		if b.silent(300, 150, false, 0) {
			t.Fatal("calls from before it closed opened it")
		}
	}
}
