package budget

import (
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Look is a connection's budget as people see it, over all replicas.
type Look struct {
	Limits      Limits         `json:"limits" doc:"What the system grants this connection."`
	InUse       int            `json:"in_use" doc:"Calls under way now."`
	AtOnce      int            `json:"at_once" doc:"Calls that may be under way at once now; fewer than limits.concurrency after the system refused for load."`
	Share       float64        `json:"share" doc:"Share of the granted rates that is used now: it halves when the system refuses for load, and grows back slowly."`
	Waiting     map[string]int `json:"waiting" doc:"Calls that wait for their turn, by priority, the most urgent first: interactive_write, interactive_read, check, flow, incremental, backfill. A priority that nobody waits with is left out."`
	PausedUntil *time.Time     `json:"paused_until,omitempty" doc:"The system asked for no call before."`
	Breaker     Breaker        `json:"breaker" doc:"Keeps calls from a system that does not answer."`
}

// Limits are what a system grants one connection; 0 means no such limit.
type Limits struct {
	Concurrency int     `json:"concurrency" doc:"Calls at once."`
	PerSecond   float64 `json:"per_second" doc:"Calls a second; 0: no such limit."`
	PerMinute   float64 `json:"per_minute" doc:"Calls a minute; 0: no such limit."`
	PerDay      float64 `json:"per_day" doc:"Calls a day; 0: no such limit."`
}

// Breaker is the state of the breaker.
type Breaker struct {
	State       string     `json:"state" enum:"closed,open,half_open" doc:"closed: calls go through. open: none do. half_open: one call tries whether the system answers again."`
	Failures    int        `json:"failures" doc:"Calls in a row that got no answer, while closed; five open the breaker."`
	Since       *time.Time `json:"since,omitempty" doc:"When it was opened, or closed again."`
	NextProbeAt *time.Time `json:"next_probe_at,omitempty" doc:"When the next call may try."`
}

// look describes the state at an instant.
func (s *State) look(l manifest.Limits, now time.Time) Look {
	s.advance(now.UnixMicro())
	full := termsOf(l).width
	out := Look{
		Limits: Limits{full, l.PerSecond, l.PerMinute, l.PerDay},
		InUse:  s.used(), AtOnce: s.width(full), Share: float64(16-s.Share) / 16,
		Waiting: map[string]int{}, Breaker: s.Breaker.look(s.At),
	}
	if s.Pause > s.At {
		out.PausedUntil = instantOf(s.Pause)
	}
	for p, name := range names() {
		for i := range s.Holders {
			if n := s.Holders[i].Waiting[p]; n > 0 {
				out.Waiting[name] += n
			}
		}
	}
	return out
}

func (b *breaker) look(now int64) Breaker {
	out := Breaker{State: "closed", Failures: b.Failures, Since: instantOf(b.Since)}
	switch {
	case b.closed():
		return out
	case b.Until > now:
		out.State, out.NextProbeAt = "open", instantOf(b.Until)
	default:
		out.State = "half_open"
	}
	return out
}

func instantOf(at int64) *time.Time {
	if at == 0 {
		return nil
	}
	t := time.UnixMicro(at).UTC()
	return &t
}
