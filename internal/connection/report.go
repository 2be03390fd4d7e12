package connection

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Report tells how a call to the system went; nil: it went well. It moves the state and gives the one the connection has now. What a
// client with other than the stored credentials met, changes nothing.
func (s *Service) Report(ctx context.Context, c *store.Connection, err error) (store.ConnectionState, error) {
	on, why := s.judge(c, err)
	if on == "" {
		return c.State, nil
	}
	return s.happened(ctx, c, on, why)
}

// happened applies what was met with the credentials of c, unless it is old: they were renewed, or the system was down then and is back.
func (s *Service) happened(ctx context.Context, c *store.Connection, on event, why reason) (store.ConnectionState, error) {
	counts := func(now *store.Connection) bool {
		return bytes.Equal(now.Credentials, c.Credentials) && (c.State != store.ConnectionUnreachable || now.State == c.State)
	}
	now, err := s.fresh(ctx, c)
	if err != nil {
		return c.State, err
	}
	if _, moves := next(now.State, on); !moves || !counts(now) {
		return now.State, nil
	}
	if err := s.moveIf(ctx, now, counts, on, why); err != nil {
		return c.State, err
	}
	return now.State, nil
}

// Settled tells that a run ended, or an entity was paused or resumed: the first sync may be over, an entity may fail or work again.
func (s *Service) Settled(ctx context.Context, c *store.Connection) error {
	now, err := s.fresh(ctx, c)
	if err != nil {
		return err
	}
	if _, moves := next(now.State, settled); !moves {
		return nil
	}
	return s.move(ctx, now, settled, reason{})
}

// judge tells what an outcome means for the connection; "" when nothing (being told to wait, our own faults).
func (s *Service) judge(c *store.Connection, err error) (event, reason) {
	if err == nil {
		return worked, reason{}
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return "", reason{}
	}
	verdict := e.Kind.Verdict()
	on := map[driver.Effect]event{driver.Impaired: faulted, driver.Unanswered: unanswered, driver.LoginRefused: refused}[verdict.Effect]
	if on == "" {
		return "", reason{}
	}
	if e.Lost {
		verdict.Reason = problem.ReasonLoginLost
	}
	return on, reason{verdict.Reason, healthDetail(s.systemName(c.System), e)}
}

// healthDetail is the sentence for a person who looks at the connection.
func healthDetail(name string, e *driver.Error) string {
	if e.Untrusted {
		return fmt.Sprintf("%s answers, but no safe line to it comes about. %s", name, e.Detail)
	}
	switch e.Kind {
	case driver.Credentials:
		if e.Lost {
			return "The answer in which " + name + " renewed the login was lost, and it does not take the old login any more. Let the customer log in anew and renew the credentials of this connection."
		}
		return name + " refuses the stored login. Renew the credentials of this connection."
	case driver.Unreachable:
		return name + " does not answer. Busbar tries again by itself."
	case driver.NotSystem:
		return fmt.Sprintf("Something else answers at the address of %s, perhaps a maintenance page. Busbar tries again by itself.", name)
	default:
		return fmt.Sprintf("%s: %s", name, e.Detail)
	}
}

func (s *Service) systemName(system string) string {
	if sys := s.Systems.System(system); sys != nil {
		return sys.Name
	}
	return system
}
