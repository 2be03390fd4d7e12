package write

import (
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/blackout"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// How long an operation rests when nothing says how long. A connection that takes no writes is left out of the backlog, however soon its operations are due.
const (
	restAfterTrouble = 30 * time.Second
	restUntilBack    = 5 * time.Second
	restAfterFault   = 15 * time.Minute // of what somebody must mend first
	restAfterNothing = time.Second      // of a look at all items that moved none
)

// pause is why an operation is not worked on now, and until when; until zero: as long as its connection rests.
type pause struct {
	until  time.Time
	code   problem.Reason
	detail string
}

// resting says why nothing goes out to a connection's system in the background now; nil: it does.
func (w *Worker) resting(c *store.Connection) *pause {
	switch c.State {
	case store.ConnectionPaused:
		return &pause{code: problem.ReasonPaused, detail: "The connection is paused. The writes go on when it is resumed."}
	case store.ConnectionNeedsReauth:
		return &pause{code: problem.ReasonCredentialsRefused, detail: "The system refuses the stored login. The writes go on when it is renewed."}
	case store.ConnectionUnreachable:
		return &pause{code: problem.ReasonSystemUnreachable, detail: "The system does not answer. The writes go on when it is back."}
	case store.ConnectionDisconnected, store.ConnectionPending:
		return &pause{code: problem.ConnectionDisconnected, detail: "The connection is disconnected."}
	}
	if end, inside := blackout.Stored(c.Blackouts, c.TimeZone).Until(w.Now()); inside {
		return &pause{until: end, code: problem.ReasonBlackout,
			detail: fmt.Sprintf("The connection's blackouts leave the system alone until %s. The writes go on then.", end.UTC().Format("2006-01-02 15:04 UTC"))}
	}
	return nil
}

// pauseFor gives how an operation rests after an error; nil: it is none that a rest helps against.
func (w *Worker) pauseFor(err error) *pause {
	var h *halt
	var p *problem.Error
	switch {
	case errors.As(err, &h):
		return w.afterHalt(h)
	case errors.As(err, &p):
		return w.afterProblem(p)
	case errors.Is(err, store.ErrBusy):
		return &pause{until: w.Now().Add(busyAgain)}
	case errors.Is(err, store.ErrFull):
		return &pause{until: w.Now().Add(restAfterTrouble), code: problem.ReasonStorageFull, detail: "The disk is full. Free some space; the writes go on by themselves."}
	}
	return nil
}

func (w *Worker) afterHalt(h *halt) *pause {
	p := &pause{until: h.until, code: h.code, detail: h.detail}
	wait := restAfterTrouble
	if effect := driver.EffectOf(h.code); effect == driver.Unanswered || effect == driver.LoginRefused {
		wait = restUntilBack
	}
	if soonest := w.Now().Add(time.Second); p.until.IsZero() {
		p.until = w.Now().Add(wait)
	} else if p.until.Before(soonest) {
		p.until = soonest
	}
	return p
}

// afterProblem is about a connection or a connector that cannot be written to.
func (w *Worker) afterProblem(e *problem.Error) *pause {
	p := &pause{until: w.Now().Add(restUntilBack), code: problem.ReasonInternal, detail: e.Detail}
	switch e.Code {
	case problem.ConnectionPaused:
		p.code = problem.ReasonPaused
	case problem.ConnectionNeedsReauthorization:
		p.code = problem.ReasonCredentialsRefused
	case problem.SystemUnreachable:
		p.code = problem.ReasonSystemUnreachable
	case problem.NotSupportedBySystem, problem.EntityNotEnabled:
		p.code, p.until = problem.ReasonEntityNotEnabled, w.Now().Add(restAfterFault)
	}
	return p
}
